// SPDX-License-Identifier: MIT
import * as Plot from '@observablehq/plot';
import { type DomDocument, FLAG_ROOM_PX, flagMark } from './marks.js';
import { CONSOLE_LANE, type LaneKind, type Segment, type Timeline } from './model.js';

/** An SVG element, of a browser or of linkedom; this module is used with both. */
export interface Drawing {
  readonly outerHTML: string;
}

/** Milliseconds after {@link Timeline.zeroUs}. */
export type DomainMs = readonly [number, number];

/** How a timeline is drawn. */
export interface ChartOptions {
  /** Where elements are made: the browser's document, or linkedom's. */
  readonly document: DomDocument;
  readonly widthPx: number;
  readonly domain: DomainMs;
  /** Leave out lanes in which nothing happens within the domain; for close-ups. */
  readonly onlyBusy?: boolean;
}

/** Colour of a lane, as a custom property of the page or of the stand-alone SVG. */
export const laneColour = (kind: LaneKind): string => `var(--${kind})`;

const LANE_PX = 21;
const AXIS_PX = 34;
const RIGHT_PX = 16;

/** Left margin: what the lanes' names take. */
export const leftPx = (widthPx: number): number => (widthPx < 560 ? 78 : 112);

const ms = (timeline: Timeline, us: number): number => (us - timeline.zeroUs) / 1000;

/** What is worth looking at first: all steps, and the crash, with some air. */
export function raceDomain(timeline: Timeline): DomainMs {
  const at = [
    ...timeline.steps.map((step) => step.atUs),
    ...timeline.crashes.map((crash) => crash.atUs),
    ...(timeline.unload ? [timeline.unload.endUs] : []),
  ].map((us) => ms(timeline, us));
  if (at.length < 2) return wholeDomain(timeline);
  return air([Math.min(...at), Math.max(...at)], 0.04);
}

/** From the trace's first event to its last, or the console's last line. */
export function wholeDomain(timeline: Timeline): DomainMs {
  const [from, to] = [ms(timeline, timeline.startUs), ms(timeline, timeline.endUs)];
  return to > from ? air([from, to], 0.01) : [from, from + 1];
}

/** The close-up of what the race turns on: from step 5 to step 7. Null when they are not proven. */
export function dropDomain(timeline: Timeline): DomainMs | null {
  return between(timeline, 5, 7, 0.45);
}

/** From the holder's preemption to its return: steps 7 to 10. Null when they are not proven. */
export function windowDomain(timeline: Timeline): DomainMs | null {
  return between(timeline, 7, 10, 0.05) ?? between(timeline, 7, 9, 0.05);
}

function between(timeline: Timeline, from: number, to: number, share: number): DomainMs | null {
  const first = timeline.steps.find((step) => step.step === from);
  const last = timeline.steps.find((step) => step.step === to);
  if (!first || !last) return null;
  return air([ms(timeline, first.atUs), ms(timeline, last.atUs)], share);
}

const air = ([from, to]: DomainMs, share: number): DomainMs => {
  const room = Math.max((to - from) * share, 0.001);
  return [from - room, to + room];
};

/** Height of a picture of so many lanes. */
const heightPx = (lanes: number): number => FLAG_ROOM_PX + lanes * LANE_PX + AXIS_PX;

/** Whether anything but waiting lies within the domain. */
function busy(timeline: Timeline, lane: string, [from, to]: DomainMs): boolean {
  const inside = (startUs: number, endUs: number): boolean =>
    ms(timeline, endUs) >= from && ms(timeline, startUs) <= to;
  return (
    timeline.segments.some(
      (s) => s.lane === lane && s.is === 'runs' && inside(s.startUs, s.endUs),
    ) ||
    timeline.steps.some((step) => step.lane === lane && inside(step.atUs, step.atUs)) ||
    (lane === CONSOLE_LANE && timeline.console.some((tick) => inside(tick.atUs, tick.atUs)))
  );
}

