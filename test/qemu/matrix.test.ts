// SPDX-License-Identifier: MIT
// A matrix that is interrupted between its cells, and goes on.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dmrace, eventually, qemusWith } from '../support/command.js';

const Matrix = z.looseObject({
  exitCode: z.number(),
  cells: z.array(
    z
      .looseObject({ kernel: z.string(), scenario: z.string(), state: z.string() })
      .and(
        z.union([
          z.looseObject({ state: z.literal('done'), verdict: z.string(), directory: z.string() }),
          z.looseObject({ state: z.literal('failed'), exitCode: z.number(), why: z.string() }),
        ]),
      ),
  ),
});

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

describe('dmrace matrix', () => {
  it('interrupted, goes on with the cells that are left; a kernel that cannot be had stops none', async () => {
    const out = path.join(work, 'matrix');
    const noTree = `src:${work}`;
    const args = [
      ...['matrix', '--kernel', 'debian', '--kernel', noTree, '--trials', '1'],
      ...['--out', out, '--format', 'json'],
    ];
    const first = dmrace(args);
    let said = '';
    first.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await eventually('the first cell', async () => /^› debian .*: closed/m.test(said), 240_000);
    first.kill('SIGINT');
    const interrupted = await first;
    expect(interrupted.exitCode, interrupted.stderr).toBe(130);
    expect(interrupted.stderr).toMatch(
      /^dmrace: interrupted after 1 of 4 cells; the same command goes on from there$/m,
    );
    expect(interrupted.stdout).toBe('');
    await eventually('its VMs are gone', async () => (await qemusWith(out)).length === 0);
    const cells = await readdir(out);
    const [release = ''] = cells.filter((name) => name.startsWith('release-'));
    const cellFile = path.join(out, release, 'cell.json');
    const before = await stat(cellFile);

    const second = await dmrace(args);
    const matrix = Matrix.parse(JSON.parse(second.stdout));
    expect(matrix.cells).toMatchObject([
      { kernel: 'debian', scenario: 'release', state: 'done', verdict: 'closed' },
      { kernel: 'debian', scenario: 'disk-release', state: 'done', verdict: 'open' },
      { kernel: noTree, scenario: 'release', state: 'failed', exitCode: 129 },
      { kernel: noTree, scenario: 'disk-release', state: 'failed', exitCode: 129 },
    ]);
    // A run that could not be asked for hides more than one that found something.
    expect([second.exitCode, matrix.exitCode]).toEqual([129, 129]);
    expect(second.stderr.match(/done before; not run again/g)).toHaveLength(1);
    expect((await stat(cellFile)).mtimeMs).toBe(before.mtimeMs);
    const note = path.join(out, release, 'run/verdict.json');
    expect(JSON.parse(await readFile(note, 'utf8'))).toMatchObject({ verdict: 'closed' });
  });
});
