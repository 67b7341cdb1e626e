// SPDX-License-Identifier: MIT
import path from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { type CellOptions, Cells } from '../campaign/matrix-cells.js';
import { openWork } from '../campaign/set-up.js';
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { ARCHES, type ArchName } from '../model/kernel.js';
import { buildOptions } from '../model/kernel-profile.js';
import { type MatrixCell, matrixExitCode, parseMatrixKernel } from '../model/matrix.js';
import { MATRIX_FORMATS, type MatrixFormat, matrixLine, renderMatrix } from '../report/matrix.js';
import { guestArch } from '../rig/guest-arch.js';
import { scenarioNamed } from '../scenarios/index.js';
import { optionsBy, PATIENCE_FLAG, PATIENCE_TEXT, patchOption, RunOptions } from './options.js';
import { Progress } from './progress.js';
import { out, say } from './streams.js';

/** What the command line of `dmrace matrix` gives. */
interface MatrixOptions extends CellOptions {
  readonly kernel?: string[];
  readonly scenario?: string[];
  readonly arch?: ArchName;
  readonly out?: string;
  readonly format: MatrixFormat;
  readonly quiet?: boolean;
}

/** What of the configuration file counts here. */
const PATCH = z.object({ patch: RunOptions.shape.patch });

const several = (value: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];

/** `dmrace matrix`: the verdict of every kernel in every scenario. */
export function matrixCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  return new Command('matrix')
    .description('run scenarios on several kernels and tell the verdicts as a table')
    .addOption(
      new Option(
        '--kernel <spec>',
        'as for run; src:PATH@PROFILE,PROFILE names profiles; repeat it',
      )
        .argParser(several)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--scenario <name>', 'repeat it (default: release and disk-release)').argParser(
        several,
      ),
    )
    .addOption(patchOption())
    .addOption(new Option('--arch <name>', 'guest architecture').choices([...ARCHES]))
    .addOption(new Option('--trials <n>', 'trials of each placement').default('5'))
    .addOption(new Option('--seed <n>', 'seed of the first trial').default('1'))
    .addOption(new Option('--jobs <n>', 'VMs side by side, or auto').default('auto'))
    .addOption(
      new Option('--accel <how>', 'accelerator').choices(['auto', 'kvm', 'tcg']).default('auto'),
    )
    .addOption(new Option(PATIENCE_FLAG, PATIENCE_TEXT).env('DMRACE_PATIENCE'))
    .addOption(new Option('--known <file>', 'crashes that are known, as for run'))
    .addOption(
      new Option('--out <dir>', 'folder of the runs; cells that it has are not run again').default(
        'dmrace-runs/matrix',
      ),
    )
    .addOption(
      new Option('--format <how>', 'how to print').choices([...MATRIX_FORMATS]).default('pretty'),
    )
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText(
      'after',
      `
A cell is a kernel in a scenario. Finished cells are kept in --out and not run again, unless the
kernel, an option or dmrace itself has changed. A kernel that cannot be had or built is a failed
cell, one that a scenario cannot run on a skipped one; neither ends the matrix.

The exit code is the worst of the cells: 130, then 128, 129 (a kernel
that is none), 1, 125, 0. Skipped cells do not count.

Examples:
  dmrace matrix --kernel debian:6.1 --kernel debian:6.12
  dmrace matrix --kernel src:linux@base --kernel src:linux@base,kasan --scenario disk-release
  dmrace matrix --kernel debian --format markdown >table.md`,
    )
    .action(async (options: MatrixOptions, command: Command) => {
      // The runs of the cells read dmrace.config.json too: its series must be known here.
      const { patch } = (await optionsBy(PATCH, command)).options;
      exit(await matrix({ ...options, ...(patch ? { patch } : {}) }, signal));
    });
}

async function matrix(options: MatrixOptions, signal: AbortSignal): Promise<number> {
  const kernels = unique(options.kernel ?? []).map(parseMatrixKernel);
  const names = options.scenario ?? ['release', 'disk-release'];
  const scenarios = unique(names).map(scenarioNamed);
  // A wrong word is said before anything is fetched.
  for (const { spec, profile } of kernels) buildOptions(spec, profile ?? undefined, undefined);
  if (!/^[1-9]\d*$/.test(options.trials)) {
    throw new DmraceError('usage', {
      observed: `--trials ${options.trials}`,
      limit: 'a whole number from 1',
      action: 'see dmrace matrix --help',
    });
  }
  const work = await openWork(guestArch(options.arch), signal);
  const cells = new Cells(path.resolve(options.out ?? ''), work, options);
  const progress = new Progress(signal, options.quiet === true);
  const pairs = kernels.flatMap((kernel) => scenarios.map((scenario) => ({ kernel, scenario })));
  const done: MatrixCell[] = [];
  try {
    for (const { kernel, scenario } of pairs) {
      const stage = { title: `${kernel.given}: ${scenario.name}`, name: 'cell' };
      await progress.stage(stage, async (say) => {
        const cell = await cells.cell(kernel, scenario, say);
        done.push(cell);
        say(matrixLine(cell));
      });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    say(
      `dmrace: interrupted after ${done.length} of ${pairs.length} cells; the same command goes on from there\n`,
    );
    return INTERRUPTED;
  }
  out(renderMatrix(done, options.format, process.stdout.columns ?? null));
  return matrixExitCode(done);
}

const unique = (words: readonly string[]): string[] => [...new Set(words)];
