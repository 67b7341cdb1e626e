// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { summarise } from '../../../harness/judge/summary.js';
import type { KernelIdentity } from '../../../harness/model/kernel-identity.js';
import type { KnownIssue } from '../../../harness/model/known.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import type { Question, RunResult } from '../../../harness/model/verdict.js';
import { renderJson } from '../../../harness/report/json.js';
import { renderJunit } from '../../../harness/report/junit.js';
import { renderKtap } from '../../../harness/report/ktap.js';
import { type Paint, renderText } from '../../../harness/report/text.js';
import { stateOf } from '../../../harness/report/trial-state.js';
import { crashedControl, finding, result } from './support.js';

const kernel: KernelIdentity = {
  spec: 'debian',
  release: '6.1.0-56-cloud-amd64',
  arch: 'x86_64',
  preempt: '',
  configSha256: '',
  version: 'Debian 6.1.192-2',
};
const release: Question = {
  scenario: 'release',
  recipe: 'release-return',
  targetCause: 'release-in-unloaded-text',
  control: 'in-module',
  trials: 1,
  placements: ['builtin', 'in-module'],
};
const diskRelease: Question = {
  ...release,
  scenario: 'disk-release',
  targetCause: 'disk-release-fops',
  control: null,
  placements: ['builtin'],
};
const code = (objectSymbol: string) => ({ tailCall: false, instructions: [], objectSymbol });
const codes = { builtin: code('U'), 'in-module': code('T') };

const issue = (overrides: Partial<KnownIssue> = {}): KnownIssue => ({
  cause: 'disk-release-fops',
  function: 'disk_release',
  kernel: { from: '5.18', to: null },
  reference: 'https://example.org/1',
  ...overrides,
});
const crash = (overrides: Parameters<typeof result>[0] = {}): TrialResult =>
  result({
    outcome: 'crashed',
    findings: [
      { ...finding('disk-release-fops', 'BUG in disk_release'), function: 'disk_release' },
    ],
    ...overrides,
  });
const judge = (
  question: Question,
  trials: readonly TrialResult[],
  issues: readonly KnownIssue[] | null,
): RunResult =>
  summarise({ question, kernel, trials, codes, problems: [], known: issues, notes: [] });

describe('a known crash of the target cause', () => {
  it('stays open, and the exit code is 0 by the file only, which the reasons say', () => {
    const judged = judge(diskRelease, [crash()], [issue()]);
    expect(judged).toMatchObject({ verdict: 'open', exitCode: 0 });
    expect(judged.reasons.join('\n')).toContain('only because the known-issues file lists');
    expect(judged.reasons.join('\n')).toContain('known: disk-release-fops in disk_release (https');
    expect(judged.known).toMatchObject({ seen: [{ trials: ['builtin 0'] }], stale: [] });
  });

  it('is 1 without a file, with an empty one, and beside a crash that is not known', () => {
    expect(judge(diskRelease, [crash()], null)).toMatchObject({ exitCode: 1, known: null });
    expect(judge(diskRelease, [crash()], []).exitCode).toBe(1);
    const beside = result({ index: 1, outcome: 'crashed', findings: [finding('other')] });
    expect(judge(diskRelease, [crash(), beside], [issue()]).exitCode).toBe(1);
  });

  it.each([
    ['another function', { function: 'dm_free' }],
    ['another cause', { cause: 'other' as const }],
    ['another title', { title: 'BUG in something else' }],
    ['kernels before', { kernel: { from: null, to: '6.0' } }],
    ['kernels since', { kernel: { from: '6.1.193', to: null } }],
  ])('is not excused by an entry about %s', (_, overrides) => {
    expect(judge(diskRelease, [crash()], [issue(overrides)]).exitCode).toBe(1);
  });

  it.each([
    [{ from: '6.1', to: '6.1' }],
    [{ from: '6.1.192', to: '6.1.192' }],
    [{ from: null, to: null }],
    [{ from: '5.18', to: '6.12' }],
  ])('is excused in the range %o by the version of the package, not of the release', (range) => {
    expect(judge(diskRelease, [crash()], [issue({ kernel: range })]).exitCode).toBe(0);
  });
});

