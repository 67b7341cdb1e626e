// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgeCompare } from '../../../../harness/judge/compare.js';
import type { CompareResult } from '../../../../harness/model/compare.js';
import {
  COMPARE_FORMATS,
  type CompareFormat,
  compareFormat,
  renderCompare,
} from '../../../../harness/report/compare/formats.js';
import { compareAnnotation, compareSummary } from '../../../../harness/report/compare/github.js';
import { CompareJson } from '../../../../harness/report/compare/json.js';
import type { RunEvidence } from '../../../../harness/report/evidence.js';
import { after, before, type Ending } from '../../judge/compare-support.js';

const same = (text: string): string => text;
const PAINT = { good: same, bad: same, doubtful: same, strong: same, faint: same };
const NONE: RunEvidence = { trials: [], damage: [] } as unknown as RunEvidence;

const compared = (a: Ending, b: Ending): CompareResult => judgeCompare(before(a), after(b));
const rendered = (format: CompareFormat, result: CompareResult): Promise<string> =>
  renderCompare(format, {
    result,
    directory: '/tmp/c1',
    timing: { totalMs: 1 },
    paint: PAINT,
    docker: [],
    evidence: async () => ({ before: NONE, after: NONE }),
    style: async () => 'main { color: red }',
  });

const CURED = compared('open', 'closed');

describe('a comparison in every format', () => {
  it.each(COMPARE_FORMATS)('%s tells verdict, both sides and the patch', async (format) => {
    const text = await rendered(format, CURED);
    expect(text).toContain('before');
    expect(text).toContain('after');
    if (format !== 'ktap' && format !== 'junit') expect(text).toContain('closed');
    if (format !== 'ktap') expect(text).toMatch(/dm: (&lt;|\\<|<)fix/);
  });

  it('pretty', async () => {
    const text = await rendered('pretty', CURED);
    expect(text).toMatch(/^closed: open before, closed after: 1 patch on 6\.1\.0\.\n/);
    expect(text).toMatch(/^verdict +open +closed$/m);
    expect(text).toMatch(/^crashed \(release-in-unloaded-text\) +1 +0$/m);
    expect(text).toMatch(/^control \(in-module\) +crashed in 1 of 1 +that of before$/m);
    expect(text).toContain('dmrace run --kernel src:linux --patch fix.mbx --compare --trials 1');
    for (const line of text.split('\n')) {
      if (!/^(next| {11})/.test(line)) expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  it('json is what its schema says', async () => {
    const read = CompareJson.parse(JSON.parse(await rendered('json', CURED)));
    expect(read).toMatchObject({
      verdict: 'closed',
      exitCode: 0,
      before: { verdict: 'open' },
      after: { verdict: 'closed', kernel: { patches: [{ file: 'fix.mbx' }] } },
    });
  });

  it('ktap: before, the subject passes by showing the bug', async () => {
    const lines = (await rendered('ktap', CURED)).split('\n').map((line) => line.trim());
    expect(lines.filter((line) => /^(not )?ok/.test(line))).toEqual([
      'ok 1 builtin trial 0',
      'ok 2 in-module trial 0',
      'ok 1 before',
      'ok 1 builtin trial 0',
      'ok 2 after',
    ]);
  });

  it.each([
    ['open', 'open', /^not ok 2 after/m],
    ['closed', 'closed', /^ok 3 verdict # SKIP inconclusive/m],
    ['open', 'not-reached', /^not ok 3 verdict # ERROR inconclusive/m],
  ] as const)('ktap of %s and %s is no success', async (a, b, line) => {
    expect(await rendered('ktap', compared(a, b))).toMatch(line);
  });

  it('junit: a suite for each placement of each side', async () => {
    const text = await rendered('junit', CURED);
    expect([...text.matchAll(/<testsuite name="([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'before builtin',
      'before in-module',
      'after builtin',
    ]);
    expect(text).toMatch(/<testsuites name="dmrace release" tests="3" failures="0" errors="0"/);
    expect(await rendered('junit', compared('open', 'open'))).toContain('failures="1"');
    expect(await rendered('junit', compared('open', 'lost'))).toContain('name="verdict"');
  });

  it('markdown and GitHub’s summary are the same table', async () => {
    const text = await rendered('markdown', CURED);
    expect(text).toContain('| verdict | open | closed |\n');
    expect(text).toContain('### Before\n');
    expect(text).not.toContain('### After\n');
    expect(compareSummary(CURED)).toBe(text);
    expect(compareSummary(CURED, 10)).toBe('');
    expect(compareAnnotation(CURED)).toMatch(
      /^::notice title=dmrace release%2C compared%3A closed::/,
    );
    expect(compareAnnotation(compared('open', 'open'))).toMatch(/^::error /);
    expect(compareAnnotation(compared('closed', 'closed'))).toMatch(/^::warning /);
  });

  it('html: everything escaped, no script', async () => {
    const text = await rendered('html', CURED);
    expect(text).toContain('[PATCH] dm: &lt;fix> &amp; more');
    expect(text).not.toContain('<script');
    expect(text).toContain('<style>main { color: red }</style>');
    expect(text).toContain('After: with the patch');
  });

  it('pictures of trials are of one run', () => {
    expect(compareFormat('svg')).toBeNull();
    expect(compareFormat('perfetto')).toBeNull();
    expect(compareFormat('pretty')).toBe('pretty');
  });
});
