// SPDX-License-Identifier: MIT
import { appendFileSync, statSync } from 'node:fs';
import type { CompareResult } from '../model/compare.js';
import type { RunResult } from '../model/verdict.js';
import { compareAnnotation, compareSummary } from '../report/compare/github.js';
import { githubAnnotations, githubSummary, SUMMARY_LIMIT_BYTES } from '../report/github.js';
import { explainIo } from '../util/io.js';
import { say } from './streams.js';

/**
 * On GitHub (GITHUB_ACTIONS is `true`): annotations, and the job summary in the file that
 * GITHUB_STEP_SUMMARY names, within what earlier commands of the step have left of GitHub's limit.
 * Annotations go to stderr, which the runner reads for commands as it does stdout
 * (actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs), so stdout stays the result's.
 * @throws DmraceError (environment) when that file cannot be written.
 */
export function tellGithub(result: RunResult, env: NodeJS.ProcessEnv = process.env): void {
  tell(
    env,
    () => githubAnnotations(result),
    (limit) => githubSummary(result, limit),
  );
}

/** The same of a comparison. @throws as {@link tellGithub}. */
export function tellGithubOfCompare(
  result: CompareResult,
  env: NodeJS.ProcessEnv = process.env,
): void {
  tell(
    env,
    () => compareAnnotation(result),
    (limit) => compareSummary(result, limit),
  );
}

function tell(
  env: NodeJS.ProcessEnv,
  annotations: () => string,
  summary: (limitBytes: number) => string,
): void {
  if (env.GITHUB_ACTIONS !== 'true') return;
  say(annotations());
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return;
  try {
    const used = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    appendFileSync(file, summary(SUMMARY_LIMIT_BYTES - used));
  } catch (error) {
    throw explainIo(error, file);
  }
}
