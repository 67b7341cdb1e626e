// SPDX-License-Identifier: MIT

import { PLACEMENTS } from '../model/placement.js';
import { newDocument } from './dom.js';
import { chosen, type TrialEvidence } from './evidence.js';
import { timelineOf } from './timeline/build.js';
import { type DomainMs, drawTimeline, dropDomain, raceDomain } from './timeline/chart.js';
import type { Timeline } from './timeline/model.js';

const WIDTH_PX = 1100;

/** Colours on white, the same in every viewer: an image in a README knows nothing of its page. */
const STYLE = `
  :root { --holder: #b45309; --remover: #1d4ed8; --load: #7e22ce; --kthread: #52606f;
    --other: #94a3b8; --console: #475569; --bad: #c81e1e; --unload: #0d9488;
    --unload-text: #0f766e; --hairline: #e2e8f0; --ink: #16202c; --on-flag: #fff }
  text { font-family: system-ui, -apple-system, "Segoe UI", sans-serif }
  .title { font-size: 14px; font-weight: 600 } .note { font-size: 11px; fill: #475569 }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A picture placed at a height, without Plot's style sheet, which would size nested pictures. */
function placed(svg: string, y: number): { text: string; heightPx: number } {
  const heightPx = Number(/ height="(\d+)"/.exec(svg)?.[1] ?? 0);
  const text = svg.replace(/<style>.*?<\/style>/s, '').replace('<svg ', `<svg x="0" y="${y}" `);
  return { text, heightPx };
}

/**
 * The timelines of one trial of each placement as an SVG file of its own: white ground, no script,
 * nothing from outside. Each is followed by a close-up of steps 5 to 7.
 */
export function renderSvg(trials: readonly TrialEvidence[], heading: string): string {
  const timelines = PLACEMENTS.flatMap((placement) => chosen(trials, placement, 1)).map(
    ({ files, result }) => timelineOf(files, result),
  );
  const document = newDocument();
  const parts: string[] = [];
  let y = 26;
  const write = (text: string, name: string): void => {
    parts.push(`<text x="12" y="${y}" class="${name}">${escaped(text)}</text>`);
    y += 8;
  };
  const draw = (timeline: Timeline, domain: DomainMs, onlyBusy: boolean): void => {
    const options = { document, widthPx: WIDTH_PX, domain, onlyBusy };
    const { text, heightPx } = placed(drawTimeline(timeline, options).outerHTML, y);
    parts.push(text);
    y += heightPx;
  };
  write(heading, 'title');
  for (const timeline of timelines) {
    y += 20;
    write(`${timeline.placement}: ${ENDING[timeline.outcome]}`, 'title');
    draw(timeline, raceDomain(timeline), true);
    const drop = dropDomain(timeline);
    if (!drop) continue;
    y += 12;
    write(
      'close-up: the last reference is dropped, complete() is called, the holder is preempted',
      'note',
    );
    draw(timeline, drop, true);
  }
  y += 18;
  write(LEGEND, 'note');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH_PX} ${y}" width="${WIDTH_PX}" height="${y}" role="img" aria-label="${escaped(heading).replaceAll('"', '&quot;')}">
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

const ENDING = {
  survived: 'the holder returned, nothing happened',
  crashed: 'the kernel crashed',
  'not-reached': 'the window was not reached',
  lost: 'the trial was lost',
} as const;

const LEGEND =
  'filled: has the CPU. dashed line: runnable, another has the CPU. solid line: blocked (D). shaded: the holder, preempted inside complete(). ✕: crash.';
