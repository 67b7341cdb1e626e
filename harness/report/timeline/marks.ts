// SPDX-License-Identifier: MIT
import type { RenderFunction } from '@observablehq/plot';
import { spread } from './flags.js';
import type { Timeline } from './model.js';

/** Room above the lanes for the flags of the steps and the words on the unload and the crash. */
export const FLAG_ROOM_PX = 58;

const RADIUS_PX = 8;
const FLAG_Y = 12;
const WORDS_Y = 44;

/**
 * The annotations: a numbered flag for each step with a line down to its lane, and the words at the
 * unload and at the crash. Plot has no mark that keeps labels apart, so this one is our own.
 */
export function flagMark(
  timeline: Timeline,
  domain: readonly [number, number],
  at: (us: number) => number,
): RenderFunction {
  const inside = (us: number): boolean => at(us) >= domain[0] && at(us) <= domain[1];
  const steps = timeline.steps.filter((step) => inside(step.atUs));
  return (_index, scales, _values, { width, height, marginBottom, marginLeft }, { document }) => {
    const x = (us: number): number => Number(scales.x?.(at(us)));
    const band = Number((scales.y as { bandwidth?: () => number } | undefined)?.bandwidth?.() ?? 0);
    const y = (lane: string): number => Number(scales.y?.(lane)) + band / 2;
    const bottom = height - marginBottom;
    const group = make(document, 'g', { 'aria-label': 'steps' });
    const add = (name: string, attributes: Attributes, text?: string, title?: string): void => {
      const element = make(document, name, attributes);
      if (text !== undefined) element.textContent = text;
      if (title !== undefined) {
        const child = make(document, 'title', {});
        child.textContent = title;
        element.append(child);
      }
      group.append(element);
    };

    for (const crash of timeline.crashes.filter((c) => inside(c.atUs))) {
      const [cx, cy] = [x(crash.atUs), y(crash.lane)];
      const path = `M${cx - 5},${cy - 5}l10,10m0,-10l-10,10`;
      const style = { stroke: 'var(--bad)', 'stroke-width': 2.5, fill: 'none' };
      add('path', { d: `M${cx},${WORDS_Y + 4}V${bottom}`, ...style, 'stroke-width': 1 });
      add('path', { d: path, ...style }, undefined, crash.title);
    }
    words(timeline, inside).forEach(({ us, text, colour }) => {
      const end = x(us) > marginLeft + 130; // there is room to its left
      const place = { x: x(us) + (end ? -4 : 4), y: WORDS_Y, 'text-anchor': end ? 'end' : 'start' };
      add('text', { ...place, fill: colour, 'font-size': 11 }, text);
    });

    const wanted = steps.map((step) => x(step.atUs));
    const places = spread(wanted, RADIUS_PX * 2 + 2, [RADIUS_PX + 2, width - RADIUS_PX - 2]);
    steps.forEach((step, number) => {
      const place = places[number] ?? 0;
      const true_ = wanted[number] ?? 0;
      const colour = `var(--${step.lane})`;
      const d = `M${place},${FLAG_Y + RADIUS_PX}L${true_},${FLAG_Y + RADIUS_PX + 12}V${y(step.lane)}`;
      const title = `step ${step.step}: ${step.says}\n${at(step.atUs).toFixed(3)} ms\n${step.evidence}`;
      add('path', { d, fill: 'none', stroke: colour, 'stroke-width': 1 });
      add('circle', { cx: true_, cy: y(step.lane), r: 2.6, fill: 'var(--ink)' }, undefined, title);
      const flag = { cx: place, cy: FLAG_Y, r: RADIUS_PX, fill: colour, stroke: 'none' };
      add('circle', { ...flag, 'data-step': step.step }, undefined, title);
      add(
        'text',
        {
          x: place,
          y: FLAG_Y,
          dy: '0.35em',
          'text-anchor': 'middle',
          fill: 'var(--on-flag)',
          'font-size': 10.5,
          'font-weight': 600,
          'pointer-events': 'none',
        },
        String(step.step),
      );
    });
    return group as unknown as ReturnType<RenderFunction>;
  };
}

/** What is written above the lanes; the crash and the unload are close, so each has its own line. */
function words(
  timeline: Timeline,
  inside: (us: number) => boolean,
): { us: number; text: string; colour: string }[] {
  const freed = timeline.unload?.freedUs ?? null;
  return freed !== null && inside(freed)
    ? [{ us: freed, text: `${timeline.module} unloaded`, colour: 'var(--unload-text)' }]
    : [];
}

type Attributes = Readonly<Record<string, string | number>>;

/** What is used of a document here; the browser's and linkedom's both have it. */
export interface DomDocument {
  createElementNS(space: string, name: string): Node;
}

/** The same of an element. */
interface Node {
  textContent: string | null;
  append(child: Node): void;
  setAttribute(name: string, value: string): void;
}

function make(document: unknown, name: string, attributes: Attributes): Node {
  const element = (document as DomDocument).createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
