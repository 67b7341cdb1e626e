// SPDX-License-Identifier: MIT

import type { ReplayedTrial, ReplayResult, Side } from '../model/replay.js';
import { trialName } from '../model/trial.js';
import { type DumpView, dumpLines } from './dumps.js';
import { type Paint, plainTable } from './text.js';

/** What is printed of a replay. */
export interface ReplayView {
  readonly result: ReplayResult;
  /** The run that was replayed. */
  readonly recorded: string;
  /** The replay's own folder. */
  readonly directory: string;
  /** See DumpView; absent where nothing was to be dumped. */
  readonly dumps?: Pick<DumpView, 'trials' | 'vmlinux'>;
}

/** The one object of `dmrace replay --format json`. */
export const renderReplayJson = ({ result, recorded, directory, dumps }: ReplayView): string =>
  `${JSON.stringify(
    {
      schema: 1,
      kind: 'replay',
      ...result,
      recorded,
      directory,
      ...(dumps
        ? {
            dumps: dumps.trials.flatMap((trial) =>
              trial.dump ? [{ trial: trialName(trial), ...trial.dump }] : [],
            ),
          }
        : {}),
    },
    null,
    2,
  )}\n`;

/** Hex digits of a hash that are shown; JSON has all. */
const DIGITS = 16;
const short = (hash: string | undefined): string => hash?.slice(0, DIGITS) ?? 'none';

const findings = ({ findings: all }: Side): string =>
  all.map((one) => `${one.cause} in ${one.function || 'no function'}`).join(', ');

/** Verdict of a replay in words: how many of how many, and by what. */
export function replaySentence({ trials, compared }: ReplayResult): string {
  const same = trials.filter(({ differences }) => differences.length === 0).length;
  const how =
    compared === 'bytes'
      ? 'console, trace and records byte for byte'
      : 'outcome, cause and function';
  return `${same} of ${trials.length} identical (${how})`;
}

/** A table with two rows for each trial, then every difference. */
export function renderReplayText(view: ReplayView, paint: Paint): string {
  const { result, recorded, directory, dumps } = view;
  const word = result.identical ? paint.good('identical') : paint.bad('not identical');
  const { release, version, arch } = result.kernel;
  return [
    `${paint.strong(word)}: ${replaySentence(result)}`,
    `  ${recorded} on ${release} (${version}, ${arch})`,
    ...result.notes.map((note) => `  - ${note}`),
    '',
    table(result),
    '',
    ...result.trials.flatMap(differences),
    `artefacts  ${directory}`,
    ...(dumps ? dumpLines({ ...dumps, kernel: result.kernel, directory }) : []),
    '',
  ].join('\n');
}

function table({ trials, compared }: ReplayResult): string {
  const row = (name: string, side: Side): string[] => [
    name,
    side.outcome,
    ...(compared === 'bytes'
      ? [short(side.hashes?.console), short(side.hashes?.trace), short(side.hashes?.records)]
      : [side.reached ? 'yes' : 'no', findings(side)]),
  ];
  return plainTable(
    [
      'trial',
      'outcome',
      ...(compared === 'bytes' ? ['console', 'trace', 'records'] : ['window reached', 'finding']),
    ],
    trials.flatMap((one) => [row(`${one.trial} recorded`, one.recorded), row('  now', one.now)]),
  );
}

function differences({ trial, differences: all }: ReplayedTrial): string[] {
  if (all.length === 0) return [];
  return [
    ...all.map(({ what, recorded, now }) => `${trial}: ${what} was ${recorded}, now ${now}`),
    '',
  ];
}
