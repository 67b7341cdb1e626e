// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { renderToString } from 'preact-render-to-string';
import { PLACEMENTS } from '../../model/placement.js';
import type { RunResult } from '../../model/verdict.js';
import { chosen, type RunEvidence } from '../evidence.js';
import { timelineOf } from '../timeline/build.js';
import { Campaign } from './campaign.js';
import { Crashes } from './crash.js';
import { Code, Commands, Identity } from './facts.js';
import { Head } from './head.js';
import { Steps } from './steps.js';
import { Sweep } from './sweep.js';
import { Timelines } from './timelines.js';

/** The page's script and style as `npm run build` bundles them (harness/bundle.mjs). */
export interface PageParts {
  readonly script: string;
  readonly style: string;
}

/** What a page is made of. */
export interface PageInput {
  readonly result: RunResult;
  readonly evidence: RunEvidence;
  /** Folder of the run, as the user would name it. */
  readonly directory: string;
  readonly parts: PageParts;
}

/**
 * The run as one HTML file that needs nothing else. Everything from the run is hostile input (a
 * kernel's console may hold any bytes), so all text goes through Preact's escaping, and the policy
 * in the head lets no other script run and nothing be fetched.
 */
export function renderPage({ result, evidence, directory, parts }: PageInput): string {
  const shown = PLACEMENTS.flatMap((placement) => chosen(evidence.trials, placement));
  const timelines = shown.map(({ files, result: trial }) => timelineOf(files, trial));
  const body = renderToString(
    <main>
      <Head result={result} evidence={evidence} />
      {result.sweep && <Sweep sweep={result.sweep} />}
      <Timelines timelines={timelines} all={evidence.trials.length} />
      <Steps result={result} shown={shown} />
      <Crashes result={result} shown={evidence.trials} />
      <Code result={result} />
      <Campaign result={result} />
      <Identity result={result} evidence={evidence} />
      <Commands result={result} shown={shown} directory={directory} />
    </main>,
  );
  return htmlPage({
    title: `dmrace: ${result.verdict}, ${result.question.scenario} on ${result.kernel.release}`,
    body,
    parts,
    data: { id: 'timelines', value: timelines },
  });
}

/**
 * The frame of every page: no other script runs, and nothing is fetched.
 * @param data what the script reads, as JSON in an element of that id; none for a script without
 */
export function htmlPage({
  title,
  body,
  parts,
  data,
}: {
  readonly title: string;
  readonly body: string;
  readonly parts: PageParts;
  readonly data: { readonly id: string; readonly value: unknown } | null;
}): string {
  const hash = createHash('sha256').update(parts.script).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const head = renderToString(
    <>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content={policy} />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="generator" content="dmrace" />
      <title>{title}</title>
    </>,
  );
  const json =
    data === null
      ? ''
      : `<script type="application/json" id="${data.id}">${inScript(data.value)}</script>\n`;
  return `<!doctype html>
<html lang="en">
<head>${head}<style>${parts.style}</style></head>
<body>
${body}
${json}<script>${parts.script}</script>
</body>
</html>
`;
}

/** JSON that cannot end the script element that it stands in (HTML standard, "script" element). */
export const inScript = (value: unknown): string =>
  JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
