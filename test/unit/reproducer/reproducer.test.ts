// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { AuditFinding } from '../../../harness/audit/finding.js';
import { findingsOf } from '../../../harness/audit/findings.js';
import type { Observation } from '../../../harness/model/audit.js';
import { type Exercise, ExerciseFile } from '../../../harness/model/exercise.js';
import { findingReproducer } from '../../../harness/reproducer/audit.js';
import { dmReproducer } from '../../../harness/reproducer/dm.js';
import type { Reproducer } from '../../../harness/reproducer/plan.js';
import { reproducerOf } from '../../../harness/reproducer/write.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { assets } from '../../../harness/util/assets.js';
import { EVIDENCE, KERNEL, observed, proofOf, visitOf } from '../../support/audit.js';

const saved = async (name: string) =>
  (await readSavedRun(assets('test/fixtures/run-directories', name))).result;
const ofRun = async (name: string): Promise<Reproducer> =>
  reproducerOf(dmReproducer(await saved(name), '0.0.0'));
const textOf = (reproducer: Reproducer, name: string): string => reproducer.get(name)?.text ?? '';
/** Whether a shell can read a script, and what shellcheck would not have anyway. */
const parses = (script: string): void => void execFileSync('sh', ['-n'], { input: script });

const TUN: Exercise = {
  ...ExerciseFile.parse({
    module: 'tun',
    title: 'a tap device with a steering program',
    tools: ['ip', 'perl'],
    create: [
      "ip tuntap add mode tap name 'tap0'",
      'perl -MGuest -e "bpf 1"',
      'echo "$HOME" >/dev/null',
    ],
    destroy: 'ip link del tap0',
    needs: ['bridge'],
    config: ['TUN'],
  }),
  name: 'tun',
  family: 'net',
};
const SCRIPTS = new Map([
  ['Guest.pm', 'package Guest;\n1;\n'],
  ['letgo', '#!/bin/sh\nexec "$@"\n'],
]);
const exercises = new Map([['tun', TUN]]);
const ofFinding = (finding: AuditFinding): Reproducer =>
  reproducerOf(
    findingReproducer({ finding, kernel: KERNEL, exercises, scripts: SCRIPTS, dmrace: '0.0.0' }),
  );
const found = (id: string): AuditFinding => {
  const finding = findingsOf(EVIDENCE, KERNEL.release).find((one) => one.id === id);
  if (!finding) throw new Error(`no ${id}`);
  return finding;
};
const oneOf = (observation: Observation, exercise: string | null = null): AuditFinding => {
  const [finding] = findingsOf(
    { static: null, visits: [visitOf('mod', [observation], { exercise })], planted: [] },
    KERNEL.release,
  );
  if (!finding) throw new Error('no finding');
  return finding;
};

describe('a reproducer of an open run', () => {
  it('of disk-release has one small C program, and the report that is to be expected', async () => {
    const reproducer = await ofRun('disk-release');
    expect([...reproducer.keys()].sort()).toEqual([
      'Makefile',
      'README.md',
      'holder.c',
      'reproduce.sh',
    ]);
    const script = textOf(reproducer, 'reproduce.sh');
    parses(script);
    expect(script).toContain('insmod "$here/holder.ko" path=/sys/devices/virtual/block/dm-0');
    const order = ['dmsetup create', 'insmod', 'dmsetup remove', 'rmmod dm_mod', 'rmmod holder'];
    const at = order.map((step) => script.indexOf(step));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at).not.toContain(-1);
    expect(textOf(reproducer, 'README.md')).toMatch(/RIP: 0010:disk_release\+0xa4\/0x100/);
    expect(textOf(reproducer, 'README.md')).toContain('dm_blk_dops+0x58 [unloaded dm_mod]');
  });

  it('of delayed-release has nothing of ours in the kernel', async () => {
    const reproducer = await ofRun('delayed-planted');
    expect([...reproducer.keys()].sort()).toEqual(['README.md', 'reproduce.sh']);
    const script = textOf(reproducer, 'reproduce.sh');
    parses(script);
    expect(script).toContain("grep -q '^CONFIG_DEBUG_KOBJECT_RELEASE='");
    expect(script).not.toContain('insmod');
  });

  it.each([
    ['release', /scenario release has no reproducer in a shell/],
    ['cpus', /scenario release has no reproducer/],
  ])('is refused for the run %s, with the fact', async (name, why) => {
    await expect(ofRun(name)).rejects.toThrow(why);
    await expect(ofRun(name)).rejects.toMatchObject({ code: 'usage' });
  });

  it('is refused for a run that is not open', async () => {
    const open = await saved('disk-release');
    expect(() => dmReproducer({ ...open, verdict: 'inconclusive' }, '0')).toThrow(/inconclusive/);
  });
});

