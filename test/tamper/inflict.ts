// SPDX-License-Identifier: MIT
// Does damage to copies of the saved runs, one piece at a time, and says what the rule forbids of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunResult } from '../../harness/model/verdict.js';
import { type Damage, Scratch } from './damage.js';
import { folderOf, judged, violations } from './saved-runs.js';

/** Does damage, and counts it. To be disposed: it keeps copies of runs. */
export class Inflicter implements Disposable {
  readonly #temporary = mkdtempSync(path.join(tmpdir(), 'dmrace-tamper-'));
  readonly #tried = new Map<string, number>();

  /** How many pieces of damage were tried, in all and by kind. */
  get tried(): { readonly sum: number; readonly says: string } {
    const says = [...this.#tried].map(([kind, n]) => `${n} ${kind}`).join(', ');
    return { sum: [...this.#tried.values()].reduce((a, b) => a + b, 0), says };
  }

  /**
   * Inflicts each piece of damage alone, and returns what the rule forbids of what came of it.
   * @param manifest SHA-256 of the run's manifest, when it is kept elsewhere
   */
  async inflict(
    name: string,
    kind: string,
    all: readonly Damage[],
    manifest?: string,
  ): Promise<string[]> {
    const scratch = new Scratch(folderOf(name), path.join(this.#temporary, `${name}-${kind}`));
    const before: RunResult = (await judged(folderOf(name))).result;
    const found: string[] = [];
    for (const damage of all) {
      if (damage.inflict(scratch.root)) {
        this.#tried.set(kind, (this.#tried.get(kind) ?? 0) + 1);
        const after = await judged(scratch.root, manifest).then(
          ({ result }) => result,
          (error: unknown) => {
            found.push(`${damage.says}: threw ${String(error)}`);
            return null;
          },
        );
        if (after) found.push(...violations(before, after, damage));
      }
      scratch.restore(damage.at);
    }
    rmSync(scratch.root, { recursive: true, force: true });
    return found;
  }

  [Symbol.dispose](): void {
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}

/** Every how-many-th of a list: long runs have many files alike. */
export const some = <T>(all: readonly T[], most: number): readonly T[] => {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, index) => index % step === 0);
};
