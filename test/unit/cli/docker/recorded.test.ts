// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pathLike } from '../../../../harness/cli/docker/places.js';
import { recordedSettings } from '../../../../harness/cli/docker/recorded.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'dmrace-recorded-'));
  const note = {
    kernel: { spec: 'src:/k/linux', arch: 'arm64', build: { profiles: [], config: '/k/config' } },
  };
  await mkdir(path.join(cwd, 'r'));
  await writeFile(path.join(cwd, 'r/run.json'), JSON.stringify(note));
  await mkdir(path.join(cwd, 'damaged'));
  await writeFile(path.join(cwd, 'damaged/run.json'), '{"kernel"');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const given = (argv: string[]) => ({ command: argv[0] ?? '', argv, env: {}, config: {}, cwd });

it.each([
  [['replay', 'r']],
  [['replay', '--trial', '0', 'r']],
  [['run', '--resume', 'r']],
  [['run', '--resume=r']],
])('%j needs the kernel of the saved run, and its files', async (argv) => {
  const config = await recordedSettings(given(argv));
  expect(config).toEqual({ kernel: 'src:/k/linux', arch: 'arm64', config: '/k/config' });
  expect(pathLike({ ...given(argv), config })).toEqual(
    expect.arrayContaining(['/k/linux', '/k/config']),
  );
});

it.each([[['run']], [['run', '--out', 'r']], [['replay', 'none']], [['replay', 'damaged']]])(
  '%j has none',
  async (argv) => {
    expect(await recordedSettings(given(argv))).toEqual({});
  },
);
