// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../../harness/audit/findings.js';
import { type AuditCase, judgeAudit } from '../../../harness/judge/audit.js';
import { alarmsOf } from '../../../harness/judge/audit-baseline.js';
import type { KnownAudit } from '../../../harness/model/known.js';
import {
  audits,
  caseOf,
  EVIDENCE,
  goodControl,
  KERNEL,
  observed,
  visitOf,
} from '../../support/audit.js';

const judged = (more: Partial<AuditCase>) => judgeAudit(caseOf(more));
const live = (visits: AuditCase['evidence']['visits'], named: readonly string[] = []) =>
  judged({
    question: { static: false, live: true, named, planned: visits.length },
    evidence: { static: null, visits, planted: goodControl },
  });
const ANY = { from: null, to: null };

describe('the verdict of an audit', () => {
  it.each([
    ['found', 'found', 1],
    ['nothing seen', 'nothing-seen', 0],
    ['a control missed', 'inconclusive', 125],
    ['static only', 'nothing-seen', 0],
    ['known', 'found', 0],
  ])('of one that is %s', (name, verdict, exitCode) => {
    expect(audits[name]?.()).toMatchObject({ verdict, exitCode });
  });

  it.each([
    ['proven', 1],
    ['reachable', 1],
    ['pending', 0],
    ['waits', 0],
  ] as const)('%s gives exit code %i', (word, exitCode) => {
    const result = live([visitOf('a', [observed('work', word, { module: 'a', symbol: 'f' })])]);
    expect(result.exitCode).toBe(exitCode);
    expect(result.findings).toHaveLength(1);
  });

  it('is inconclusive where a twin is flagged, whatever else was found', () => {
    const planted = goodControl.map((one) =>
      one.twin && one.mistake === 'work'
        ? {
            ...one,
            visit: {
              ...one.visit,
              observations: [observed('work', 'pending', { module: 't', symbol: 'f' })],
            },
          }
        : one,
    );
    expect(judged({ evidence: { ...EVIDENCE, planted } })).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 125,
      reasons: expect.arrayContaining([
        'planted work: its correct twin was flagged in 1 of 1 visits',
      ]),
    });
  });

  it.each([
    ['without any planted module', []],
    ['without the twins', goodControl.filter(({ twin }) => !twin)],
    ['without the mistakes', goodControl.filter(({ twin }) => twin)],
    [
      'whose twin was never unloaded',
      goodControl.map((one) =>
        one.twin
          ? { ...one, visit: { ...one.visit, end: { is: 'lost', why: 'killed' } as const } }
          : one,
      ),
    ],
  ])('is inconclusive %s', (_, planted) => {
    expect(judged({ evidence: { ...EVIDENCE, planted } }).exitCode).toBe(125);
  });

  it('is inconclusive when nothing could be tried', () => {
    const result = live([visitOf('a', [], { end: { is: 'not-loaded', why: 'ENODEV' } })]);
    expect(result).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(result.reasons[0]).toMatch(/no module could be tried/);
  });

  it('does not mind a module of all that could not be tried, but one that was named', () => {
    const visits = [visitOf('a'), visitOf('b', [], { end: { is: 'builtin' } })];
    expect(live(visits).exitCode).toBe(0);
    expect(live(visits, ['a']).exitCode).toBe(0);
    expect(live(visits, ['b'])).toMatchObject({
      exitCode: 125,
      reasons: ['b could not be tried: it is part of the kernel image and cannot be unloaded'],
    });
  });

  it('is red where a named module could not be tried and another is proven', () => {
    const visits = [
      visitOf('a', [observed('work', 'proven', { module: 'a', symbol: 'f' })]),
      visitOf('b', [], { end: { is: 'builtin' } }),
    ];
    expect(live(visits, ['a', 'b']).exitCode).toBe(1);
  });

  it('is inconclusive when visits are missing, or the folder is damaged', () => {
    const question = { static: false, live: true, named: [], planned: 3 };
    const evidence = { static: null, visits: [visitOf('a')], planted: goodControl };
    expect(judged({ question, evidence }).exitCode).toBe(125);
    const whole = { question: { ...question, planned: 1 }, evidence };
    expect(judged(whole).exitCode).toBe(0);
    expect(judged({ ...whole, problems: ['visits.jsonl line 3 is damaged'] }).exitCode).toBe(125);
  });

  it('is inconclusive for a kernel without modules', () => {
    const question = { static: true, live: false, named: [], planned: 0 };
    expect(judged({ question, evidence: { static: [], visits: [], planted: [] } }).exitCode).toBe(
      125,
    );
  });
});