/** Draws a timeline. Colours are custom properties: see `style.css` of the report. */
export function drawTimeline(whole: Timeline, options: ChartOptions): Drawing {
  const { document, widthPx, domain, onlyBusy = false } = options;
  const lanes = whole.lanes.filter((lane) => !onlyBusy || busy(whole, lane.id, domain));
  const drawn = new Set(lanes.map((lane) => lane.id));
  const timeline = {
    ...whole,
    lanes,
    segments: whole.segments.filter((segment) => drawn.has(segment.lane)),
    console: drawn.has(CONSOLE_LANE) ? whole.console : [],
  };
  const left = leftPx(widthPx);
  const at = (us: number): number => ms(timeline, us);
  const label = new Map(timeline.lanes.map((lane) => [lane.id, lane.label]));
  const room = Math.floor(left / 6.6) - 1;
  return Plot.plot({
    document: document as Plot.PlotOptions['document'] & DomDocument,
    width: widthPx,
    height: heightPx(lanes.length),
    marginLeft: left,
    marginRight: RIGHT_PX,
    marginTop: FLAG_ROOM_PX,
    marginBottom: AXIS_PX,
    style: { fontSize: '11px' },
    x: { domain: [...domain], label: 'ms after step 1', ticks: widthPx < 560 ? 4 : 10 },
    y: {
      type: 'band',
      domain: timeline.lanes.map((lane) => lane.id),
      padding: 0.18,
      label: null,
      tickSize: 0,
      tickFormat: (id: string) => clip(label.get(id) ?? id, room),
    },
    marks: [
      unloadBand(timeline, domain, at),
      Plot.ruleY(
        timeline.lanes.map((lane) => lane.id),
        { y: (id: string) => id, stroke: 'var(--hairline)' },
      ),
      timeline.lanes.map((lane) => {
        const mine = timeline.segments.filter((segment) => segment.lane === lane.id);
        return laneMarks(mine, laneColour(lane.kind), domain, at);
      }),
      preemptedMark(timeline, domain, at),
      consoleMarks(timeline, domain, at),
      flagMark(timeline, domain, at),
    ],
  });
}

const clip = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** A stretch of time cut to what is shown; Plot would draw it over the margins. */
interface Shown {
  readonly lane: string;
  readonly from: number;
  readonly to: number;
  readonly says: string;
}

type At = (us: number) => number;

function shown(segments: readonly Segment[], domain: DomainMs, at: At): Shown[] {
  return segments.flatMap((segment) => {
    const [from, to] = [at(segment.startUs), at(segment.endUs)];
    if (to < domain[0] || from > domain[1]) return [];
    const says = `${segment.says}\n${from.toFixed(3)} to ${to.toFixed(3)} ms: ${(to - from).toFixed(3)} ms`;
    const cut = { from: Math.max(from, domain[0]), to: Math.min(to, domain[1]) };
    return [{ lane: segment.lane, ...cut, says }];
  });
}

const X = { x1: 'from', x2: 'to', y: 'lane', title: 'says' } as const;

/** Full height: has the CPU. A solid line: state D. A dashed line: runnable, another runs. */
function laneMarks(
  segments: readonly Segment[],
  colour: string,
  domain: DomainMs,
  at: At,
): Plot.Markish[] {
  const of = (is: Segment['is']): Shown[] =>
    shown(
      segments.filter((segment) => segment.is === is),
      domain,
      at,
    );
  return [
    Plot.ruleY(of('blocked'), { ...X, stroke: colour, strokeWidth: 3, strokeOpacity: 0.4 }),
    Plot.ruleY(of('ready'), { ...X, stroke: colour, strokeWidth: 1.5, strokeDasharray: '3,2' }),
    Plot.barX(of('runs'), { ...X, fill: colour, stroke: colour, strokeWidth: 0.6 }),
  ];
}

function preemptedMark({ preempted }: Timeline, domain: DomainMs, at: At): Plot.Markish {
  return Plot.barX(preempted ? shown([preempted], domain, at) : [], {
    ...X,
    fill: 'var(--holder)',
    fillOpacity: 0.2,
    stroke: 'var(--holder)',
    strokeDasharray: '4,2',
  });
}

function unloadBand({ unload, module }: Timeline, domain: DomainMs, at: At): Plot.Markish[] {
  if (!unload) return [];
  const band = {
    startUs: unload.startUs,
    endUs: unload.endUs,
    lane: '',
    is: 'runs',
    cpu: 0,
  } as const;
  const says = `delete_module("${module}")`;
  const freed = unload.freedUs === null ? null : at(unload.freedUs);
  return [
    Plot.rectX(shown([{ ...band, says }], domain, at), {
      x1: 'from',
      x2: 'to',
      title: 'says',
      fill: 'var(--unload)',
      fillOpacity: 0.16,
    }),
    Plot.ruleX(freed !== null && freed >= domain[0] && freed <= domain[1] ? [freed] : [], {
      stroke: 'var(--unload)',
      strokeWidth: 1.5,
      title: () => `module_free: ${module}'s text is gone (${freed?.toFixed(3)} ms)`,
    }),
  ];
}

function consoleMarks(timeline: Timeline, domain: DomainMs, at: At): Plot.Markish[] {
  const inside = (tick: { readonly atUs: number }): boolean =>
    at(tick.atUs) >= domain[0] && at(tick.atUs) <= domain[1];
  const ticks = timeline.console.filter(inside).map((tick) => ({
    x: at(tick.atUs),
    lane: CONSOLE_LANE,
    crash: tick.crash,
    says: `console, ${at(tick.atUs).toFixed(3)} ms\n${tick.text}`,
  }));
  const draw = (crash: boolean): Plot.Markish =>
    Plot.tickX(
      ticks.filter((tick) => tick.crash === crash),
      { x: 'x', y: 'lane', title: 'says', stroke: crash ? 'var(--bad)' : 'var(--console)' },
    );
  return [draw(false), draw(true)];
}
