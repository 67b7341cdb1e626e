// SPDX-License-Identifier: MIT
import { appendFileSync, statSync } from 'node:fs';
import type { CompareResult } from '../model/compare.js';
import type { RunResult } from '../model/verdict.js';
import { compareAnnotation, compareSummary } from '../report/compare/github.js';
import { githubAnnotations, githubSummary, SUMMARY_LIMIT_BYTES } from '../report/github.js';
import { explainIo } from '../util/io.js';
import { say } from './streams.js';

/** What GitHub is told. */
export interface GithubWords {
  /** Workflow commands. */
  readonly annotations: () => string;
  /** The job summary, in what is left of GitHub's limit. */
  readonly summary: (limitBytes: number) => string;
}

/** Tells GitHub of a run, see {@link writeGithub}. */
export const tellGithub = (result: RunResult, env: NodeJS.ProcessEnv = process.env): void =>
  writeGithub(
    {
      annotations: () => githubAnnotations(result),
      summary: (limitBytes) => githubSummary(result, limitBytes),
    },
    env,
  );

/** Tells GitHub of a comparison, see {@link writeGithub}. */
export const tellGithubOfCompare = (
  result: CompareResult,
  env: NodeJS.ProcessEnv = process.env,
): void =>
  writeGithub(
    {
      annotations: () => compareAnnotation(result),
      summary: (limitBytes) => compareSummary(result, limitBytes),
    },
    env,
  );

/**
 * On GitHub (GITHUB_ACTIONS is `true`): annotations, and the job summary in the file that
 * GITHUB_STEP_SUMMARY names, within what earlier commands of the step have left of GitHub's limit.
 * Annotations go to stderr, which the runner reads for commands as it does stdout
 * (actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs), so stdout stays the result's.
 * @throws DmraceError (environment) when that file cannot be written.
 */
export function writeGithub(
  { annotations, summary }: GithubWords,
  env: NodeJS.ProcessEnv = process.env,
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
