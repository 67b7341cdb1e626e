// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { checkExercises, parseExercise } from '../../../harness/audit/exercises.js';
import { DmraceError } from '../../../harness/model/errors.js';

const parse = (text: string, name = 'brd') =>
  parseExercise({ file: 'mine.yaml', name, family: 'own', text });

const refused = (text: string): DmraceError => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof DmraceError) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('parseExercise', () => {
  it('takes the module from the name of the file, and a command alone for a list', () => {
    expect(parse('title: a disk\ncreate: ls /dev/ram0\nappears: { object: block/ram0 }\n')).toEqual(
      {
        name: 'brd',
        family: 'own',
        module: 'brd',
        title: 'a disk',
        parameters: '',
        needs: [],
        tools: [],
        create: ['ls /dev/ram0'],
        destroy: [],
        appears: { object: 'block/ram0' },
        config: [],
      },
    );
  });

  it('takes JSON', () => {
    expect(parse('{"module": "tun", "title": "a tap", "create": ["a", "b"]}', 'x')).toMatchObject({
      name: 'x',
      module: 'tun',
      create: ['a', 'b'],
    });
  });

  it.each([
    ['title: [\n', 'mine.yaml:2: it is neither YAML nor JSON'],
    ['', 'mine.yaml:1: it holds nothing, not an exercise'],
    ['- a\n', 'mine.yaml:1: it holds a list, not an exercise'],
    ['hello\n', 'mine.yaml:1: it holds the string "hello", not an exercise'],
    ['title: a\n\nmake: ls\n', 'mine.yaml:3: an exercise has no "make"'],
    ['title: a\nappears:\n  device: x\n', 'mine.yaml:3: "appears" has no "device"'],
    ['title: a\nneeds: [loop, "a b"]\n', 'mine.yaml:2: "needs.1": '],
    ['create: ls\n', 'mine.yaml:1: "title": '],
    ['title: a\ncreate:\n  - ls\n  - 7\n', 'mine.yaml:4: "create'],
    ['title: a\narch: [x86]\n', 'mine.yaml:2: "arch.0": '],
  ])('names file, line and fact of %j', (text, observed) => {
    const error = refused(text);
    expect(error.code).toBe('usage');
    expect(error.facts.observed).toContain(observed);
    expect(error.facts.artefact).toBe('mine.yaml');
  });
});

describe('checkExercises', () => {
  const read = (name: string, file: string, tools: string[] = []) => ({
    exercise: parseExercise({
      file,
      name,
      family: 'own',
      text: JSON.stringify({ title: 'a', tools }),
    }),
    file,
  });

  it('gives back what is right', () => {
    const all = [read('a', 'a.yaml', ['ip']), read('b', 'b.yaml')];
    expect(checkExercises(all, new Set(['ip'])).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('names both files of one name', () => {
    const all = [read('a', 'x/a.yaml'), read('a', 'y/a.yaml')];
    expect(() => checkExercises(all, new Set())).toThrow(/y\/a.yaml and x\/a.yaml are both/);
  });

  it('names the tools that the guest lacks', () => {
    const all = [read('a', 'a.yaml', ['ip', 'gcc', 'make'])];
    expect(() => checkExercises(all, new Set(['ip']))).toThrow(/a.yaml needs gcc, make, which/);
  });
});
