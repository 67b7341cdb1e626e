// SPDX-License-Identifier: MIT
// The script of the HTML report: draws the timelines again to the window's width, zooms and pans
// them, and shows what is under the pointer. Without it the page is whole, only still.
import { type Selection, select } from 'd3-selection';
import { type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import {
  type DomainMs,
  drawTimeline,
  dropDomain,
  leftPx,
  raceDomain,
  wholeDomain,
  windowDomain,
} from '../timeline/chart.js';
import type { Timeline } from '../timeline/model.js';

/** Where a picture's time axis ends on the right; see timeline/chart.ts. */
const RIGHT_PX = 16;
/** Width for paper: small enough that its letters stay legible when it is fitted to the page. */
const PRINT_PX = 760;
const MOST_ZOOM = 20_000;

const VIEWS: Readonly<Record<string, (timeline: Timeline) => DomainMs | null>> = {
  race: raceDomain,
  drop: dropDomain,
  window: windowDomain,
  whole: wholeDomain,
};

class Picture {
  readonly #chart: HTMLElement;
  readonly #zoom: ZoomBehavior<HTMLElement, unknown>;
  readonly #selection: Selection<HTMLElement, unknown, null, undefined>;
  #timeline: Timeline;
  #domain: DomainMs;
  #transform: ZoomTransform = zoomIdentity;
  #frame = 0;

  constructor(
    figure: HTMLElement,
    timelines: readonly Timeline[],
    chart: HTMLElement,
    first: Timeline,
  ) {
    this.#chart = chart;
    this.#timeline = first;
    this.#domain = raceDomain(first);
    figure.classList.add('live');
    chart.tabIndex = 0;
    this.#selection = select(chart);
    this.#zoom = zoom<HTMLElement, unknown>()
      .scaleExtent([1, MOST_ZOOM])
      // The wheel alone scrolls the page, as everywhere else.
      .filter((event: WheelEvent | MouseEvent) =>
        event.type === 'wheel' ? event.ctrlKey || event.shiftKey : !event.button,
      )
      .on('zoom', ({ transform }: { transform: ZoomTransform }) => {
        this.#transform = transform;
        this.#soon();
      });
    this.#selection.call(this.#zoom);
    for (const button of figure.querySelectorAll<HTMLButtonElement>('button[data-view]')) {
      button.addEventListener('click', () => this.#show(button.dataset.view ?? 'race'));
    }
    figure.querySelector('select')?.addEventListener('change', (event) => {
      const index = Number((event.target as HTMLSelectElement).value);
      this.#timeline = timelines.find((timeline) => timeline.index === index) ?? this.#timeline;
      this.#show('race');
    });
    chart.addEventListener('keydown', (event) => {
      const by = { '+': 1.5, '=': 1.5, '-': 1 / 1.5 }[event.key];
      if (by !== undefined) this.#selection.call(this.#zoom.scaleBy, by);
      const side = { ArrowLeft: 80, ArrowRight: -80 }[event.key];
      if (side !== undefined) {
        this.#selection.call(this.#zoom.translateBy, side / this.#transform.k, 0);
        event.preventDefault();
      }
    });
    this.#show('race');
  }

  /** Everything there is, which a transform of 1 shows. */
  get #base(): DomainMs {
    return wholeDomain(this.#timeline);
  }

  get #widthPx(): number {
    return Math.max(280, Math.floor(this.#chart.clientWidth));
  }

  #show(view: string): void {
    if (view === 'in' || view === 'out') {
      this.#selection.call(this.#zoom.scaleBy, view === 'in' ? 2 : 0.5);
      return;
    }
    const wanted = VIEWS[view]?.(this.#timeline) ?? raceDomain(this.#timeline);
    this.#goTo(wanted);
  }

  /** The transform under which the picture shows a domain. */
  #goTo([from, to]: DomainMs): void {
    const [left, right] = [leftPx(this.#widthPx), this.#widthPx - RIGHT_PX];
    const base = this.#base;
    const [start, end] = [Math.max(from, base[0]), Math.min(to, base[1])];
    const span = base[1] - base[0];
    const k = span / Math.max(end - start, span / MOST_ZOOM);
    const x = left - k * (left + ((start - base[0]) / span) * (right - left));
    this.#zoom.extent([
      [left, 0],
      [right, 1],
    ]);
    this.#zoom.translateExtent([
      [left, 0],
      [right, 1],
    ]);
    this.#selection.call(this.#zoom.transform, zoomIdentity.translate(x, 0).scale(k));
  }

  #soon(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.draw());
  }

  /** Draws what the transform shows; `forPaper` draws the race at paper's width. */
  draw(forPaper = false): void {
    const widthPx = forPaper ? PRINT_PX : this.#widthPx;
    const [left, right] = [leftPx(this.#widthPx), this.#widthPx - RIGHT_PX];
    const base = this.#base;
    const at = (pixel: number): number =>
      base[0] + ((this.#transform.invertX(pixel) - left) / (right - left)) * (base[1] - base[0]);
    this.#domain = [at(left), at(right)];
    const domain = forPaper ? raceDomain(this.#timeline) : this.#domain;
    const drawing = drawTimeline(this.#timeline, { document, widthPx, domain });
    this.#chart.replaceChildren(drawing as unknown as Node);
  }

  /** Draws for another width of the window, with the same stretch of time. */
  resize(): void {
    this.#goTo(this.#domain);
  }
}

/** Shows the title of what is under the pointer at once; the browser's own takes a second. */
function tips(): void {
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.hidden = true;
  document.body.append(tip);
  document.addEventListener('pointermove', ({ target, clientX, clientY }) => {
    const title =
      target instanceof Element && target.closest('.chart')
        ? target.querySelector(':scope > title')
        : null;
    tip.hidden = title === null;
    if (title === null) return;
    tip.textContent = title.textContent;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(clientX + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${clientY + height + 24 > innerHeight ? clientY - height - 12 : clientY + 16}px`;
  });
}

function start(): void {
  const data = document.getElementById('timelines')?.textContent ?? '[]';
  const all = JSON.parse(data) as Timeline[]; // written by the same version, html/page.tsx
  const pictures: Picture[] = [];
  for (const figure of document.querySelectorAll<HTMLElement>('figure.timeline')) {
    const mine = all.filter((timeline) => timeline.placement === figure.dataset.placement);
    const chart = figure.querySelector<HTMLElement>('.chart');
    const [first] = mine;
    if (first && chart) pictures.push(new Picture(figure, mine, chart, first));
  }
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    for (const picture of pictures) picture.resize();
  });
  const paper = matchMedia('print');
  paper.addEventListener('change', () => {
    for (const picture of pictures) picture.draw(paper.matches);
  });
  tips();
}

start();