describe('a reproducer of a finding', () => {
  it('that crashed untainted has its exercise, and no C at all', () => {
    const reproducer = ofFinding(found('rcu-callback:tun:tun_prog_free'));
    expect([...reproducer.keys()].sort()).toEqual(['Guest.pm', 'README.md', 'reproduce.sh']);
    const script = textOf(reproducer, 'reproduce.sh');
    parses(script);
    expect(script).toContain('echo 1 >/sys/kernel/rcu_expedited');
    expect(script).toContain(
      "chrt -f 50 timeout 20 sh -c '(\nip link del tap0\n) && exec rmmod tun'",
    );
    expect(script).toContain('for tool in modprobe rmmod dmesg timeout chrt ip perl; do');
    expect(script).toContain('modprobe bridge');
    const readme = textOf(reproducer, 'README.md');
    expect(readme).toContain('Documentation/RCU/rcubarrier.rst');
    expect(readme).toContain('it crashed in 2 of 3 tries');
    expect(readme).toContain('iproute2, perl-base');
  });

  it('hands every command to the shell as it was written', () => {
    const script = textOf(ofFinding(found('rcu-callback:tun:tun_prog_free')), 'reproduce.sh');
    const commands = script.split('\n').filter((line) => line.startsWith('\trun '));
    const echoed = execFileSync('sh', {
      input: ['run() { printf "%s\\n" "$1"; }', ...commands].join('\n'),
      encoding: 'utf8',
    });
    expect(echoed.trim().split('\n')).toEqual(TUN.create);
  });

  it('that needs a holder has one where sysfs shows what is held', () => {
    const proof = proofOf('mod', 'mod_class');
    const held = observed('class-release', 'proven', { module: 'mod', symbol: 'mod_class', proof });
    const reproducer = ofFinding(oneOf({ ...held, what: '/sys/class/mod' }));
    expect(reproducer.has('holder.c')).toBe(true);
    expect(textOf(reproducer, 'reproduce.sh')).toContain('path=/sys/class/mod');
    const named = ofFinding(oneOf({ ...held, what: 'class/mod' }));
    expect(textOf(named, 'reproduce.sh')).toContain('path=/sys/class/mod');
    expect(() => ofFinding(oneOf({ ...held, what: 'mod; rm -rf /' }))).toThrow(
      /no folder of sysfs/,
    );
  });

  it('that is not proven is refused', () => {
    const pending = observed('work', 'pending', { module: 'mod', symbol: 'f' });
    expect(() => ofFinding(oneOf(pending))).toThrow(/it is pending: no crash proves it/);
  });

  it('whose exercise is gone is refused', () => {
    const proof = proofOf('mod', 'f', { tainted: false });
    const proven = observed('work', 'proven', { module: 'mod', symbol: 'f', proof });
    expect(() => ofFinding(oneOf(proven, 'gone'))).toThrow(/does not have its exercise, gone/);
  });

  it('lets nothing that a guest wrote become a command', () => {
    const evil = "f'; touch /tmp/evil; '\n$(touch /tmp/evil) `touch /tmp/evil`";
    const proof = { ...proofOf('mod', evil, { tainted: false }) };
    const proven = observed('work', 'proven', { module: 'mod', symbol: evil, what: evil, proof });
    const script = textOf(ofFinding(oneOf(proven)), 'reproduce.sh');
    parses(script);
    const acting = script.split('\n').filter((line) => /touch/.test(line) && !/^#/.test(line));
    expect(acting).toEqual([]);
  });
});
