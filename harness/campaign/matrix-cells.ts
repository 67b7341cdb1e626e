// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import writeFileAtomic from 'write-file-atomic';
import { prepareKernel } from '../kernel/prepare.js';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { EXIT } from '../model/exit-codes.js';
import { MatrixCell, type MatrixKernel } from '../model/matrix.js';
import type { Scenario } from '../model/scenario.js';
import type { PreparedKernel, Report } from '../ports.js';
import { RunResultJson } from '../report/run-result.js';
import type { Cache } from '../util/cache.js';
import { version } from '../util/version.js';
import { buildOptions } from '../cli/options.js';
import { unfitFor } from '../rig/scenario-needs.js';

/** Options that every run of a matrix gets. */
export interface CellOptions {
  readonly trials: string;
  readonly seed: string;
  readonly jobs: string;
  readonly accel: string;
  readonly known?: string;
}

/**
 * The cells of a matrix, in a folder each: `cell.json` when it is done, and the run's own folder
 * `run`. It owns nothing but files below its root.
 */
export class Cells {
  readonly #kernels = new Map<string, Promise<PreparedKernel>>();

  constructor(
    readonly root: string,
    readonly cache: Cache,
    readonly arch: Arch,
    readonly options: CellOptions,
    readonly signal: AbortSignal,
  ) {}

  /** The cell, from its folder when it is there. Only an interrupt is thrown. */
  async cell(kernel: MatrixKernel, scenario: Scenario, report: Report): Promise<MatrixCell> {
    const at = { kernel: kernel.given, scenario: scenario.name };
    try {
      const prepared = await this.#prepare(kernel, report);
      const { identity } = prepared;
      const unfit = unfitFor(scenario, prepared.config);
      if (unfit.length > 0) {
        return { state: 'skipped', ...at, identity, why: unfit.join('; ') };
      }
      const name = `${scenario.name}-${await this.#key(kernel, scenario, prepared)}`;
      const kept = await this.#kept(name);
      if (kept) {
        report('done before; not run again');
        return { ...kept, ...at };
      }
      return await this.#run(kernel, scenario, prepared, name);
    } catch (error) {
      this.signal.throwIfAborted();
      return { state: 'failed', ...at, ...explain(error) };
    }
  }

  #prepare(kernel: MatrixKernel, report: Report): Promise<PreparedKernel> {
    const known = this.#kernels.get(kernel.given);
    if (known) return known;
    const { spec, profile } = kernel;
    const prepared = prepareKernel(this.cache, spec, this.arch, report, {
      build: buildOptions(spec, profile ?? undefined, undefined),
      signal: this.signal,
    });
    this.#kernels.set(kernel.given, prepared);
    return prepared;
  }

  /** Names everything that the cell's answer depends on. */
  async #key(kernel: MatrixKernel, scenario: Scenario, prepared: PreparedKernel): Promise<string> {
    const { known, trials, seed, accel } = this.options;
    const modules = [prepared.dmMod.builtin, prepared.dmMod['in-module']];
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
    const { stdout, stderr, exitCode } = await execa(
      process.execPath,
      [process.argv[1] ?? '', ...this.#arguments(kernel, scenario, directory)],
      {
        reject: false,
        cancelSignal: this.signal,
        forceKillAfterDelay: 10_000,
        env: { DMRACE_DOCKER: 'never' },
        maxBuffer: 256 << 20,
      },
    );
    this.signal.throwIfAborted();
    const at = { kernel: kernel.given, scenario: scenario.name };
    const output = readOutput(stdout);
    if (!output) {
      const why = /^dmrace: (.*)$/m.exec(stderr)?.[1] ?? `exit code ${exitCode} and no result`;
      return { state: 'failed', ...at, exitCode: exitCode ?? 128, why };
    }
    const findings = output.trials.flatMap((trial) => trial.findings.map((f) => f.title));
    const cell: MatrixCell = {
      state: 'done',
      ...at,
      identity: prepared.identity,
      verdict: output.verdict,
      exitCode: exitCode ?? 128,
      reasons: [...output.reasons],
      placements: counts(output),
      findings: [...new Set(findings)],
      durationMs: Math.round(performance.now() - started),
      directory: path.relative(this.root, directory),
    };
    await writeFileAtomic(path.join(folder, 'cell.json'), `${JSON.stringify(cell, null, 2)}\n`);
    return cell;
  }

  #arguments(kernel: MatrixKernel, scenario: Scenario, directory: string): string[] {
    const { trials, seed, jobs, accel, known } = this.options;
    return [
      'run',
      ...['--kernel', kernel.spec, '--arch', this.arch.name, '--scenario', scenario.name],
      ...['--trials', trials, '--seed', seed, '--jobs', jobs, '--accel', accel],
      ...['--format', 'json', '--out', directory, '--quiet'],
      ...(kernel.profile === null ? [] : ['--profile', kernel.profile]),
      ...(known === undefined ? [] : ['--known', known]),
    ];
  }
}

type Done = MatrixCell & { readonly state: 'done' };

function counts(output: RunResultJson): Done['placements'] {
  const entries = Object.entries(output.placements).flatMap(([placement, sum]) => {
    if (!sum) return [];
    const { trials, reached, crashed, lost, tailCall } = sum;
    return [[placement, { trials, reached, crashed, lost, tailCall }] as const];
  });
  return Object.fromEntries(entries);
}

function readOutput(stdout: string): RunResultJson | null {
  try {
    return RunResultJson.parse(JSON.parse(stdout));
  } catch {
    return null; // the run ended before its result; stderr says why
  }
}

function explain(error: unknown): { exitCode: number; why: string } {
  if (error instanceof DmraceError) {
    return { exitCode: EXIT[error.code], why: error.facts.observed.split('\n')[0] ?? '' };
  }
  return { exitCode: 128, why: error instanceof Error ? error.message : String(error) };
}
