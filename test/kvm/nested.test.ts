// SPDX-License-Identifier: MIT
// dmrace where KVM works: in L1, a guest under TCG with AMD's SVM. Its guests (L2) run on KVM.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { EPYC, L1, OTHER, type Outcome } from '../support/kvm/l1.js';

const kvm = inject('kvm');

/** Two cores carry L1 and L2, and whatever else the machine does. */
const PATIENCE = 3;
const SET_UP = `export DMRACE_PATIENCE=${PATIENCE} DMRACE_CACHE_DIR=/data/cache PATH=$PATH:/data/dmrace/node_modules/.bin; cd /data`;

let l1: L1;
const said: string[] = [];

/** A command of L1's shell; what it took is told at the end. */
async function sh(command: string): Promise<Outcome> {
  const outcome = await l1.run(`${SET_UP}; ${command}`);
  said.push(`${command.slice(0, 70)}: exit code ${outcome.code} after ${outcome.seconds} s`);
  return outcome;
}

/**
 * An L2 may reset once while it boots, under this QEMU's SVM: a command in which that was seen is
 * run once more, and that is told. A trial that is lost is not such a case.
 */
const RESET =
  /\/dev\/kvm opens, but QEMU ended after|cannot be used: .*machine-ended|^MISSED.*QEMU ended/m;

let resets = 0;

async function booting(command: string): Promise<Outcome> {
  const first = await sh(command);
  if (!RESET.test(first.stderr)) return first;
  resets++;
  said.push(`an L2 reset while it booted, so once more: ${command}`);
  await sh('rm -rf /data/cache/accel /data/out');
  return sh(command);
}

/** Ended where it would go on under TCG: emulation in emulation takes many minutes. */
const notUnderTcg = (command: string): string =>
  `${command} 2>/tmp/said & p=$!; while kill -0 $p 2>/dev/null; do` +
  ' ! grep -q "^under tcg" /tmp/said || kill -INT $p; sleep 1; done;' +
  ' wait $p; code=$?; cat /tmp/said >&2; exit $code';

const Run = z.looseObject({
  verdict: z.string(),
  placements: z.record(
    z.string(),
    z.looseObject({ trials: z.number(), crashed: z.number(), lost: z.number() }),
  ),
  timing: z.record(z.string(), z.number()),
});
const Note = z.looseObject({
  accel: z.string(),
  patience: z.number(),
  remade: z.record(z.string(), z.string()).optional(),
  codes: z.record(z.string(), z.looseObject({ instructions: z.array(z.string()) })),
});

async function note(folder: string) {
  return Note.parse(JSON.parse((await l1.run(`cat ${folder}/run.json`)).stdout));
}

beforeAll(async () => {
  if (kvm.disks !== null) l1 = await L1.start(kvm.disks, EPYC, kvm.deadline);
});
afterAll(async () => {
  await l1?.[Symbol.asyncDispose]();
  said.push(`L2s that reset while they booted: ${resets}`);
  for (const line of said) process.stderr.write(`${line}\n`);
});

