// SPDX-License-Identifier: MIT
import type { SweepResult } from '../../model/sweep.js';
import { sweepChart } from '../plots/sweep.js';

/** Every point at which the holder ran: the plot, and the table that it is drawn from. */
export function Sweep({ sweep: { points } }: { sweep: SweepResult }) {
  return (
    <section>
      <h2>Where the holder ran, and how it ended</h2>
      <figure>
        <figcaption>A row for each place where the remover blocked</figcaption>
        <div class="chart" dangerouslySetInnerHTML={{ __html: sweepChart(points) }} />
      </figure>
      <div class="scroll">
        <table class="trials">
          <thead>
            <tr>
              <th>placement</th>
              <th>point</th>
              <th>who</th>
              <th>waits in</th>
              <th>during</th>
              <th>ms after step 6</th>
              <th>outcome</th>
              <th>finding or reason</th>
            </tr>
          </thead>
          <tbody>
            {points.map(({ placement, point, block, sinceStep6Us, outcome, findings, missed }) => (
              <tr>
                <td>{placement}</td>
                <td>{point}</td>
                <td>{block?.who ?? ''}</td>
                <td>{block?.waitsIn ?? ''}</td>
                <td>{block?.phase ?? 'after the unload'}</td>
                <td>{sinceStep6Us === null ? '' : (sinceStep6Us / 1000).toFixed(3)}</td>
                <td class={outcome}>{outcome}</td>
                <td>{[...findings, ...(missed === null ? [] : [missed])].join('; ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
