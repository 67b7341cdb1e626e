// SPDX-License-Identifier: MIT
import type { StepNumber } from '../../model/proof.js';
import type { TrialResult } from '../../model/trial.js';
import type { RunResult } from '../../model/verdict.js';
import { scenarioOf } from '../../scenarios/index.js';
import { representatives, type TrialEvidence } from '../evidence.js';

/** The steps, each with its time and the line that proves it, for one trial of each placement. */
export function Steps({ result, shown }: { result: RunResult; shown: readonly TrialEvidence[] }) {
  const trials = representatives(shown).map((trial) => trial.result);
  const { title, note, proofs } = scenarioOf(result.question).telling;
  if (trials.length === 0 || proofs.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <p class="note">{note}</p>
      <ol class="steps">
        {proofs.map(({ step, party, says }) => (
          <li class={party} data-step={step}>
            <h3>
              <b>{step}</b> {says} <small>{party}</small>
            </h3>
            <div class="pair">
              {trials.map((trial) => (
                <Proof trial={trial} step={step} />
              ))}
            </div>
          </li>
        ))}
      </ol>
      {trials.some((trial) => trial.reasons.length > 0) && (
        <ul class="reasons">
          {trials.flatMap((trial) =>
            trial.reasons.map((reason) => (
              <li>
                {trial.placement} #{trial.index}: {reason}
              </li>
            )),
          )}
        </ul>
      )}
      <p class="note">
        Asked: scenario {result.question.scenario}, target cause {result.question.targetCause}.
      </p>
    </section>
  );
}

function Proof({ trial, step }: { trial: TrialResult; step: StepNumber }) {
  const first = trial.steps[0];
  const found = trial.steps.find((proof) => proof.step === step);
  return (
    <div>
      <p>
        {trial.placement} #{trial.index}{' '}
        {first && found ? (
          <b>{((found.atUs - first.atUs) / 1000).toFixed(3)} ms</b>
        ) : (
          <em>not observed</em>
        )}
      </p>
      {found && <pre>{found.evidence}</pre>}
    </div>
  );
}
