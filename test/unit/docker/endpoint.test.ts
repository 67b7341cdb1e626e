// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHost, resolveEndpoint } from '../../../harness/docker/endpoint.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'dmrace-home-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const tls = { ca: Buffer.from('x') };

describe('an address', () => {
  it.each([
    ['unix:///run/d.sock', null, 'unix:///run/d.sock'],
    ['unix://', null, 'unix:///var/run/docker.sock'],
    ['tcp://build:1234', null, 'tcp://build:1234'],
    ['build:1234', null, 'tcp://build:1234'],
    ['tcp://build', null, 'tcp://build:2375'],
    ['tcp://build', tls, 'tcp://build:2376'],
  ])('%s', (host, pems, shown) => {
    expect(parseHost(host, pems).shown).toBe(shown);
  });
  it('by ssh is refused with the way to do it', () => {
    expect(() => parseHost('ssh://me@build', null)).toThrow(/ssh is not supported[\s\S]*ssh -NL/);
  });
  it.each(['http://x', 'tcp://', 'npipe:////./pipe/docker_engine'])('%s is none', (host) => {
    expect(() => parseHost(host, null)).toThrow(/is not the address/);
  });
});

describe('the engine that is meant', () => {
  const context = (name: string, meta: unknown): void => {
    const id = createHash('sha256').update(name).digest('hex');
    const folder = path.join(home, '.docker/contexts/meta', id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'meta.json'), JSON.stringify(meta));
  };
  const remote = { Name: 'ci', Metadata: {}, Endpoints: { docker: { Host: 'tcp://ci:99' } } };
  const shown = async (env: Record<string, string>): Promise<string> =>
    (await resolveEndpoint(env, home)).shown;

  it('is DOCKER_HOST, then DOCKER_CONTEXT, then the current context, then a socket', async () => {
    context('ci', remote);
    context('other', { Name: 'other', Endpoints: { docker: { Host: 'unix:///other.sock' } } });
    writeFileSync(path.join(home, '.docker/config.json'), '{"currentContext": "other"}');
    const all = { DOCKER_HOST: 'unix:///h.sock', DOCKER_CONTEXT: 'ci' };
    expect(await shown(all)).toBe('unix:///h.sock');
    expect(await shown({ DOCKER_CONTEXT: 'ci' })).toBe('tcp://ci:99');
    expect(await shown({})).toBe('unix:///other.sock');
    expect(await shown({ DOCKER_CONTEXT: 'default' })).toMatch(/docker\.sock$/);
  });
  it('may have its configuration elsewhere', async () => {
    context('ci', remote);
    const env = { DOCKER_CONFIG: path.join(home, '.docker'), DOCKER_CONTEXT: 'ci' };
    expect((await resolveEndpoint(env, '/nowhere')).shown).toBe('tcp://ci:99');
  });
  it('has the keys of its context', async () => {
    context('ci', remote);
    const id = createHash('sha256').update('ci').digest('hex');
    const folder = path.join(home, '.docker/contexts/tls', id, 'docker');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'ca.pem'), 'the ca');
    expect(await resolveEndpoint({ DOCKER_CONTEXT: 'ci' }, home)).toMatchObject({
      tls: { ca: Buffer.from('the ca') },
    });
  });
  it('that a missing or odd context names is an error', async () => {
    await expect(shown({ DOCKER_CONTEXT: 'gone' })).rejects.toThrow(/no Docker context "gone"/);
    context('odd', { Name: 'odd', Endpoints: { docker: {} } });
    await expect(shown({ DOCKER_CONTEXT: 'odd' })).rejects.toThrow(/names no engine/);
    context('lax', {
      Name: 'lax',
      Endpoints: { docker: { Host: 'tcp://x', SkipTLSVerify: true } },
    });
    await expect(shown({ DOCKER_CONTEXT: 'lax' })).rejects.toThrow(/certificate unchecked/);
  });
});
