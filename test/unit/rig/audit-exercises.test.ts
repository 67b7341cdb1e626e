// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkExercises,
  parseExercise,
  type ReadExercise,
} from '../../../harness/audit/exercises.js';
import { PACKAGES, PROGRAMS, TOOLS } from '../../../harness/audit/tools.js';
import { ownExercise, shippedExercises } from '../../../harness/rig/audit-exercises.js';
import { assets } from '../../../harness/util/assets.js';

/** What every exercise may use without saying so. */
const USUAL = new Set(
  ['dash', 'coreutils', 'grep', 'sed', 'kmod', 'mount'].flatMap((pack) => TOOLS[pack] ?? []),
);

/** Programs of the disk that a command names, where a command can begin. */
const programsIn = (command: string): string[] =>
  [...command.matchAll(/(?:^|[\n;|&({]|\b(?:do|then|else)\s)\s*(?:\w+=\S+ )*([\w.-]+)/g)]
    .map(([, word]) => word ?? '')
    .filter((word) => PROGRAMS.has(word) && !USUAL.has(word));

let shipped: readonly ReadExercise[] = [];
beforeAll(async () => {
  shipped = await shippedExercises();
});

describe('the exercises that come with dmrace', () => {
  it('are at least 120, and all of them can be used together', () => {
    const all = checkExercises(shipped, PROGRAMS);
    expect(all.length).toBeGreaterThanOrEqual(120);
    expect(all.length).toBe(shipped.length);
  });

  it.each([
    ...['block', 'dm', 'md', 'net', 'sched', 'netfilter', 'sound', 'media', 'drm', 'usb', 'scsi'],
    ...['target', 'nvme', 'iio', 'i2c', 'mtd', 'fs', 'crypto', 'watchdog', 'input', 'char', 'gpio'],
  ])('cover %s', (family) => {
    expect(shipped.filter(({ exercise }) => exercise.family === family)).not.toEqual([]);
  });

  it('have BPF programs at work', () => {
    const using = shipped.filter(({ exercise }) => /\bbpf\b/.test(exercise.create.join('\n')));
    expect(using.map(({ exercise }) => exercise.module)).toEqual(
      expect.arrayContaining(['tun', 'cls_bpf', 'act_bpf', 'xt_bpf']),
    );
  });

  it('say what they need of the kernel where they load more than their module', () => {
    const loads = ({ exercise }: ReadExercise): string[] =>
      [...exercise.create.join('\n').matchAll(/\bmodprobe (?!-)(\w+)/g)]
        .map(([, name]) => name ?? '')
        .filter((name) => name !== exercise.module && !exercise.needs.includes(name));
    const silent = shipped.filter((one) => loads(one).length > one.exercise.config.length);
    // tcm_loop depends on target_core_mod, so it comes with it.
    expect(silent.map(({ exercise }) => exercise.name)).toEqual(['tcm_loop']);
  });

  it('say each what must appear, and name all the tools that they use', () => {
    const wrong = shipped.filter(({ exercise: { appears, tools, create, destroy } }) => {
      const used = new Set([...create, ...destroy].flatMap(programsIn));
      return (
        Object.keys(appears).length === 0 ||
        [...used].some((tool) => !tools.includes(tool)) ||
        tools.some((tool) => !used.has(tool))
      );
    });
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it('have a licence each', () => {
    const first = (file: string) => readFileSync(assets(file), 'utf8').split('\n')[0];
    expect(new Set(shipped.map(({ file }) => first(file)))).toEqual(
      new Set(['# SPDX-License-Identifier: GPL-2.0-only']),
    );
  });
});

it('takes the tools of the disk from packages that are named once', () => {
  expect(new Set(PACKAGES).size).toBe(PACKAGES.length);
});

describe('--exercise', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'exercises-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };

  it('adds one of the family own', async () => {
    const mine = file('doorbell.json', '{"title": "a bell"}');
    expect((await ownExercise(mine)).exercise).toMatchObject({
      name: 'doorbell',
      module: 'doorbell',
      family: 'own',
    });
  });

  it('is refused when it is not there, bears the name of a shipped one, or lacks a tool', async () => {
    const absent = path.join(folder, 'absent.yaml');
    await expect(ownExercise(absent)).rejects.toThrow(/absent.yaml cannot be read/);
    const tun = file('tun.yaml', 'title: a tap\n');
    const also = await ownExercise(tun);
    expect(() => checkExercises([...shipped, also], PROGRAMS)).toThrow(
      /vm\/exercises\/net\/tun.yaml/,
    );
    const tools = file('mine.yaml', 'title: a\ntools: [gcc]\n');
    const lacking = await ownExercise(tools);
    expect(() => checkExercises([lacking], PROGRAMS)).toThrow(/needs gcc, which the guest/);
  });
});

describe('docs/audit.md', () => {
  it('shows exercises that can be used as they are', () => {
    const text = readFileSync(assets('docs/audit.md'), 'utf8');
    const shown = [...text.matchAll(/```yaml\n(title: [\s\S]*?)```/g)].map(
      ([, yaml]) => yaml ?? '',
    );
    expect(shown.length).toBeGreaterThanOrEqual(2);
    for (const yaml of shown) {
      const read = parseExercise({ file: 'docs', name: 'doorbell', family: 'own', text: yaml });
      expect(read.create).not.toEqual([]);
      expect(read.tools.filter((tool) => !PROGRAMS.has(tool))).toEqual([]);
    }
  });
});
