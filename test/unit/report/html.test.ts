// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundlePage } from '../../../harness/bundle.mjs';
import { summarise } from '../../../harness/judge/summary.js';
import type { SweepPoint, SweepResult } from '../../../harness/model/sweep.js';
import type { RunEvidence, TrialEvidence } from '../../../harness/report/evidence.js';
import { type PageParts, renderPage } from '../../../harness/report/html/page.js';
import { evidenceOf } from './support.js';

let parts: PageParts;
beforeAll(async () => {
  parts = await bundlePage();
});

const KERNEL = {
  spec: 'debian',
  release: '6.1.0-56-cloud-amd64',
  arch: 'x86_64',
  preempt: 'PREEMPT_DYNAMIC, booted with preempt=full',
  configSha256: '00',
  version: 'Debian 6.1.192-2',
} as const;

const CODES = {
  builtin: { tailCall: true, instructions: ['10: jmp 20 <complete>'], objectSymbol: 'U' },
  'in-module': {
    tailCall: false,
    instructions: ['10: call 20 <complete>', '14: ret'],
    objectSymbol: 'T',
  },
} as const;

function page(
  trials: readonly TrialEvidence[],
  over: Partial<RunEvidence> = {},
  sweep?: SweepResult,
): string {
  const judged = summarise({
    question: {
      scenario: 'release',
      recipe: 'release-return',
      targetCause: 'release-in-unloaded-text',
      control: 'in-module',
      trials: 1,
      placements: ['builtin', 'in-module'],
    },
    kernel: KERNEL,
    trials: trials.filter((trial) => !trial.damaged).map((trial) => trial.result),
    codes: CODES,
    problems: over.damage?.map((d) => d.observed) ?? [],
    known: null,
    notes: [],
  });
  const result = { ...judged, ...(sweep === undefined ? {} : { sweep }) };
  const evidence = {
    trials,
    damage: [],
    startedAt: null,
    dmrace: '0',
    accel: 'tcg',
    ...over,
  };
  return renderPage({ result, evidence, directory: '/tmp/r', parts });
}

const both = (): TrialEvidence[] => [evidenceOf('builtin'), evidenceOf('in-module')];

describe('the HTML report', () => {
  it('of a sweep has a mark and a row for each point, and says what was missed', () => {
    const block = {
      number: 1,
      who: 'dmsetup',
      waitsIn: '__wait_rcu_gp',
      atUs: 1,
    } as const;
    const point: SweepPoint = {
      placement: 'builtin',
      point: 1,
      block: { ...block, stack: [], phase: 'removal' },
      sinceStep6Us: 1500,
      outcome: 'survived',
      findings: [],
      targetCrash: false,
      missed: null,
      trial: 'builtin-1',
    };
    const missed: SweepPoint = { ...point, point: 2, outcome: 'missed', missed: 'ran <early>' };
    const sweep: SweepResult = {
      verdict: 'inconclusive',
      reasons: [],
      exitCode: 125,
      blocks: { builtin: 2 },
      points: [point, missed],
    };
    const { document } = parseHTML(page(both(), {}, sweep));
    const text = document.querySelector('main')?.textContent ?? '';
    expect(text).toContain('dmsetup__wait_rcu_gpremoval1.500survived');
    expect(text).toContain('ran <early>');
    expect(document.querySelector('h1')?.textContent).toContain('survives at every point');
    expect(document.querySelector('.placements')).toBeNull();
    expect(page(both())).not.toContain('Where the holder ran');
  });

  it('says between what bounds the crash rate lies', () => {
    const { document } = parseHTML(page(both()));
    const row = [...document.querySelectorAll('.placements tr')].find((r) =>
      r.textContent?.startsWith('crash rate'),
    );
    expect(row?.textContent).toBe('crash rate, 95 %0 to 79 %21 to 100 %');
  });

  it('has the verdict, every step with its evidence, both codes and QEMU’s command line', () => {
    const { document } = parseHTML(page(both()));
    expect(document.querySelector('h1')?.textContent).toMatch(/^closed The builtin/);
    for (let step = 1; step <= 10; step++) {
      const item = document.querySelector(`li[data-step="${step}"]`);
      expect(item?.querySelectorAll('pre')).toHaveLength(2);
      expect(
        document.querySelectorAll(`.chart [data-step="${step}"]`).length,
      ).toBeGreaterThanOrEqual(2);
    }
    const text = document.querySelector('main')?.textContent ?? '';
    expect(text).toContain('jmp 20 <complete>');
    expect(text).toContain('call 20 <complete>');
    expect(text).toContain('qemu-system-x86_64 -smp 1');
    expect(text).toContain(
      'dmrace run --kernel debian --scenario release --placement both --trials 1 --seed 1',
    );
  });

  it('names what the console could not: the address in the unloaded module', () => {
    const { document } = parseHTML(page(both()));
    const marks = [...document.querySelectorAll('.crash mark')].map((mark) => mark.textContent);
    expect(marks).toContain('dm_kobject_release+0xe [unloaded dm_mod]');
  });

  it('lets no script run but its own, and nothing be fetched', () => {
    const html = page(both());
    const hash = createHash('sha256').update(parts.script).digest('base64');
    const { document } = parseHTML(html);
    const policy = document.querySelector('meta[http-equiv]')?.getAttribute('content') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${hash}'`);
    expect(parts.script).not.toMatch(/<\/script/i);
    expect(html.replace(parts.script, '')).not.toMatch(/\s(?:src|href|action)=/);
  });

  it('is of a size to attach to a mail', () => {
    expect(page(both()).length).toBeLessThan(900_000);
  });

  it.each([
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    ']]><!--',
    '"\'&lt;',
  ])('shows hostile text of console, records and trace as text: %s', (evil) => {
    const hostile = evidenceOf('in-module', (files) => ({
      ...files,
      console: Buffer.concat([
        Buffer.from(files.console),
        Buffer.from(
          `[   11.790000] BUG: kernel NULL pointer dereference, address: ${evil}\n[   11.790001] ${evil}\n`,
        ),
      ]),
      records: `${files.records}{"kind":"failed","us":1,"what":${JSON.stringify(evil)},"error":1,"message":${JSON.stringify(evil)}}\n`,
      trace: files.trace
        .replaceAll('kdevtmpfs', evil.slice(0, 9))
        .replaceAll('cmd: c138fd04', `cmd: c138fd04 ${evil}`),
    }));
    const html = page([evidenceOf('builtin'), { ...hostile, argv: evil }]);
    const { document } = parseHTML(html);
    expect(document.querySelectorAll('script')).toHaveLength(2);
    expect(document.querySelectorAll('img')).toHaveLength(0);
    expect(document.querySelectorAll('[onerror]')).toHaveLength(0);
    expect(document.querySelector('main')?.textContent).toContain(evil);
    const data = document.querySelector('#timelines')?.textContent ?? '';
    expect(JSON.parse(data)).toHaveLength(2);
    expect(JSON.stringify(JSON.parse(data))).toContain(JSON.stringify(evil).slice(1, -1));
  });

  it('says which file is damaged and what was expected, and never closed', () => {
    const file = 'builtin-0/trace.txt';
    const damage = [{ file, observed: 'trace.txt cannot be read', expected: 'the guest’s trace' }];
    const { document } = parseHTML(
      page([...both(), { ...evidenceOf('builtin'), damaged: true }], { damage }),
    );
    expect(document.querySelector('.verdict')?.textContent).toBe('inconclusive');
    const row = document.querySelector('.damaged tbody tr')?.textContent;
    expect(row).toContain(file);
    expect(row).toContain('the guest’s trace');
  });
});
