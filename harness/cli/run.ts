// SPDX-License-Identifier: GPL-2.0-only
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { buildInitramfs } from '../initramfs/build.js';
import { layoutOf } from '../judge/layout.js';
import { summarise } from '../judge/summary.js';
import type { PlacementCode } from '../judge/tail-call.js';
import { prepareKernel, unsupported } from '../kernel/prepare.js';
import { ARCHES, parseKernelSpec } from '../model/kernel.js';
import { PLACEMENTS, type Placement } from '../model/placement.js';
import type { TrialResult } from '../model/trial.js';
import type { Question, RunResult } from '../model/verdict.js';
import type { MachineSpec, PreparedKernel } from '../ports.js';
import { type AccelChoice, chooseAccel } from '../qemu/accel.js';
import { disassembleBooted, objectSymbol } from '../qemu/code.js';
import { GUEST_MEMORY_MIB, pasteable } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { SCENARIOS, scenarioNamed } from '../scenario/index.js';
import { runCampaign } from '../trial/campaign.js';
import { type ReadyState, readyStateIn, resume, saveReadyState } from '../trial/ready-state.js';
import { Code, RunDirectory, type RunNote } from '../trial/run-directory.js';
import type { Restored, WhenReady } from '../trial/trial.js';
import { type Cache, contentKey, openCache } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { version } from '../util/version.js';
import { requireTools } from './doctor.js';
import { guestArch } from './guest-arch.js';
import { type RunOptions, runOptions } from './options.js';
import { FORMATS, printResult } from './output.js';
import { runStages } from './progress.js';

/** What one QEMU takes on the host, its guest's memory included. */
const MACHINE_BYTES = (GUEST_MEMORY_MIB + 128) * 1024 * 1024;

/** `dmrace run`: the main job. */
export function runCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  const option = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).env(`DMRACE_${name}`);
  return new Command('run')
    .description('run the race on a kernel and give a verdict with evidence')
    .addOption(
      option(
        '--kernel <spec>',
        'debian, debian:VERSION or debian:SUITE (default: debian)',
        'KERNEL',
      ),
    )
    .addOption(
      option(
        '--arch <name>',
        `guest architecture: ${ARCHES.join(', ')} (default: this machine's)`,
        'ARCH',
      ),
    )
    .addOption(
      option(
        '--scenario <name>',
        `${SCENARIOS.map((s) => s.name).join(', ')} (default: release)`,
        'SCENARIO',
      ),
    )
    .addOption(
      option(
        '--placement <where>',
        `${PLACEMENTS.join(', ')} or both (default: the scenario's)`,
        'PLACEMENT',
      ),
    )
    .addOption(option('--trials <n>', 'trials of each placement (default: 5)', 'TRIALS'))
    .addOption(
      option(
        '--seed <n>',
        'seed of the first trial; it moves the race against the timer tick (default: 1)',
        'SEED',
      ),
    )
    .addOption(option('--jobs <n>', 'VMs side by side, or auto (default: auto)', 'JOBS'))
    .addOption(option('--accel <how>', 'auto, kvm or tcg (default: auto)', 'ACCEL'))
    .addOption(option('--out <dir>', 'folder for the artefacts (default: dmrace-runs/TIME)', 'OUT'))
    .addOption(option('--format <how>', `${FORMATS.join(', ')} (default: pretty)`, 'FORMAT'))
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText(
      'after',
      `
Exit codes: 0 closed; 1 open, or a crash of another cause; 125 inconclusive, or the kernel does not
build or boot; 128 the environment failed; 129 wrong usage; 130 interrupted.

Examples:
  dmrace run                                   this suite's stock cloud kernel, both placements
  dmrace run --kernel debian:6.12 --trials 20
  dmrace run --scenario disk-release           the second bug; open on kernels since 5.18
  dmrace run --format json --out /tmp/r1 | jq .verdict`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await run(await runOptions(command), signal));
    });
}

/** How many VMs at once: as many as cores, fewer when memory would not do. */
function jobsOf(wanted: number | 'auto', total: number, report: (line: string) => void): number {
  const byMemory = Math.max(1, Math.floor((freemem() * 0.8) / MACHINE_BYTES));
  const asked = Math.min(wanted === 'auto' ? availableParallelism() : wanted, total);
  if (asked <= byMemory) return asked;
  report(
    `jobs lowered from ${asked} to ${byMemory}: ${Math.floor(freemem() / 1048576)} MiB of memory are free`,
  );
  return byMemory;
}

/** What the stages of a run hand to each other. */
interface Prepared {
  kernel: PreparedKernel;
  initramfs: Map<Placement, string>;
  accel: AccelChoice;
  /** Guests saved when they were ready; empty where trials boot. */
  states: Map<Placement, ReadyState>;
}

