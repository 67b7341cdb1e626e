// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import type { ModuleSection } from '../../../../harness/audit/live/module-elf.js';
import type { Visited, VisitOutput } from '../../../../harness/audit/live/visit.js';
import { ExerciseFile } from '../../../../harness/model/exercise.js';

const read = (name: string): unknown =>
  JSON.parse(
    readFileSync(new URL(`../../../fixtures/audit-visits/${name}`, import.meta.url), 'utf8'),
  );

/** What a real guest had said of one visit. */
export const captured = (name: string): VisitOutput => read(`${name}.json`) as VisitOutput;

/** What the file of that kernel's zram.ko says. */
export const ZRAM = read('zram-sections.json') as readonly ModuleSection[];

/** A module of a kernel without particular options, that was watched. */
export const visited = (module: string, more: Partial<Visited> = {}): Visited => ({
  module,
  exercise: null,
  isBuiltin: false,
  config: new Map(),
  sectionsOf: (name) => (name === 'zram' ? ZRAM : null),
  watched: true,
  ...more,
});

/** An exercise by the fields that differ. */
export const exercise = (fields: Partial<ExerciseFile> & { module: string }) => ({
  ...ExerciseFile.parse({ title: 'test', ...fields }),
  name: fields.module,
  family: 'test',
});
