// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import writeFileAtomic from 'write-file-atomic';
import { prepareKernel } from '../kernel/prepare.js';
import { DmraceError } from '../model/errors.js';
import { EXIT } from '../model/exit-codes.js';
import { buildOptions } from '../model/kernel-profile.js';
import { MatrixCell, type MatrixKernel } from '../model/matrix.js';
import type { Scenario } from '../model/scenario.js';
import type { RunResult } from '../model/verdict.js';
import type { PreparedKernel } from '../ports.js';
import { unfitFor } from '../rig/scenario-needs.js';
import { readSavedRun } from '../runs/saved-run.js';
import { version } from '../util/version.js';
import { type Say, telling, type Work } from '../util/work.js';

/** Options that every run of a matrix gets. */
export interface CellOptions {
  readonly trials: string;
  readonly seed: string;
  readonly jobs: string;
  readonly accel: string;
  readonly patience?: string;
  readonly known?: string;
  /** Files of --patch, on top of every kernel. */
  readonly patch?: readonly string[];
}

/**
 * The cells of a matrix, in a folder each: `cell.json` when it is done, and the run's own folder
 * `run`. It owns nothing but files below its root.
 */
export class Cells {
  readonly #kernels = new Map<string, Promise<PreparedKernel>>();

  constructor(
    readonly root: string,
    readonly work: Work,
    readonly options: CellOptions,
  ) {}

  /** The cell, from its folder when it is there. Only an interrupt is thrown. */
  async cell(kernel: MatrixKernel, scenario: Scenario, say: Say): Promise<MatrixCell> {
    const at = { kernel: kernel.given, scenario: scenario.name };
    try {
      const prepared = await this.#prepare(kernel, scenario, say);
      const { identity } = prepared;
      const unfit = unfitFor(scenario, prepared.config);
      if (unfit.length > 0) {
        return { state: 'skipped', ...at, identity, why: unfit.join('; ') };
      }
      const name = `${scenario.name}-${await this.#key(kernel, scenario, prepared)}`;
      const kept = await this.#kept(name);
      if (kept) {
        say('done before; not run again');
        return { ...kept, ...at };
      }
      return await this.#run(kernel, scenario, prepared, name);
    } catch (error) {
      this.work.signal.throwIfAborted();
      return { state: 'failed', ...at, ...explain(error) };
    }
  }

  #prepare(
    kernel: MatrixKernel,
    { suspect, control }: Scenario,
    say: Say,
  ): Promise<PreparedKernel> {
    const planted = control.kind === 'planted';
    const key = `${kernel.given} ${suspect.name} ${planted}`;
    const known = this.#kernels.get(key);
    if (known) return known;
    const { spec, profile } = kernel;
    const prepared = prepareKernel(telling(this.work, say), spec, {
      suspect: suspect.build,
      planted,
      build: buildOptions(spec, profile ?? undefined, undefined, {
        patches: this.options.patch,
      }),
    });
    this.#kernels.set(key, prepared);
    return prepared;
  }

  /** Names everything that the cell's answer depends on. */
  async #key(kernel: MatrixKernel, scenario: Scenario, prepared: PreparedKernel): Promise<string> {
    const { known, trials, seed, accel } = this.options;
    const modules = [...Object.values(prepared.objects), ...Object.values(prepared.planted ?? {})];
    const hash = createHash('sha256').update(
      JSON.stringify([version(), kernel, scenario.name, prepared.identity, trials, seed, accel]),
    );
    for (const file of [...modules, ...(known === undefined ? [] : [known])]) {
      hash.update(await readFile(file));
    }
    return hash.digest('hex').slice(0, 16);
  }

  async #kept(name: string): Promise<MatrixCell | null> {
    const text = await readFile(path.join(this.root, name, 'cell.json'), 'utf8').catch(() => '');
    try {
      return MatrixCell.parse(JSON.parse(text));
    } catch {
      return null; // not there, or written by another version: it is run again
    }
  }

  /** A run in a process of its own: whatever happens to it, the matrix goes on. */
  async #run(
    kernel: MatrixKernel,
    scenario: Scenario,
    prepared: PreparedKernel,
    name: string,
  ): Promise<MatrixCell> {
    const folder = path.join(this.root, name);
    const directory = path.join(folder, 'run');
    await rm(directory, { recursive: true, force: true }); // what an interrupt left
    await mkdir(folder, { recursive: true });
    const started = performance.now();
    const { stderr, exitCode } = await execa(
      process.execPath,
      [process.argv[1] ?? '', ...this.#arguments(kernel, scenario, directory)],
      {
        reject: false,
        cancelSignal: this.work.signal,
        stdout: 'ignore',
        forceKillAfterDelay: 10_000,
        env: { DMRACE_DOCKER: 'never' },
      },
    );
    this.work.signal.throwIfAborted();
    const at = { kernel: kernel.given, scenario: scenario.name };
    const result = isAnswer(exitCode) ? await resultIn(directory) : null;
    if (!result) {
      const why = /^dmrace: (.*)$/m.exec(stderr)?.[1] ?? `exit code ${exitCode} and no result`;
      return { state: 'failed', ...at, exitCode: exitCode ?? 128, why };
    }
    const findings = result.trials.flatMap((trial) => trial.findings.map((f) => f.title));
    const cell: MatrixCell = {
      state: 'done',
      ...at,
      identity: prepared.identity,
      verdict: result.verdict,
      exitCode: exitCode ?? 128,
      reasons: [...result.reasons],
      placements: counts(result),
      findings: [...new Set(findings)],
      durationMs: Math.round(performance.now() - started),
      directory: path.relative(this.root, directory),
    };
    await writeFileAtomic(path.join(folder, 'cell.json'), `${JSON.stringify(cell, null, 2)}\n`);
    return cell;
  }

  #arguments(kernel: MatrixKernel, scenario: Scenario, directory: string): string[] {
    const { trials, seed, jobs, accel, known, patience, patch = [] } = this.options;
    return [
      'run',
      ...['--kernel', kernel.spec, '--arch', this.work.arch.name, '--scenario', scenario.name],
      ...['--trials', trials, '--seed', seed, '--jobs', jobs, '--accel', accel],
      ...['--out', directory, '--quiet'],
      ...(kernel.profile === null ? [] : ['--profile', kernel.profile]),
      ...patch.flatMap((file) => ['--patch', file]),
      ...(known === undefined ? [] : ['--known', known]),
      ...(patience === undefined ? [] : ['--patience', patience]),
    ];
  }
}

type Done = MatrixCell & { readonly state: 'done' };

function counts(result: RunResult): Done['placements'] {
  const entries = Object.entries(result.placements).flatMap(([placement, sum]) => {
    if (!sum) return [];
    const { trials, reached, crashed, lost, tailCall } = sum;
    return [[placement, { trials, reached, crashed, lost, tailCall }] as const];
  });
  return Object.fromEntries(entries);
}

/** Whether a run's exit code says something of its kernel. */
const isAnswer = (exitCode: number | undefined): boolean =>
  exitCode !== undefined && [0, 1, EXIT.inconclusive].includes(exitCode);

/** The run as its folder has it; null when it ended before there was one: stderr says why. */
const resultIn = (directory: string): Promise<RunResult | null> =>
  readSavedRun(directory).then(
    ({ result }) => result,
    () => null,
  );

function explain(error: unknown): { exitCode: number; why: string } {
  if (error instanceof DmraceError) {
    return { exitCode: EXIT[error.code], why: error.observedLine };
  }
  return { exitCode: 128, why: error instanceof Error ? error.message : String(error) };
}
