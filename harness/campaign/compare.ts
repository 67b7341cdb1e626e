// SPDX-License-Identifier: MIT
import path from 'node:path';
import { requireApplies } from '../kernel/patch/check.js';
import { DmraceError } from '../model/errors.js';
import { parseKernelSpec } from '../model/kernel.js';
import { SUBJECT } from '../model/role.js';
import {
  readSavedCompare,
  type SavedCompare,
  sideFolder,
  writeCompare,
} from '../runs/compare-folder.js';
import { telling } from '../util/work.js';
import type { Conductor, RunRequest } from './request.js';
import { run } from './run.js';
import { defaultRunFolder } from './run-folder.js';
import { openRace } from './set-up.js';

/** A comparison that has ended; null where an interrupt came first. */
export interface EndedCompare {
  readonly root: string;
  readonly saved: SavedCompare | null;
  readonly timing: Readonly<Record<string, number>>;
}

/**
 * Runs a scenario without a series and with it. The run before has the controls; of the one after
 * only the subject is wanted.
 * @throws DmraceError (usage) without a series; (inconclusive) when it does not apply, before
 *   anything is built; as run() does
 */
export async function compare(request: RunRequest, conductor: Conductor): Promise<EndedCompare> {
  const { stages, signal } = conductor;
  const started = performance.now();
  const files = request.build?.patches ?? [];
  if (files.length === 0) {
    throw new DmraceError('usage', {
      observed: '--compare without --patch: there is nothing to compare with',
      action: 'name the patch: --patch FILE',
    });
  }
  const work = await openRace(request, signal);
  await stages.stage(
    { title: `Patch: whether it applies to ${request.kernel}`, name: 'patch' },
    (say) =>
      requireApplies(telling(work, say), request.kernel, {
        suspect: request.scenario.suspect.build,
        files,
      }),
  );
  const now = new Date().toISOString();
  const root = path.resolve(
    request.out ?? (await defaultRunFolder(work.cache, request.kernel, now)),
  );
  const { build, ...rest } = request;
  const { patches: _, ...plain } = build ?? { profiles: [], config: null };
  // A module that is rebuilt with the series is rebuilt without it too: nothing else differs.
  const rebuilt = parseKernelSpec(request.kernel).from !== 'src';
  const before = await run(
    {
      ...rest,
      build: { ...plain, ...(rebuilt ? { patches: [] } : {}) },
      controlFirst: true,
      out: sideFolder(root, 'before'),
    },
    conductor,
  );
  const timing = (): Readonly<Record<string, number>> => ({
    totalMs: Math.round(performance.now() - started),
  });
  if (signal.aborted) return { root, saved: null, timing: timing() };
  const after = await run(
    {
      ...request,
      placements: [SUBJECT],
      attribution: false,
      control: false,
      out: sideFolder(root, 'after'),
    },
    conductor,
  );
  if (signal.aborted) return { root, saved: null, timing: timing() };
  await writeCompare(root, { before: before.manifest, after: after.manifest });
  return { root, saved: await readSavedCompare(root), timing: timing() };
}
