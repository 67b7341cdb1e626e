// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { z } from 'zod';
import { renderPerfetto } from '../../../harness/report/perfetto.js';
import { renderSvg } from '../../../harness/report/svg.js';
import { evidenceOf } from './support.js';

const trials = [evidenceOf('builtin'), evidenceOf('in-module')];

describe('the stand-alone SVG', () => {
  const svg = renderSvg(trials, 'closed <& "x"');

  it('is well-formed XML with every step of both placements', async () => {
    const checked = await validateXML({
      xml: [{ fileName: 'x.svg', contents: svg }],
      normalization: 'format',
    } as never);
    expect(checked.errors).toEqual([]);
    for (let step = 1; step <= 10; step++) {
      expect(svg.split(`data-step="${step}"`).length - 1).toBeGreaterThanOrEqual(2);
    }
  });

  it('needs nothing from outside and runs nothing', () => {
    expect(svg).not.toMatch(/<script|href=|url\(|@import|src=/);
    expect(svg).toContain('closed &lt;&amp; "x"');
  });
});

/** The Trace Event Format document, sections "JSON Object Format" and "Event Descriptions". */
const Base = z.object({ name: z.string().min(1), pid: z.int(), tid: z.int() });
const Ts = Base.extend({ ts: z.number().nonnegative() });
const Events = z.object({
  traceEvents: z.array(
    z.discriminatedUnion('ph', [
      Base.extend({
        ph: z.literal('M'),
        args: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
      Ts.extend({ ph: z.literal('X'), dur: z.number().nonnegative() }),
      Ts.extend({ ph: z.literal('i'), s: z.enum(['t', 'p', 'g']) }),
      Ts.extend({ ph: z.literal('s'), id: z.int(), cat: z.string() }),
      Ts.extend({ ph: z.literal('f'), id: z.int(), cat: z.string(), bp: z.literal('e') }),
    ]),
  ),
});

describe('the Chrome trace', () => {
  const { traceEvents } = Events.parse(JSON.parse(renderPerfetto(trials)));

  it('names a process for each trial and a thread for each lane', () => {
    const names = traceEvents.filter((e) => e.ph === 'M' && e.name === 'process_name');
    expect(names.map((e) => (e.ph === 'M' ? e.args.name : ''))).toEqual([
      'builtin #0',
      'in-module #0',
    ]);
    const threads = traceEvents.filter(
      (e) => e.ph === 'M' && e.name === 'thread_name' && e.pid === 1,
    );
    expect(threads.map((e) => (e.ph === 'M' ? e.args.name : ''))).toEqual(
      expect.arrayContaining(['holder', 'remover', 'load', 'rcu_preempt', 'console']),
    );
  });

  it('has slices that do not cross within a thread, which the format forbids', () => {
    const slices = traceEvents.filter((e) => e.ph === 'X');
    expect(slices.length).toBeGreaterThan(100);
    for (const a of slices) {
      for (const b of slices) {
        if (a === b || a.pid !== b.pid || a.tid !== b.tid) continue;
        const crosses = a.ts < b.ts && b.ts < a.ts + a.dur && a.ts + a.dur < b.ts + b.dur;
        expect(crosses).toBe(false);
      }
    }
  });

  it('has the ten steps as instants and the two ends of every flow', () => {
    for (const pid of [1, 2]) {
      const steps = traceEvents.filter(
        (e) => e.ph === 'i' && e.pid === pid && /^step \d+: /.test(e.name),
      );
      expect(steps).toHaveLength(10);
    }
    const ids = (ph: string) =>
      traceEvents.filter((e) => e.ph === ph).map((e) => ('id' in e ? e.id : -1));
    expect(ids('s').length).toBeGreaterThan(20);
    expect(ids('s')).toEqual(ids('f'));
  });
});
