// SPDX-License-Identifier: MIT
// `npm start` in a fresh root of a Debian: as root, which installs what is missing, and as an ordinary
// user whose PATH has no sbin, who is told what to ask for, and then has it.
import { describe, expect, it } from 'vitest';
import { bringNode, checkout, freshRoot, installNode, type Root } from '../support/hosts/root.js';

const USER = 1000;

/** Runs a command in a folder of the root as that user. */
const asUser = (root: Root, folder: string, ...argv: string[]): ReturnType<Root['run']> =>
  root.run([
    ...['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'],
    ...['env', 'HOME=/home/user', 'PATH=/usr/local/bin:/usr/bin:/bin', 'NO_COLOR=1'],
    ...['sh', '-c', 'cd "$0" && exec "$@"', folder, ...argv],
  ]);

const must = async (ran: ReturnType<Root['run']>): Promise<void> => {
  const { exitCode, all } = await ran;
  expect(exitCode, all).toBe(0);
};

describe('npm start, in a fresh root of', () => {
  it.each([
    ['Debian 12', 'bookworm', bringNode],
    // Its own Node is the floor of what dmrace runs on.
    ['Debian 13', 'trixie', installNode],
  ] as const)('%s', async (_, suite, node) => {
    await using root = await freshRoot(suite);
    await node(root);
    await must(root.run(['useradd', '--uid', String(USER), '--create-home', 'user']));
    await checkout(root, 'home/user/dmrace');
    await must(root.run(['chown', '-R', `${USER}:${USER}`, '/home/user/dmrace']));
    await checkout(root, 'root/dmrace');

    // A user who may install nothing: everything at once, and what root is to do.
    const lacking = await asUser(root, '/home/user/dmrace', 'npm', 'start');
    expect(lacking.exitCode, lacking.all).toBe(128);
    expect(lacking.all).toMatch(/^missing: qemu-system-x86_64 \(package qemu-system-x86\)/m);
    const asked = /^mend as root: (apt-get install .+)$/m.exec(lacking.all)?.[1] ?? '';
    expect(asked, lacking.all).toMatch(/ gcc .*make/);

    const started = performance.now();
    const own = await root.run(['sh', '-c', 'cd /root/dmrace && exec npm start']);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stderr.write(`npm start from nothing on ${suite}: ${seconds} s\n${own.all}\n`);
    expect(own.exitCode, own.all).toBe(0);
    expect(own.all).toMatch(/^closed: /m);

    const given = await asUser(root, '/home/user/dmrace', 'npm', 'start', '--', '--trials', '1');
    expect(given.exitCode, given.all).toBe(0);
    expect(given.all).toMatch(/^closed: /m);
    expect(given.all).not.toMatch(/^missing: /m);
  });
});
