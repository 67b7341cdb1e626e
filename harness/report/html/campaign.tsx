// SPDX-License-Identifier: MIT
import type { TrialResult } from '../../model/trial.js';
import type { RunResult } from '../../model/verdict.js';
import { durationsChart, stepTimesChart } from '../plots/campaign.js';

/** Rows of the table of trials; a campaign of thousands would make a page that nobody opens. */
const ROWS = 500;

/** All trials: plots when there are several of a placement, and the table. */
export function Campaign({ result }: { result: RunResult }) {
  const { trials } = result;
  if (trials.length === 0) return null;
  const several = new Set(trials.map((trial) => trial.index)).size > 1;
  const rows = trials.slice(0, ROWS);
  return (
    <section>
      <h2>All trials</h2>
      {several && (
        <div class="plots">
          <figure>
            <figcaption>Outcome and duration of each trial</figcaption>
            <div class="chart" dangerouslySetInnerHTML={{ __html: durationsChart(trials) }} />
          </figure>
          <figure>
            <figcaption>When each step took place, over all trials</figcaption>
            <div class="chart" dangerouslySetInnerHTML={{ __html: stepTimesChart(trials) }} />
          </figure>
        </div>
      )}
      <div class="scroll">
        <table class="trials">
          <thead>
            <tr>
              <th>trial</th>
              <th>seed</th>
              <th>outcome</th>
              <th>steps</th>
              <th>window, ms</th>
              <th>wall, s</th>
              <th>finding or reason</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((trial) => (
              <tr>
                <td>
                  {trial.placement} #{trial.index}
                </td>
                <td>{trial.seed}</td>
                <td class={trial.outcome}>{trial.outcome}</td>
                <td>{trial.steps.length}</td>
                <td>{windowMs(trial)}</td>
                <td>{(trial.durationMs / 1000).toFixed(1)}</td>
                <td>
                  {[...trial.findings.map((f) => f.resolved ?? f.title), ...trial.reasons].join(
                    '; ',
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {trials.length > ROWS && (
        <p class="note">
          {ROWS} of {trials.length} trials are listed; the run directory has all.
        </p>
      )}
    </section>
  );
}

/** How long the holder was off the CPU with the window open: steps 7 to 10. */
function windowMs(trial: TrialResult): string {
  const at = (step: number): number | undefined =>
    trial.steps.find((proof) => proof.step === step)?.atUs;
  const [from, to] = [at(7), at(10)];
  return from === undefined || to === undefined ? '' : ((to - from) / 1000).toFixed(1);
}