describe('known findings', () => {
  const known = (...entries: KnownAudit[]) => judged({ known: entries });
  const tun: KnownAudit = { fault: 'rcu-callback', module: 'tun', kernel: ANY, reference: 'r' };
  const classes: KnownAudit = {
    finding: 'class-release:class_release',
    kernel: ANY,
    reference: 's',
  };

  it('excuse what they name, and no more', () => {
    expect(known(tun, classes).exitCode).toBe(0);
    expect(known(tun).exitCode).toBe(1);
    expect(known(classes).exitCode).toBe(1);
  });

  it('of a fault and a module excuse that module only', () => {
    const one: KnownAudit = { ...tun, fault: 'class-release', module: 'ublk_drv' };
    const result = known(tun, one);
    expect(result.exitCode).toBe(1);
    const [shared] = result.findings;
    expect(shared?.modules.map(({ module, known }) => [module, known])).toEqual([
      ['brd_class_a', undefined],
      ['ublk_drv', 'r'],
    ]);
  });

  it('excuse nothing in a folder that is damaged', () => {
    const problems = ['visits.jsonl line 3 is damaged'];
    expect(judged({ known: [tun, classes], problems }).exitCode).toBe(1);
  });

  it('of other kernels excuse nothing', () => {
    const kernel = { from: '6.13', to: null };
    expect(known({ ...tun, kernel }, { ...classes, kernel }).exitCode).toBe(1);
  });

  it('that were tried and not seen are stale; of others nothing is said', () => {
    const stale: KnownAudit = { ...tun, fault: 'timer', module: 'act_pedit' };
    const unseen: KnownAudit = { ...tun, module: 'sch_taprio' };
    const failed: KnownAudit = { ...tun, module: 'iwlwifi' };
    const report = known(stale, unseen, failed).known;
    expect(report).toEqual({ seen: [], stale: [stale], notLookedFor: [unseen, failed] });
  });
});

describe('a baseline', () => {
  const baseline = (findings = findingsOf(EVIDENCE, '6.11')) => ({
    folder: 'before',
    release: '6.11',
    alarms: alarmsOf(findings),
  });

  it('that has all of it makes the exit code 0', () => {
    const result = judged({ baseline: baseline() });
    expect(result).toMatchObject({ verdict: 'found', exitCode: 0 });
    expect(result.findings[0]?.kernels).toEqual([KERNEL.release, '6.11']);
  });

  it('is red on a module that is new in a finding that is not', () => {
    const [, ...others] = EVIDENCE.visits;
    const before = findingsOf({ ...EVIDENCE, visits: others }, '6.11');
    expect(judged({ baseline: baseline(before) })).toMatchObject({
      exitCode: 1,
      baseline: { fresh: [{ finding: 'rcu-callback:tun:tun_prog_free', module: 'tun' }] },
    });
  });

  it('tells what is gone, and what was not looked for', () => {
    const gone = visitOf('act_pedit', [
      observed('work', 'proven', { module: 'act_pedit', symbol: 'f' }),
    ]);
    const unseen = visitOf('dummy', [observed('work', 'proven', { module: 'dummy', symbol: 'f' })]);
    const visits = [...EVIDENCE.visits, gone, unseen];
    const result = judged({ baseline: baseline(findingsOf({ ...EVIDENCE, visits }, '6.11')) });
    expect(result.baseline).toMatchObject({
      fresh: [],
      gone: [{ module: 'act_pedit' }],
      notLookedFor: [{ module: 'dummy' }],
    });
    expect(result.reasons).toContain(
      'gone since the baseline (6.11): work:act_pedit:f in act_pedit',
    );
  });
});