async function run(options: RunOptions, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const scenario = scenarioNamed(options.scenario);
  const wanted = parseKernelSpec(options.kernel); // a wrong word is said before anything is fetched
  if (wanted.from !== 'debian') throw unsupported(options.kernel);
  const arch = guestArch(options.arch);
  const placements: readonly Placement[] =
    options.placement === undefined
      ? scenario.placements
      : options.placement === 'both'
        ? PLACEMENTS
        : [options.placement];
  await requireTools(arch);
  const cache = await openCache();
  const directory = await RunDirectory.create(
    path.resolve(
      options.out ?? path.join('dmrace-runs', new Date().toISOString().replaceAll(/[:.]/g, '-')),
    ),
  );
  const question: Question = {
    scenario: scenario.name,
    targetCause: scenario.targetCause,
    control: scenario.control,
    trials: options.trials,
    placements,
  };
  const made: Partial<Prepared> = {};
  const timing: Record<string, number> = {};
  const codes: Partial<Record<Placement, PlacementCode>> = {};
  let trials: TrialResult[] = [];

  const specOf = (placement: Placement): MachineSpec => {
    const { kernel, initramfs, accel } = complete(made);
    return {
      arch: kernel.arch,
      accel: accel.accel,
      image: kernel.image,
      initramfs: initramfs.get(placement) ?? '',
      parameters: [kernel.preemptParameter].filter(Boolean),
      memoryMiB: GUEST_MEMORY_MIB,
      restoreFrom: made.states?.get(placement)?.file ?? null,
      deterministic: false,
    };
  };
  const timed = async (name: string, work: () => Promise<void>): Promise<void> => {
    const before = performance.now();
    await work();
    timing[`${name}Ms`] = Math.round(performance.now() - before);
    signal.throwIfAborted();
  };

  await runStages(
    signal,
    [
      {
        title: `Kernel ${options.kernel}: image, modules, control, helper`,
        work: (report) =>
          timed('kernel', async () => {
            made.kernel = await prepareKernel(cache, options.kernel, arch, report);
            report(`${made.kernel.identity.release}, ${made.kernel.identity.preempt}`);
          }),
      },
      {
        title: 'Guest: initramfs of each placement',
        work: (report) =>
          timed('initramfs', async () => {
            made.initramfs = new Map();
            for (const placement of placements) {
              made.initramfs.set(
                placement,
                await buildInitramfs(cache, kernelOf(made), placement, report),
              );
            }
          }),
      },
      {
        title: 'Accelerator',
        work: (report) =>
          timed('accel', async () => {
            made.accel = { accel: options.accel === 'kvm' ? 'kvm' : 'tcg', why: '' };
            if (options.accel === 'auto') {
              const [first = 'builtin'] = placements;
              made.accel = await chooseAccel(qemuMachines, specOf(first), cache, report, signal);
            }
            report(
              made.accel.why === '' ? made.accel.accel : `${made.accel.accel}: ${made.accel.why}`,
            );
          }),
      },
      {
        title: 'Ready state: each placement booted once and saved',
        work: (report) =>
          timed('ready', async () => {
            made.states = await readyStates(
              cache,
              complete(made),
              placements,
              specOf,
              codes,
              report,
              signal,
            );
          }),
      },
      {
        title: `Trials: ${options.trials} of ${placements.join(' and ')}`,
        work: (report) =>
          timed('trials', async () => {
            const { kernel, accel } = complete(made);
            const note = (known: typeof codes): RunNote => ({
              schema: 1,
              dmrace: version(),
              startedAt: new Date(Date.now() - (performance.now() - started)).toISOString(),
              scenario: scenario.name,
              trials: options.trials,
              placements: [...placements],
              kernel: kernel.identity,
              accel: accel.accel,
              codes: Object.fromEntries(
                Object.entries(known).map(([placement, code]) => [
                  placement,
                  { ...code, instructions: [...code.instructions] },
                ]),
              ),
            });
            // Written before the first trial too: what an interrupt leaves can still be judged.
            await directory.writeNote(note({}));
            let done = 0;
            const total = options.trials * placements.length;
            trials = await runCampaign(
              {
                scenario,
                placements,
                trials: options.trials,
                seed: options.seed,
                jobs: jobsOf(options.jobs, total, report),
              },
              {
                machines: qemuMachines,
                spec: specOf,
                pasteable,
                directory,
                options: (plan) => {
                  const state = made.states?.get(plan.placement);
                  if (state) return { restored: restored(state) };
                  return plan.index === 0
                    ? { whenReady: readCode(plan.placement, kernel, codes) }
                    : {};
                },
                done: (result) => {
                  done++;
                  report(
                    `${done}/${total} ${result.placement} #${result.index}: ${result.outcome}${result.outcome === 'crashed' ? ` (${result.findings[0]?.cause})` : ''} in ${(result.durationMs / 1000).toFixed(1)} s`,
                  );
                },
                signal,
              },
            );
            await directory.writeNote(note(codes));
          }),
      },
    ],
    options.quiet,
  ).catch(async (error: unknown) => {
    await directory.removeIfEmpty();
    throw error;
  });

  timing.totalMs = Math.round(performance.now() - started);
  const result = summarise(question, complete(made).kernel.identity, trials, codes);
  await finish(result, options, directory, timing);
  return result.exitCode;
}

