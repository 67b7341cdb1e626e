// SPDX-License-Identifier: MIT
// `git bisect run dmrace run --kernel src:.`, over the history of test/support/kernel/history.ts.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cacheDirectory } from '../../harness/util/cache.js';
import { MAIN } from '../support/command.js';
import {
  BUILD_TIMEOUT_MS,
  builtKernel,
  noKernelBuilds,
  withTree,
} from '../support/kernel/built.js';
import { BROKEN, CULPRIT } from '../support/kernel/history.js';

const RunNote = z.looseObject({
  kernel: z.looseObject({
    methodHome: z.string(),
    build: z.looseObject({ commit: z.string() }),
  }),
});
const Verdict = z.looseObject({ verdict: z.string(), exitCode: z.number() });

const runs = path.join(cacheDirectory(), 'runs');
const runFolders = (): Promise<string[]> => readdir(runs).catch(() => []);

/** What a run folder says of one step; null when it is a run of something else. */
async function stepIn(folder: string, tree: string) {
  const read = (file: string) => readFile(path.join(folder, file), 'utf8').catch(() => 'null');
  const note = RunNote.safeParse(JSON.parse(await read('run.json')));
  const verdict = Verdict.safeParse(JSON.parse(await read('verdict.json')));
  if (!note.success || !verdict.success) return null;
  const { build, methodHome } = note.data.kernel;
  const log = ['-C', tree, 'log', '-1', '--format=%s', build.commit];
  const { failed, stdout } = await execa('git', log, { reject: false });
  if (failed) return null;
  const { verdict: word, exitCode } = verdict.data;
  return { folder, subject: stdout, commit: build.commit, home: methodHome, word, exitCode };
}

const why = await noKernelBuilds();

describe.skipIf(why !== '')(`git bisect run${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let bin: string;
  beforeAll(async () => {
    await builtKernel();
    bin = await mkdtemp(path.join(tmpdir(), 'dmrace-bin-'));
    await writeFile(path.join(bin, 'dmrace'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
    await chmod(path.join(bin, 'dmrace'), 0o755);
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(bin, { recursive: true, force: true }));

  it(
    'finds the commit that moves the release method into the module',
    () =>
      withTree(async (tree) => {
        const env = { PATH: `${bin}:${process.env.PATH}`, DMRACE_DOCKER: 'never', LC_ALL: 'C' };
        const git = async (...args: string[]): Promise<string> =>
          (await execa('git', args, { cwd: tree, env, all: true })).all;
        const before = new Set(await runFolders());
        let said: string;
        try {
          await git('bisect', 'start', 'main', 'first');
          said = await git('bisect', 'run', 'dmrace', 'run', '--kernel', 'src:.', '--trials', '2');
        } finally {
          await git('bisect', 'reset', 'first');
        }
        const made = (await runFolders()).filter((name) => !before.has(name)).sort();
        const all = await Promise.all(made.map((name) => stepIn(path.join(runs, name), tree)));
        const steps = all.filter((step) => step !== null);
        for (const { folder } of steps) await rm(folder, { recursive: true });

        expect(said).toMatch(/^([0-9a-f]{40}) is the first bad commit$/m);
        const [found = ''] = /^[0-9a-f]{40}(?= is the first bad commit$)/m.exec(said) ?? [];
        expect(await git('log', '-1', '--format=%s', found), said).toBe(CULPRIT);

        // A commit that does not build was met, and said why, and left no run behind.
        expect(said).toContain('dm_complain_about');
        expect(steps.map((step) => step.subject)).not.toContain(BROKEN);
        // The others were judged by what they are; both answers occurred.
        for (const step of steps) {
          const bad = await execa('git', ['merge-base', '--is-ancestor', found, step.commit], {
            cwd: tree,
            reject: false,
          });
          expect(step.commit).toMatch(/^[0-9a-f]{12}$/); // not -dirty: nothing was written
          expect(step).toMatchObject(
            bad.exitCode === 0
              ? { home: 'dm_mod', word: 'open', exitCode: 1 }
              : { home: 'vmlinux', word: 'closed', exitCode: 0 },
          );
        }
        expect(new Set(steps.map((step) => step.word))).toEqual(new Set(['open', 'closed']));
      }),
    BUILD_TIMEOUT_MS,
  );
});
