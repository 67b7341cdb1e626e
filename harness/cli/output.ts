// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DmraceError } from '../model/errors.js';
import { shownDeep } from '../model/shown.js';
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import type { RunEvidence } from '../report/evidence.js';
import { FORMATS, type FormatName, type Rendering } from '../report/formats.js';
import type { PageParts } from '../report/html/page.js';
import type { Timing } from '../report/json.js';
import { RunDirectory } from '../runs/run-directory.js';
import { readSavedRun } from '../runs/saved-run.js';
import { shownOf } from '../runs/shown.js';
import { assets } from '../util/assets.js';
import { cacheDirectory } from '../util/cache.js';
import { tellGithub } from './github.js';
import { paintFor } from './paint.js';
import { out } from './streams.js';

/** The flags with which a client outside started this program in a container; none elsewhere. */
export const dockerWords = (): string[] =>
  (process.env.DMRACE_DOCKER_WORDS ?? '').split(' ').filter((word) => word !== '');

/** What crash and drgn read a run's dumps with: from where it was noted, or fetched since. */
export async function vmlinuxAtHand(
  { trials, kernel }: Pick<RunResult, 'trials' | 'kernel'>,
  directory: string,
): Promise<string | null> {
  if (!trials.some(({ dump }) => dump?.kept)) return null;
  const note = await RunDirectory.open(directory).then(
    (run) => run.readNote(),
    () => null,
  );
  const noted = note?.vmlinux;
  if (noted !== undefined && existsSync(noted)) return noted;
  // Loaded where there is a dump only: it is most of what fetches kernels.
  const { cachedVmlinux } = await import('../kernel/vmlinux.js');
  return (await cachedVmlinux({ root: cacheDirectory() }, kernel)) ?? null;
}

/** Prints a trial to stdout as soon as it is judged, when the format streams. */
export function printTrial(trial: TrialResult, name: FormatName): void {
  const format = FORMATS[name];
  if ('trial' in format && format.trial) out(format.trial(trial));
}

/**
 * Prints a run's result to stdout, and tells GitHub when it runs there.
 * @param manifest SHA-256 of the manifest that has just been written; null when none has
 */
export async function printResult(
  result: RunResult,
  format: FormatName,
  directory: string,
  timing: Timing,
  manifest: string | null = null,
): Promise<void> {
  const paint = paintFor(process.stdout);
  const vmlinux = await vmlinuxAtHand(result, directory);
  const rendering = { result, timing, directory, manifest, paint, docker: dockerWords(), vmlinux };
  const evidence = async (): Promise<RunEvidence> => shownOf(await readSavedRun(directory));
  out(await rendered(format, rendering, evidence));
  tellGithub(result);
}

/** A run in a format; the trials' files are read only for those that show them. */
export async function rendered(
  name: FormatName,
  rendering: Rendering,
  evidence: () => Promise<RunEvidence>,
): Promise<string> {
  const format = FORMATS[name];
  // People's text goes to a terminal as it is; files and data keep what was recorded.
  const told =
    name === 'pretty' ? { ...rendering, result: shownDeep(rendering.result) } : rendering;
  return 'end' in format
    ? await format.end(told)
    : await format.full({ ...rendering, evidence: await evidence(), parts: await pageParts() });
}

/** Script and style of the HTML report, which the build made. */
export async function pageParts(): Promise<PageParts> {
  const part = (name: string): Promise<string> => {
    const file = assets('dist', 'report', 'page', name);
    return readFile(file, 'utf8').catch((error: unknown) => {
      throw new DmraceError('environment', {
        observed: `${file} cannot be read (${error instanceof Error ? error.message : String(error)})`,
        artefact: file,
        action: 'build dmrace again: npm run build',
      });
    });
  };
  return { script: await part('page.js'), style: await part('page.css') };
}
