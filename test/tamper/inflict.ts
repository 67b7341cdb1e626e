// SPDX-License-Identifier: MIT
// Does damage to copies of the saved runs, one piece at a time, and says what the rule forbids of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunResult } from '../../harness/model/verdict.js';
import { type Damage, Scratch } from './damage.js';
import { folderOf, judged, violations } from './saved-runs.js';

/**
 * Inflicts each piece of damage alone on a copy of a folder.
 * @param at where the copy is; it is gone afterwards
 * @param violated what the rule forbids of what came of it; an error that it throws is forbidden, too
 */
export async function inflictEach(
  original: string,
  at: string,
  all: readonly Damage[],
  violated: (root: string, damage: Damage) => Promise<readonly string[]>,
): Promise<{ readonly found: readonly string[]; readonly tried: number }> {
  const scratch = new Scratch(original, at);
  const found: string[] = [];
  let tried = 0;
  for (const damage of all) {
    if (damage.inflict(scratch.root)) {
      tried++;
      const wrong = await violated(scratch.root, damage).catch((error: unknown) => [
        `${damage.says}: threw ${String(error)}`,
      ]);
      found.push(...wrong);
    }
    scratch.restore(damage.at);
  }
  rmSync(scratch.root, { recursive: true, force: true });
  return { found, tried };
}

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
    const before: RunResult = (await judged(folderOf(name))).result;
    const { found, tried } = await inflictEach(
      folderOf(name),
      path.join(this.#temporary, `${name}-${kind}`),
      all,
      async (root, damage) => violations(before, (await judged(root, manifest)).result, damage),
    );
    this.#tried.set(kind, (this.#tried.get(kind) ?? 0) + tried);
    return [...found];
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