describe('a known crash of another cause', () => {
  const trials = [crash(), crashedControl()];

  it('does not spoil closed', () => {
    expect(judge(release, trials, null)).toMatchObject({ verdict: 'inconclusive', exitCode: 1 });
    expect(judge(release, trials, [issue()])).toMatchObject({ verdict: 'closed', exitCode: 0 });
  });

  it('leaves inconclusive what nothing is proven of', () => {
    const judged = judge(release, [crash({ reached: false }), crashedControl()], [issue()]);
    expect(judged).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
  });
});

describe('an entry that does not occur', () => {
  const survivors = [result(), crashedControl()];

  it('is stale when the run looked for it', () => {
    const judged = judge(diskRelease, [result()], [issue()]);
    expect(judged).toMatchObject({ verdict: 'closed', exitCode: 0, known: { stale: [issue()] } });
    expect(judged.reasons.join('\n')).toContain('stale: disk-release-fops in disk_release');
    expect(judge(release, survivors, [issue({ cause: 'other' })]).known?.stale).toHaveLength(1);
  });

  it('is not called stale by a scenario that cannot show it, or outside the window', () => {
    expect(judge(release, survivors, [issue()]).known).toMatchObject({
      stale: [],
      notLookedFor: [issue()],
    });
    expect(judge(diskRelease, [result({ reached: false })], [issue()]).known?.stale).toEqual([]);
  });

  it('is not mentioned for a kernel that it is not about', () => {
    const old = issue({ kernel: { from: null, to: '5.10' } });
    expect(judge(diskRelease, [result()], [old]).known).toEqual({
      seen: [],
      stale: [],
      notLookedFor: [],
    });
  });
});

describe('the formats', () => {
  const judged = judge(diskRelease, [crash()], [issue()]);

  it('skip the trial and name the entry', () => {
    expect(judged.trials.map((trial) => stateOf(trial, diskRelease))).toEqual(['skip']);
    const ktap = renderKtap(judged);
    expect(ktap).not.toMatch(/^\s*not ok/m);
    expect(ktap).toMatch(/SKIP known \(https:\/\/example.org\/1\)/);
  });

  it('tell it in JSON, and leave it out without a file', () => {
    expect(renderJson(judged, {})).toMatchObject({
      known: { seen: [{ trials: ['builtin 0'] }] },
      trials: [{ findings: [{ known: 'https://example.org/1' }] }],
    });
    expect(renderJson(judge(diskRelease, [crash()], null), {})).not.toHaveProperty('known');
  });

  const stale = issue({ function: 'dm_free', reference: 'https://example.org/2' });

  it('name what was seen and what is stale in JUnit, with the kernel’s build as data', () => {
    const build = { profiles: ['base'], config: null, commit: 'c0ffee', compiler: 'gcc 12.2.0' };
    const both = judge(diskRelease, [crash()], [issue(), stale]);
    const xml = renderJunit({ ...both, kernel: { ...kernel, build } });
    expect(xml).toMatch(/name="known-issue" value="known: disk-release-fops in disk_release/);
    expect(xml).toMatch(/name="known-issue" value="stale: disk-release-fops in dm_free/);
    expect(xml).toContain('&quot;commit&quot;:&quot;c0ffee&quot;');
    expect(xml).not.toContain('[object');
    expect(renderJunit(judge(diskRelease, [crash()], null))).not.toContain('known-issue');
  });

  it('never leave them out of the end screen, however many reasons there are', () => {
    const plain = (text: string): string => text;
    const paint: Paint = { good: plain, bad: plain, doubtful: plain, strong: plain, faint: plain };
    const both = judge(diskRelease, [crash()], [issue(), stale]);
    const many = ['a', 'b', 'c', 'd', 'e'].map((letter) => `reason ${letter}`);
    const text = renderText(
      { ...both, reasons: [...many, ...both.reasons] },
      { directory: '/run', manifest: null, paint },
    );
    expect(text).toContain('reason d');
    expect(text).not.toContain('reason e');
    expect(text).toContain('- known: disk-release-fops in disk_release');
    expect(text).toContain('- stale: disk-release-fops in dm_free');
  });
});
