// SPDX-License-Identifier: MIT
import { renderToString } from 'preact-render-to-string';
import { type CompareResult, SIDES, type Side } from '../../model/compare.js';
import { SUBJECT } from '../../model/role.js';
import { chosen, type RunEvidence } from '../evidence.js';
import { Timelines } from '../html/timelines.js';
import { timelineOf } from '../timeline/build.js';
import { crashesOf, kernelLines, patchLines, rowsOf, sentenceOf } from './rows.js';
import { compareCommand } from './text.js';

/** What the page is made of. */
export interface ComparePage {
  readonly result: CompareResult;
  readonly evidence: Readonly<Record<Side, RunEvidence>>;
  readonly directory: string;
  /** The style that the build made. */
  readonly style: string;
}

/** Both sides in one HTML file that needs nothing else and has no script. All text is escaped. */
export function renderComparePage({ result, evidence, directory, style }: ComparePage): string {
  const { verdict, before } = result;
  const body = renderToString(
    <main>
      <Head result={result} />
      {SIDES.map((side) => (
        <SideOf side={side} result={result} evidence={evidence[side]} />
      ))}
      <section>
        <h2>Commands</h2>
        <pre>{[compareCommand(result), ...reports(directory)].join('\n')}</pre>
      </section>
    </main>,
  );
  const head = renderToString(
    <>
      <meta charset="utf-8" />
      <meta
        http-equiv="Content-Security-Policy"
        content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
      />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="generator" content="dmrace" />
      <title>{`dmrace: ${verdict}, ${before.question.scenario} on ${before.kernel.release}, compared`}</title>
    </>,
  );
  return `<!doctype html>
<html lang="en">
<head>${head}<style>${style}</style></head>
<body>
${body}
</body>
</html>
`;
}

const reports = (directory: string): string[] =>
  SIDES.map((side) => `dmrace report ${directory}/${side}`);

function Head({ result }: { result: CompareResult }) {
  const { verdict, before, reasons } = result;
  return (
    <header>
      <p class="where">
        dmrace · scenario <b>{before.question.scenario}</b> · kernel <b>{before.kernel.release}</b>{' '}
        without and with
      </p>
      <ul class="reasons">
        {[...patchLines(result), ...kernelLines(result)].map((line) => (
          <li>{line}</li>
        ))}
      </ul>
      <h1>
        <span class={`verdict ${verdict}`}>{verdict}</span> {sentenceOf(result)}
      </h1>
      <table class="placements">
        <thead>
          <tr>
            <th />
            <th>before</th>
            <th>after</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(result).map((row) => (
            <tr>
              <th scope="row">{row.name}</th>
              <td>{row.before}</td>
              <td>{row.after}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="reasons">
        {reasons.map((reason) => (
          <li>{reason}</li>
        ))}
      </ul>
    </header>
  );
}

function SideOf({
  side,
  result,
  evidence,
}: {
  side: Side;
  result: CompareResult;
  evidence: RunEvidence;
}) {
  const [trial] = chosen(evidence.trials, SUBJECT);
  const timelines = trial ? [timelineOf(trial.files, trial.result)] : [];
  const crashes = crashesOf(result[side]);
  return (
    <section>
      <h2>{side === 'before' ? 'Before: without the patch' : 'After: with the patch'}</h2>
      <Timelines timelines={timelines} all={timelines.length} />
      {crashes.length === 0 && <p>No trial of the subject crashed.</p>}
      {crashes.map(({ finding, times }) => (
        <article class="crash">
          <h3>{finding.title}</h3>
          <p>
            <code>{finding.cause}</code>, in {times} {times === 1 ? 'trial' : 'trials'}
            {finding.resolvedFault && `, reading ${finding.resolvedFault}`}
          </p>
          <pre>{finding.text.join('\n')}</pre>
        </article>
      ))}
    </section>
  );
}
