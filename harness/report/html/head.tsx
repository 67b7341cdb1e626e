// SPDX-License-Identifier: MIT
import type { Damage } from '../../model/damage.js';
import type { Rate, RunResult } from '../../model/verdict.js';
import type { RunEvidence } from '../evidence.js';
import { placementWords } from '../placement-words.js';
import { verdictSentence } from '../sentence.js';
import { sweepSentence } from '../sweep.js';

/** Verdict, reasons, what is damaged, and both placements side by side. */
export function Head({ result, evidence }: { result: RunResult; evidence: RunEvidence }) {
  const { verdict, kernel, question, reasons } = result;
  return (
    <header>
      <p class="where">
        dmrace · scenario <b>{question.scenario}</b> · kernel <b>{kernel.release}</b> (
        {kernel.version}, {kernel.arch})
      </p>
      <h1>
        <span class={`verdict ${verdict}`}>{verdict}</span>{' '}
        {result.sweep ? `${sweepSentence(verdict)}.` : verdictSentence(result)}
      </h1>
      {evidence.damage.length > 0 && <Damaged damage={evidence.damage} />}
      <ul class="reasons">
        {reasons.map((reason) => (
          <li>{reason}</li>
        ))}
      </ul>
      {!result.sweep && <Placements result={result} />}
    </header>
  );
}

/** What of a saved folder is not as it was left. */
export function Damaged({ damage }: { damage: readonly Damage[] }) {
  return (
    <section class="damaged">
      <h2>
        Incomplete: {damage.length === 1 ? 'a file is' : `${damage.length} files are`} not as the
        run left {damage.length === 1 ? 'it' : 'them'}
      </h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>file</th>
              <th>found</th>
              <th>expected</th>
            </tr>
          </thead>
          <tbody>
            {damage.map(({ file, observed, expected }) => (
              <tr>
                <td>
                  <code>{file}</code>
                </td>
                <td>{observed}</td>
                <td>{expected}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const tailCall = (is: boolean | null): string =>
  is === null
    ? 'unknown'
    : is
      ? 'jump (tail call): nothing returns into it'
      : 'call: it returns into the method';

/** Wilson's interval (judge/rate.ts), in per cent. */
const rate = ({ of, low, high }: Rate): string =>
  of === 0 ? '' : `${(low * 100).toFixed(0)} to ${(high * 100).toFixed(0)} %`;

function Placements({ result: { placements, question } }: { result: RunResult }) {
  const columns = Object.entries(placements);
  const row = (name: string, cell: (sum: (typeof columns)[number][1]) => string | number) => (
    <tr>
      <th scope="row">{name}</th>
      {columns.map(([, sum]) => (
        <td>{cell(sum)}</td>
      ))}
    </tr>
  );
  return (
    <table class="placements">
      <thead>
        <tr>
          <th />
          {columns.map(([placement]) => (
            <th>
              {placement}
              <small>{placementWords(question, placement)}</small>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {row('trials', (s) => s.trials)}
        {row('reached the window', (s) => s.reached)}
        {row('crashed', (s) => s.crashed)}
        {row('crash rate, 95 %', (s) => rate(s.crashRate))}
        {row('lost', (s) => s.lost)}
        {row('complete() in the booted method', (s) => tailCall(s.tailCall))}
      </tbody>
    </table>
  );
}
