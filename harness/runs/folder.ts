// SPDX-License-Identifier: MIT
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { explainIo } from '../util/io.js';
import { LOCK_FILE } from './lock-file.js';
import { MANIFEST, manifestOf } from './manifest.js';
import { sha256 } from './seal.js';

/** A folder that commands write into, one process at a time: that of a run, or of an audit. */
export class RunFolder implements AsyncDisposable {
  #lock: AsyncDisposable | null = null;

  protected constructor(readonly root: string) {}

  /**
   * Makes this process the one owner of a folder that has to be empty, and makes it where it is not
   * there.
   * @throws DmraceError (usage) when it holds something, or another process writes there;
   *   (environment) when it cannot be written.
   */
  protected async begin(): Promise<void> {
    try {
      await mkdir(this.root, { recursive: true });
    } catch (error) {
      throw explainIo(error, this.root);
    }
    await this.own();
    try {
      if ((await readdir(this.root)).some((name) => name !== LOCK_FILE)) {
        throw new DmraceError('usage', {
          observed: `${this.root} is not empty`,
          artefact: this.root,
          action: 'give --out a new folder: a run never overwrites another',
        });
      }
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw explainIo(error, this.root);
    }
  }

  /** Makes this process the one owner of the folder. @throws DmraceError as lockRun() does. */
  async own(): Promise<void> {
    // Who only reads a folder starts no process, and need not load what starts one.
    const { lockRun } = await import('./lock.js');
    this.#lock ??= await lockRun(this.root);
  }

  /** Gives the folder up; safe to be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lock === null) return;
    // While it is held: nobody can have it, and a file that is gone is no file of the run.
    rmSync(path.join(this.root, LOCK_FILE), { force: true });
    const lock = this.#lock;
    this.#lock = null;
    await lock[Symbol.asyncDispose]();
  }

  /** Leaves nothing behind when nothing was written. */
  async removeIfEmpty(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await rmdir(this.root).catch(() => undefined); // it holds something, which is to stay
  }

  /**
   * At once, without the thread pool: a trial writes eight small files, and handing each to another
   * thread and back costs several times what the kernel does for it.
   */
  protected write(file: string, content: string | Uint8Array): void {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    } catch (error) {
      throw explainIo(error, file);
    }
  }

  /** Whole or not at all, whenever the process is killed. */
  protected replace(file: string, content: string | Uint8Array): void {
    const part = `${file}.part`;
    this.write(part, content);
    try {
      renameSync(part, file);
    } catch (error) {
      throw explainIo(error, file);
    }
  }

  /** Adds a line to a file of lines. */
  protected append(file: string, line: string): void {
    try {
      appendFileSync(file, `${line}\n`);
    } catch (error) {
      throw explainIo(error, file);
    }
  }

  async writeVerdict(value: unknown): Promise<void> {
    this.write(path.join(this.root, 'verdict.json'), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Writes the manifest of everything that is there: the last thing that a run does. */
  async writeManifest(): Promise<string> {
    const text = await manifestOf(this.root);
    this.replace(path.join(this.root, MANIFEST), text);
    return sha256(text);
  }
}