async function finish(
  result: RunResult,
  options: RunOptions,
  directory: RunDirectory,
  timing: Record<string, number>,
): Promise<void> {
  await directory.writeVerdict({
    schema: 1,
    verdict: result.verdict,
    reasons: result.reasons,
    exitCode: result.exitCode,
    timing,
  });
  printResult(result, options.format, directory.root, timing);
}

function kernelOf(made: Partial<Prepared>): PreparedKernel {
  if (!made.kernel) throw new Error('stages run in order');
  return made.kernel;
}

function complete(made: Partial<Prepared>): Prepared {
  if (!made.kernel || !made.initramfs || !made.accel) throw new Error('stages run in order');
  const { kernel, initramfs, accel, states = new Map() } = made;
  return { kernel, initramfs, accel, states };
}

/** Reads the booted release method of a placement, once. */
function readCode(
  placement: Placement,
  kernel: PreparedKernel,
  codes: Partial<Record<Placement, PlacementCode>>,
): WhenReady {
  return async (machine, session) => {
    const layout = layoutOf(session.records);
    const address =
      placement === 'in-module'
        ? layout.symbols.find((symbol) => symbol.name === 'dm_kobject_release')?.address
        : layout.vmlinux.get('dm_kobject_release');
    if (address === undefined) return;
    const names = new Map([...layout.vmlinux].map(([name, at]) => [at, name]));
    codes[placement] = {
      ...(await disassembleBooted(machine, kernel.arch, address, names)),
      objectSymbol: await objectSymbol(kernel.dmMod[placement], kernel.arch),
    };
  };
}

const restored = (state: ReadyState): Restored => ({
  readyRecords: state.readyRecords,
  resume: (machine, signal) => resume(machine, signal).then(() => null),
});

/**
 * The saved guest of each placement, from the cache where it is there. Where saving does not work,
 * the map lacks the placement, its trials boot, and one line says so.
 */
async function readyStates(
  cache: Cache,
  { kernel, initramfs, accel }: Prepared,
  placements: readonly Placement[],
  specOf: (placement: Placement) => MachineSpec,
  codes: Partial<Record<Placement, PlacementCode>>,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Map<Placement, ReadyState>> {
  const states = new Map<Placement, ReadyState>();
  const qemu = await runTool(kernel.arch.qemu.binary, ['--version']);
  const one = async (placement: Placement): Promise<void> => {
    const spec = { ...specOf(placement), restoreFrom: null };
    const key = contentKey([
      qemu,
      accel.accel,
      kernel.image,
      initramfs.get(placement) ?? '',
      JSON.stringify([spec.arch.qemu, spec.parameters, spec.memoryMiB]),
    ]);
    const make = (): Promise<string> =>
      cache.entry('ready', key, async (directory) => {
        const started = performance.now();
        const read: typeof codes = {};
        const whenReady = readCode(placement, kernel, read);
        await saveReadyState(qemuMachines, spec, directory, whenReady, signal);
        await writeFile(path.join(directory, 'code.json'), JSON.stringify(read[placement] ?? null));
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        report(`${placement}: booted and saved in ${seconds} s`);
      });
    let entry = await make();
    let state = await readyStateIn(entry);
    if (!state) {
      report(`${placement}: the saved state in ${entry} is damaged; booting and saving again`);
      await rm(entry, { recursive: true, force: true });
      entry = await make();
      state = await readyStateIn(entry);
    }
    const code = Code.nullable().parse(
      JSON.parse(await readFile(path.join(entry, 'code.json'), 'utf8')),
    );
    if (code) codes[placement] = code;
    if (state) states.set(placement, state);
  };
  await Promise.all(
    placements.map((placement) =>
      one(placement).catch((error: unknown) => {
        if (signal.aborted) throw error;
        const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
        report(
          `${placement}: trials boot their VMs, because the ready state cannot be used: ${why}`,
        );
      }),
    ),
  );
  return states;
}
