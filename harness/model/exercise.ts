// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { ARCHES } from './kernel.js';

/** A command of the guest's shell (`sh -c`); each has 20 s there. */
const Command = z.string().min(1).max(4000);
const Commands = z.union([Command.transform((command) => [command]), z.array(Command)]);

/** What must have appeared for an exercise to count: seen by the guest, not said by the exercise. */
const Appears = z.strictObject({
  /** At least this many kobjects were added between load and destroy. */
  objects: z.int().min(1).optional(),
  /** A kobject whose sysfs path holds this text was added, such as `block/brd` or `net/tap0`. */
  object: z.string().min(1).optional(),
  /** A callback, timer, work or thread of the module was seen: its function, or a part of its name. */
  callback: z.string().min(1).optional(),
  /**
   * The module's reference count rose between load and destroy (/sys/module/NAME/refcnt): for what
   * the kernel keeps neither in an object nor in a callback, such as a rule of a filter.
   */
  used: z.literal(true).optional(),
});

/**
 * How one module is made to do something, as a file says it (vm/exercises/, `--exercise FILE`):
 * load, create, destroy, unload. The shape of the files; {@link Exercise} is one that was read.
 */
export const ExerciseFile = z.strictObject({
  /** Names as in /proc/modules, underscores; the file's own name where nothing is said. */
  module: z.string().regex(/^[a-z0-9_]+$/i),
  /** What the exercise is about, one line for people. */
  title: z.string().min(1).max(100),
  /** Arguments of the load, such as `rd_nr=1`. */
  parameters: z.string().max(400).default(''),
  /** Modules that are loaded first and stay, besides those that modules.dep names. */
  needs: z.array(z.string().regex(/^[a-z0-9_]+$/i)).default([]),
  /** Programs that the guest must have, as the commands name them. */
  tools: z.array(z.string().min(1)).default([]),
  /** After the load. */
  create: Commands.default([]),
  /** Before the unload. */
  destroy: Commands.default([]),
  appears: Appears.default({}),
  /** Kernel options without which it makes no sense, without CONFIG_. */
  config: z.array(z.string()).default([]),
  /** Architectures that have the module; all where nothing is said. */
  arch: z.array(z.enum(ARCHES)).optional(),
});

/** See {@link ExerciseFile}. */
export type ExerciseFile = z.output<typeof ExerciseFile>;

/** An exercise that was read and is whole. */
export interface Exercise extends ExerciseFile {
  /** Name of its file without the extension, such as `tun` or `sch_taprio`: unique. */
  readonly name: string;
  /** `block`, `net`, …: the folder that it lies in; `own` for one given with --exercise. */
  readonly family: string;
}
