// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stepsTable, withStepsTables } from '../../../harness/report/steps-list.js';
import { SCENARIOS } from '../../../harness/scenarios/index.js';
import { release } from '../../../harness/scenarios/release.js';
import { assets } from '../../../harness/util/assets.js';

describe('the lists of steps in docs/', () => {
  it.each(['how-the-race-works.md', 'second-bug.md'])(
    '%s says what the program proves (npm run generate)',
    (name) => {
      const page = readFileSync(assets('docs', name), 'utf8');
      expect(page).toContain('<!-- steps: ');
      expect(withStepsTables(page, SCENARIOS)).toBe(page);
    },
  );

  it('have a row for each step', () => {
    const rows = stepsTable(release).trimEnd().split('\n').slice(2);
    expect(rows.map((row) => row.split(' | ')[0])).toEqual(
      release.telling.proofs.map(({ step }) => `| ${step}`),
    );
  });

  it('are replaced between their marks and nowhere else', () => {
    const page = 'before\n<!-- steps: release -->\nstale text\n<!-- end of steps -->\nafter\n';
    const written = withStepsTables(page, SCENARIOS);
    expect(written).not.toContain('stale text');
    expect(written).toMatch(/^before\n<!-- steps: release -->\n\| step [\s\S]*\nafter\n$/);
    expect(() => withStepsTables(page.replace('release', 'none'), SCENARIOS)).toThrow(/none/);
  });
});
