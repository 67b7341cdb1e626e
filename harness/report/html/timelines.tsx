// SPDX-License-Identifier: MIT
import { PLACEMENTS } from '../../model/placement.js';
import { newDocument } from '../dom.js';
import { drawTimeline, dropDomain, raceDomain } from '../timeline/chart.js';
import type { Timeline } from '../timeline/model.js';

const WIDTH_PX = 1180;

/**
 * One picture a placement. It is drawn here, so that it is there without a script and in print; the
 * page's script draws it again to the window's width and lets it be zoomed.
 */
export function Timelines({ timelines, all }: { timelines: readonly Timeline[]; all: number }) {
  if (timelines.length === 0) return null;
  return (
    <section>
      <h2>Timeline</h2>
      <p class="note">
        From the guest’s scheduler trace. <Key class="runs" says="has the CPU" />{' '}
        <Key class="ready" says="runnable, another has the CPU" />{' '}
        <Key class="blocked" says="blocked (state D)" />{' '}
        <Key class="preempted" says="the holder, preempted inside complete()" />{' '}
        <Key
          class="unload"
          says={`delete_module(${timelines[0]?.module}); its line is module_free`}
        />{' '}
        <span class="nowrap">
          <span class="cross">✕</span> crash
        </span>
      </p>
      {PLACEMENTS.map((placement) => (
        <Placement of={timelines.filter((timeline) => timeline.placement === placement)} />
      ))}
      {timelines.length < all && (
        <p class="note">
          {timelines.length} of {all} trials are drawn here; <code>dmrace report --trial NAME</code>{' '}
          draws another.
        </p>
      )}
    </section>
  );
}

const Key = ({ class: name, says }: { class: string; says: string }) => (
  <span class="nowrap">
    <i class={`key ${name}`} />
    {says}
  </span>
);

function Placement({ of }: { of: readonly Timeline[] }) {
  const [first] = of;
  if (!first) return null;
  return (
    <figure class="timeline" data-placement={first.placement}>
      <figcaption>
        <h3>{first.placement}</h3>
        {of.length > 1 ? (
          <select aria-label={`trial of ${first.placement}`}>
            {of.map(({ index, outcome }) => (
              <option value={index}>
                trial {index}: {outcome}
              </option>
            ))}
          </select>
        ) : (
          <span class="trial">
            trial {first.index}: {first.outcome}
          </span>
        )}
        <fieldset class="zoom" aria-label="zoom">
          <button type="button" data-view="race">
            steps 1 to 10
          </button>
          <button type="button" data-view="drop">
            5 to 7
          </button>
          <button type="button" data-view="window">
            7 to 10
          </button>
          <button type="button" data-view="whole">
            whole trace
          </button>
          <button type="button" data-view="in" aria-label="zoom in">
            +
          </button>
          <button type="button" data-view="out" aria-label="zoom out">
            −
          </button>
        </fieldset>
      </figcaption>
      <div class="chart" dangerouslySetInnerHTML={{ __html: drawn(first, false) }} />
      {dropDomain(first) && (
        <div class="closeup">
          <p class="note">Close-up of steps 5 to 7</p>
          <div class="chart" dangerouslySetInnerHTML={{ __html: drawn(first, true) }} />
        </div>
      )}
      {!first.consoleExact && first.console.length > 0 && (
        <p class="note">
          This trace has no lines of printk: the console lies at printk’s own times, which may be
          some way from the trace’s.
        </p>
      )}
    </figure>
  );
}

// The only text that goes into the page unescaped: linkedom wrote it from elements that Plot made.
function drawn(timeline: Timeline, closeUp: boolean): string {
  const domain = (closeUp ? dropDomain(timeline) : null) ?? raceDomain(timeline);
  return drawTimeline(timeline, {
    document: newDocument(),
    widthPx: WIDTH_PX,
    domain,
    onlyBusy: closeUp,
  }).outerHTML;
}