describe.skipIf(kvm.skip !== null)('dmrace under KVM, nested', () => {
  it('L1 has a /dev/kvm under which a trivial L2 runs its kernel to the end', async () => {
    // A kernel without a root panics, and says so: it has run all of its own start.
    const boot =
      'timeout 300 qemu-system-x86_64 -nodefaults -display none -no-reboot -accel kvm -cpu host -m 192M' +
      ' -kernel /boot/vmlinuz-$(uname -r) -append "console=ttyS0 panic=-1" -serial stdio';
    const reached = async (): Promise<boolean> =>
      (await sh(boot)).stdout.includes('Unable to mount root fs');
    expect((await sh('ls /dev/kvm')).code).toBe(0);
    // An L2 may reset once while it boots (QEMU 7.2's SVM): once more, and it is told.
    const first = await reached();
    const retried = !first;
    if (retried) resets++;
    expect(first || (await reached())).toBe(true);
  });

  it('auto tries KVM, waits while the console moves, and the self-test runs under it', async () => {
    const { code, stderr } = await booting(notUnderTcg('dmrace doctor --self-test'));
    expect(stderr).toContain('trying KVM by booting the kernel under it');
    expect(stderr).toMatch(/^under kvm$/m);
    expect(stderr).toContain('self-test: all caught');
    expect(code).toBe(0);
  });

  it('the race is closed; that KVM works is remembered, and the line says so', async () => {
    const { code, stdout, stderr } = await booting(
      'dmrace run --format json --out /data/out && cp -a /data/out /data/run',
    );
    expect(stderr).toMatch(/kvm: remembered from .*; remove \/data\/cache\/accel\/\w+\.json/);
    const run = Run.parse(JSON.parse(stdout));
    said.push(`run: ${JSON.stringify(run.timing)}`);
    expect(run).toMatchObject({
      verdict: 'closed',
      placements: { builtin: { crashed: 0 }, 'in-module': { crashed: 5 } },
    });
    expect(code).toBe(0);
    expect(await note('/data/run')).toMatchObject({ accel: 'kvm', patience: PATIENCE });
  });

  it('names the thunk by which the control returns', async () => {
    const { instructions } = (await note('/data/run')).codes['in-module'] ?? { instructions: [] };
    // The processor EPYC needs a thunk of its own (srso), and the kernel has patched it in.
    expect(instructions.at(-1)).toMatch(/jmp \w+ <\w+_return_thunk>$/);
  });

  it('the doctor tells what a boot said', async () => {
    const { stderr } = await sh('dmrace doctor');
    expect(stderr).toMatch(/accelerator: kvm; .* a guest lived under it/);
  });

  it('no page fault is left to the guest when the saved memory is cold', async () => {
    // Vector 0xf3 tells a guest that a page is there (Linux 6.1, arch/x86/kernel/kvm.c).
    const events = '/sys/kernel/tracing/events/kvm';
    await sh(
      `echo 1 >${events}/kvm_inj_virq/enable; echo 1 >${events}/kvm_async_pf_not_present/enable`,
    );
    await sh('sync; echo 3 >/proc/sys/vm/drop_caches; : >/sys/kernel/tracing/trace');
    await sh('dmrace run --accel kvm --placement builtin --trials 1 --quiet --out /data/cold');
    const count = async (line: string): Promise<number> =>
      Number((await sh(`grep -c '${line}' /sys/kernel/tracing/trace`)).stdout);
    const pages = await count('kvm_async_pf_not_present:');
    said.push(`cold: ${pages} pages were read in`);
    expect(await count('kvm_inj_virq: IRQ 0xf3')).toBe(0);
    // The state was cold and the guest got its interrupts: else this test could not fail.
    expect(pages).toBeGreaterThan(0);
    expect(await count('kvm_inj_virq: ')).toBeGreaterThan(0);
    await sh(`echo 0 >${events}/enable`);
  });

  it('disk-release is open', async () => {
    const { code, stdout } = await booting(
      'rm -rf /data/out; dmrace run --scenario disk-release --format json --out /data/out',
    );
    expect(Run.parse(JSON.parse(stdout)).verdict).toBe('open');
    expect(code).toBe(1);
  });

  it('a sweep finds every point', async () => {
    const { stdout } = await sh('dmrace sweep --format json --out /data/sweep');
    const { points, reasons, verdict } = z
      .looseObject({
        points: z.array(z.looseObject({ outcome: z.string(), trial: z.string() })),
        reasons: z.array(z.string()),
        verdict: z.string(),
      })
      .parse(JSON.parse(stdout));
    said.push(`sweep: ${reasons.join('; ')}; ${points.map(({ outcome }) => outcome).join(' ')}`);
    const lost = points.filter(({ outcome }) => outcome === 'lost');
    for (const { trial } of lost) {
      const left = await sh(
        `cd sweep/${trial}; grep -o '"reasons":.*' result.json; tail -n 8 console.log; tail -n 3 records.jsonl`,
      );
      said.push(`${trial}: ${left.stdout}`);
    }
    expect(points.length).toBeGreaterThan(8);
    expect(lost).toEqual([]);
    expect([verdict, reasons]).toEqual(['closed', expect.anything()]);
  });

  it('without permission --accel kvm is 128 and names the group; auto emulates', async () => {
    const asUser =
      'setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/tmp DMRACE_CACHE_DIR=/tmp/c';
    const { code, stderr } = await sh(`${asUser} dmrace run --accel kvm --out /tmp/refused`);
    expect(stderr).toMatch(/EACCES/);
    expect(stderr).toMatch(/usermod -aG kvm/);
    expect(code).toBe(128);
    const doctor = await sh(`${asUser} dmrace doctor`);
    expect(doctor.stderr).toMatch(/accelerator: tcg, QEMU emulates; .*EACCES/);
    expect(doctor.stderr).toMatch(/usermod -aG kvm/);
  });

  it('on another processor another state is made; one of the first is made again, once', async () => {
    const states = async (): Promise<string[]> =>
      (await sh('ls -1 /data/cache/ready')).stdout.trim().split('\n');
    const before = await states();
    await l1.shutDown();
    if (kvm.disks === null) throw new Error('there is a reason to skip');
    l1 = await L1.start(kvm.disks, OTHER, kvm.deadline);
    const run = (out: string) =>
      booting(
        `rm -rf /data/out; dmrace run --accel kvm --placement builtin --trials 2 --jobs 1 --format json --out /data/out; cp -a /data/out ${out}`,
      );
    const own = Run.parse(JSON.parse((await run('/data/other')).stdout));
    expect(own.placements.builtin).toMatchObject({ trials: 2, lost: 0 });
    const made = (await states()).filter((name) => !before.includes(name));
    expect(made).toHaveLength(1);
    expect(await note('/data/other')).not.toHaveProperty('remade');
    // As a cache that mixed machines share had it before the key knew the processor: the state of
    // one in the other's place, from before sums were kept. The first one's runs on the second, which has
    // every feature of it; the second one's goes back to the first.
    const first = (
      await sh("sed -n 's/.*ready.\\([0-9a-f]\\{32\\}\\).*/\\1/p' /data/run/builtin-0/qemu.argv")
    ).stdout.trim();
    const place = `/data/cache/ready/${first}`;
    await sh(`rm -r ${place} /data/cache/sums/ready/${first}.json`);
    await sh(`cp -a /data/cache/ready/${made[0]} ${place}`);
    await l1.shutDown();
    l1 = await L1.start(kvm.disks, EPYC, kvm.deadline);
    const mixed = await run('/data/mixed');
    said.push(`mixed: ${mixed.stderr.trim().split('\n').slice(-12).join('\n  ')}`);
    const lost = 'grep -h \'"reasons"\' -A4 /data/mixed/*/result.json';
    said.push(`why: ${(await sh(lost)).stdout}`);
    expect(mixed.stderr).toMatch(/before it acknowledged its trial.*booting and saving again/);
    expect(Run.parse(JSON.parse(mixed.stdout)).placements.builtin).toMatchObject({
      trials: 2,
      lost: 0,
    });
    expect((await note('/data/mixed')).remade).toHaveProperty('builtin');
  });
});
