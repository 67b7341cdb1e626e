// SPDX-License-Identifier: MIT
// `--patch` and `--compare` on the stock kernel, whose dm-mod.ko is rebuilt.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { COMPARE_FORMATS } from '../../harness/report/compare/formats.js';
import { CompareJson } from '../../harness/report/compare/json.js';
import { dmrace } from '../support/command.js';
import { CURE, FIND, stockDiff } from '../support/patch.js';

/** Changes nothing of what is compiled. */
const NOTHING = { find: FIND, replace: `${FIND}\t\t\t/* nothing */\n` };

const Replay = z.looseObject({
  trials: z.array(z.looseObject({ now: z.looseObject({ outcome: z.string() }) })),
});
const Matrix = z.looseObject({
  cells: z.array(
    z.looseObject({
      state: z.string(),
      verdict: z.string().optional(),
      exitCode: z.number().optional(),
      why: z.string().optional(),
      identity: z.looseObject({ patches: z.array(z.looseObject({ file: z.string() })) }).optional(),
    }),
  ),
});

/** Modules are built three times, guests are booted: long on a busy machine. */
const TIMEOUT_MS = 900_000;

describe('a patch for the stock kernel', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  const cure = (): Promise<string> => stockDiff(at('cure.diff'), { find: FIND, replace: CURE });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dmrace-patch-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('--compare: open before, closed after, and judged so again from the files', async () => {
    const patch = await cure();
    const run = ['run', '--scenario', 'disk-release', '--trials', '1', '--accel', 'tcg'];
    const more = ['--patch', patch, '--compare', '--format', 'json', '--out', at('c1')];
    const result = await dmrace([...run, ...more]);
    expect(result.exitCode, result.stderr).toBe(0);
    const compared = CompareJson.parse(JSON.parse(result.stdout));
    expect(compared).toMatchObject({
      verdict: 'closed',
      before: { verdict: 'open', placements: { builtin: { crashed: 1 }, planted: { crashed: 1 } } },
      after: {
        verdict: 'closed',
        placements: { builtin: { reached: 1, crashed: 0 } },
        kernel: { patches: [{ file: patch, subject: null }] },
      },
    });
    expect(compared.before.kernel.patches).toBeUndefined();

    const again = await dmrace(['judge', at('c1')]);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/^closed: open before, closed after: 1 patch on /);
    const page = await dmrace(['report', at('c1'), '--output', '-']);
    expect(page.stdout).toContain('After: with the patch');

    for (const format of COMPARE_FORMATS) {
      const told = await dmrace(['judge', at('c1'), '--format', format]);
      expect(told.exitCode, told.stderr).toBe(0);
      expect(told.stdout).toMatch(/before.*after/is);
    }

    // Either side is a run like any other: what it was made of is known and found again.
    for (const [side, outcome] of [
      ['before', 'crashed'],
      ['after', 'survived'],
    ] as const) {
      const words = ['--trial', 'builtin-0', '--format', 'json', '--out', at(`again-${side}`)];
      const replayed = await dmrace(['replay', at(`c1/${side}`), ...words]);
      expect(replayed.exitCode, replayed.stdout + replayed.stderr).toBe(0);
      const { trials } = Replay.parse(JSON.parse(replayed.stdout));
      expect(trials.map(({ now }) => now.outcome)).toEqual([outcome]);
    }

    // A side that was tampered with proves nothing.
    const line = at('c1/after/trials.jsonl');
    await writeFile(line, (await readFile(line, 'utf8')).replace('survived', 'crashed'));
    expect((await dmrace(['judge', at('c1')])).exitCode).toBe(125);
  });

  it('matrix: the patched kernel in a cell of its own, and one that cannot be had', async () => {
    const patch = await cure();
    const matrix = async (file: string) => {
      const result = await dmrace([
        ...['matrix', '--kernel', 'debian', '--scenario', 'disk-release', '--trials', '1'],
        ...['--accel', 'tcg', '--patch', file, '--out', at('matrix'), '--format', 'json'],
      ]);
      const { cells } = Matrix.parse(JSON.parse(result.stdout));
      return { ...result, cells };
    };
    const cured = await matrix(patch);
    expect(cured.exitCode, cured.stderr).toBe(0);
    expect(cured.cells).toMatchObject([
      { state: 'done', verdict: 'closed', identity: { patches: [{ file: patch }] } },
    ]);
    const same = await matrix(patch);
    expect(same.stderr).toContain('done before; not run again');
    // Another series is another cell: here one that leaves the bug as it was.
    const open = await matrix(await stockDiff(at('none.diff'), NOTHING));
    expect(open.exitCode, open.stderr).toBe(1);
    expect(open.cells).toMatchObject([{ state: 'done', verdict: 'open' }]);
    const foreign = at('foreign.diff');
    await writeFile(foreign, (await readFile(patch, 'utf8')).replaceAll('del_gendisk', 'del_it'));
    const failed = await matrix(foreign);
    expect(failed.exitCode, failed.stderr).toBe(125);
    expect(failed.cells).toMatchObject([{ state: 'failed', exitCode: 125 }]);
    expect(failed.cells[0]?.why).toContain('hunk 1 of drivers/md/dm.c');
  });

  it('--compare: 1 when it is open after, 125 when it was not open before', async () => {
    const none = await stockDiff(at('none.diff'), NOTHING);
    const asked = async (scenario: string, name: string) => {
      const words = ['--trials', '1', '--accel', 'tcg', '--compare', '--out', at(name)];
      const run = await dmrace(['run', '--scenario', scenario, '--patch', none, ...words]);
      return [run.exitCode, run.stdout + run.stderr] as const;
    };
    const [open, told] = await asked('disk-release', 'c-open');
    expect(open, told).toBe(1);
    const [unshown, why] = await asked('release', 'c-unshown');
    expect(unshown, why).toBe(125);
    expect(why).toContain('did not show release-in-unloaded-text (closed)');
  });

  it('sweep: its points are of the patched module, and one of them is replayed', async () => {
    const patch = await cure();
    const words = ['--placement', 'builtin', '--accel', 'tcg', '--patch', patch];
    const swept = await dmrace(['sweep', ...words, '--format', 'json', '--out', at('sweep')]);
    // Without its control a sweep is inconclusive.
    expect(swept.exitCode, swept.stderr).toBe(125);
    expect(swept.stdout).toContain('"survived"');
    const note = JSON.parse(await readFile(at('sweep/run.json'), 'utf8'));
    expect(note).toMatchObject({ patch: [patch], kernel: { patches: [{ file: patch }] } });
    const replay = (name: string) =>
      dmrace(['replay', at('sweep'), '--trial', 'builtin-1', '--out', at(name)]);
    const again = await replay('sweep-again');
    expect(again.exitCode, again.stdout + again.stderr).toBe(0);
    // The file is what it was, or the trial is of another module.
    await writeFile(patch, `${await readFile(patch, 'utf8')}`.replace('clear_bit', 'change_bit'));
    const other = await replay('sweep-other');
    expect(other.exitCode, other.stdout).toBe(128);
    expect(other.stderr).toMatch(/series of --patch was [0-9a-f]{12}, now it is [0-9a-f]{12}/);
  });

  it('what cannot be had is said before anything is built', async () => {
    const patch = await cure();
    const text = await readFile(patch, 'utf8');
    const other = async (name: string, content: string): Promise<string> => {
      await writeFile(at(name), content);
      return at(name);
    };
    const asked = async (file: string, ...more: string[]) => {
      const { exitCode, stderr } = await dmrace([
        'run',
        '--patch',
        file,
        ...more,
        '--out',
        at('no'),
      ]);
      return [exitCode, stderr] as const;
    };
    const foreign = await other('foreign.diff', text.replaceAll('del_gendisk', 'del_something'));
    const [foreignCode, foreignSaid] = await asked(foreign);
    expect(foreignCode, foreignSaid).toBe(125);
    expect(foreignSaid).toMatch(/does not apply to linux-image-.*: hunk 1 of drivers\/md\/dm\.c/);

    const builtin = await other('builtin.diff', text.replaceAll('md/dm.c', 'md/dm-builtin.c'));
    const [code, said] = await asked(builtin, '--compare');
    expect(code, said).toBe(129);
    expect(said).toContain('drivers/md/dm-builtin.c is not part of dm-mod.ko');
    expect(said).toContain('--kernel src:$(dmrace kernel fetch --source debian)');

    expect((await asked(await other('empty', '')))[0]).toBe(129);
    expect((await dmrace(['run', '--compare', '--out', at('no')])).exitCode).toBe(129);
  });
});
