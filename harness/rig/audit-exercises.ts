// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type ExerciseSource,
  OWN_FAMILY,
  parseExercise,
  type ReadExercise,
} from '../audit/exercises.js';
import { DmraceError, headlineOf } from '../model/errors.js';
import { assets } from '../util/assets.js';

const SUFFIX = /\.(?:ya?ml|json)$/;

/** The exercises that come with dmrace: vm/exercises/FAMILY/NAME.yaml, in the order of their paths. */
export async function shippedExercises(): Promise<readonly ReadExercise[]> {
  const root = assets('vm/exercises');
  const files = (await readdir(root, { recursive: true })).filter((file) => SUFFIX.test(file));
  return Promise.all(
    files.sort().map(async (file) => {
      const text = await readFile(path.join(root, file), 'utf8');
      const at = `vm/exercises/${file}`;
      return read({ file: at, name: nameOf(file), family: path.dirname(file), text });
    }),
  );
}

const nameOf = (file: string): string => path.basename(file).replace(SUFFIX, '');

const read = (source: ExerciseSource): ReadExercise => ({
  exercise: parseExercise(source),
  file: source.file,
});

/** An exercise that was given with --exercise. @throws DmraceError (usage) that names what is wrong. */
export async function ownExercise(file: string): Promise<ReadExercise> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new DmraceError('usage', {
      observed: `--exercise ${file} cannot be read (${headlineOf(error)})`,
      artefact: file,
      action: 'name a file that holds an exercise',
    });
  });
  return read({ file, name: nameOf(file), family: OWN_FAMILY, text });
}
