// SPDX-License-Identifier: MIT
// `--patch` and `--compare` on the stock kernel, whose dm-mod.ko is rebuilt.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackSuspect } from '../../harness/kernel/sources.js';
import { resolveStock } from '../../harness/kernel/stock.js';
import { CompareJson } from '../../harness/report/compare/json.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { dmrace } from '../support/command.js';
import { testWork } from '../support/work.js';

/** What has disk_release() leave disk->fops alone, from inside dm: no cure to mail, but one that shows. */
const FIND = '\t\t\tdel_gendisk(md->disk);\n';
const CURE = `${FIND}\t\t\tclear_bit(GD_ADDED, &md->disk->state);\n`;

const STOCK = { from: 'debian', suite: null, version: null, flavour: null } as const;

/** Modules are built three times, guests are booted: long on a busy machine. */
const TIMEOUT_MS = 900_000;

describe('a patch for the stock kernel', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  /** A diff of drivers/md/dm.c of the stock kernel's own sources. */
  async function diffOf(name: string, find: string, replace: string): Promise<string> {
    const work = await testWork();
    const { archive, stock } = await resolveStock(work, STOCK);
    const sources = await unpackSuspect(work, archive, stock.source, DM_MOD_BUILD);
    const text = await readFile(path.join(sources, 'dm.c'), 'utf8');
    expect(text.split(find)).toHaveLength(2);
    for (const [side, content] of [
      ['a', text],
      ['b', text.replace(find, () => replace)],
    ] as const) {
      await mkdir(at(`${side}/drivers/md`), { recursive: true });
      await writeFile(at(`${side}/drivers/md/dm.c`), content);
    }
    const { stdout } = await execa('diff', ['-u', 'a/drivers/md/dm.c', 'b/drivers/md/dm.c'], {
      cwd: folder,
      reject: false,
      stripFinalNewline: false,
    });
    await writeFile(at(name), stdout);
    return at(name);
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dmrace-patch-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('--compare: open before, closed after, and judged so again from the files', async () => {
    const patch = await diffOf('cure.diff', FIND, CURE);
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

    // A side that was tampered with proves nothing.
    const line = at('c1/after/trials.jsonl');
    await writeFile(line, (await readFile(line, 'utf8')).replace('survived', 'crashed'));
    expect((await dmrace(['judge', at('c1')])).exitCode).toBe(125);
  });

  it('what cannot be had is said before anything is built', async () => {
    const patch = await diffOf('cure.diff', FIND, CURE);
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
