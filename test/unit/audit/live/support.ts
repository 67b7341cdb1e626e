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

/** What the files of that kernel's modules say. */
const FILES: ReadonlyMap<string, readonly ModuleSection[]> = new Map(
  ['zram', 'tun'].map((name) => [name, read(`${name}-sections.json`) as ModuleSection[]]),
);

/** A module of a kernel without particular options, that was watched. */
export const visited = (module: string, more: Partial<Visited> = {}): Visited => ({
  module,
  exercise: null,
  isBuiltin: false,
  config: new Map(),
  sectionsOf: (name) => FILES.get(name) ?? null,
  watched: true,
  ...more,
});

/** An exercise by the fields that differ. */
export const exercise = (fields: Partial<ExerciseFile> & { module: string }) => ({
  ...ExerciseFile.parse({ title: 'test', ...fields }),
  name: fields.module,
  family: 'test',
});
