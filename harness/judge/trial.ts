// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { type ModuleText, scanConsole } from '../console/index.js';
import type { Finding } from '../model/finding.js';
import { type GuestRecord, recordsOf } from '../model/record.js';
import type { Scenario } from '../model/scenario.js';
import type { Outcome, TrialFiles, TrialResult } from '../model/trial.js';
import { findScenario } from '../scenarios/index.js';
import { readBoot } from '../evidence/boot.js';
import { judgeChurn } from '../recipes/soak.js';
import { judgeDelayed } from '../recipes/delayed.js';
import { delaysOf } from '../evidence/delays.js';
import { endingOf } from './ending.js';
import { fatalRun } from '../evidence/fatal-run.js';
import type { KindEvidence, KindJudgement } from '../recipes/recipe.js';
import { type Layout, movedLayouts } from '../evidence/layout.js';
import { readRecords } from '../evidence/records.js';
import { parseTrace } from '../evidence/trace.js';
import { judgeWindow } from '../recipes/release-return.js';

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Symbols, and sections where none begins with a symbol: data is not named after the last function. */
function namesOf(layout: Layout): ModuleText['symbols'] {
  const known = new Set(layout.symbols.map((s) => s.address));
  const sections = layout.sections.filter((s) => !known.has(s.address));
  return [...layout.symbols, ...sections].map(({ name, address }) => ({ name, address }));
}

/** The recorded text of dm_mod, for the console scanner to name addresses in. */
function moduleTexts(layout: Layout, records: readonly GuestRecord[]): ModuleText[] {
  if (!layout.dmMod) return [];
  const unloaded = recordsOf(records, 'unload').some((r) => r.error === 0);
  return [layout, ...movedLayouts(layout, records)].flatMap((place) => {
    const symbols = namesOf(place);
    return [...(place.dmMod ? [place.dmMod] : []), ...place.data].map(({ start, end }) => ({
      module: 'dm_mod',
      start: start.toString(16),
      end: end.toString(16),
      unloaded,
      symbols,
    }));
  });
}

/** The guest must have been told this very trial: its nonce, seed and scenario. */
function tellingProblems(files: TrialFiles, records: readonly GuestRecord[]): string[] {
  const { nonce, seed, scenario } = files.note.plan;
  if (scenario === 'self-test') return [];
  const told = recordsOf(records, 'trial');
  const [first] = told;
  if (!first) return ['the guest did not say which trial it ran (record "trial")'];
  const same = first.nonce === nonce && first.seed === seed && first.scenario === scenario;
  return told.length === 1 && same
    ? []
    : [
        `the guest ran ${told.map((r) => `${r.scenario}/${r.seed}/${r.nonce}`).join(' and ')}, not this trial`,
      ];
}

/** What the trace says of its own losses, besides the guest's count. */
function traceGaps(trace: string): string[] {
  const lost = /LOST (\d+) EVENTS/.exec(trace)?.[1];
  const entries = /entries-in-buffer\/entries-written: (\d+)\/(\d+)/.exec(trace);
  return [
    ...(lost === undefined ? [] : [`the trace itself tells of ${lost} lost events`]),
    ...(entries && entries[1] !== entries[2]
      ? [`the trace holds ${entries[1]} of ${entries[2]} events`]
      : []),
  ];
}

/** Nothing is proven by a command that is no scenario's, such as the self-test's crashes. */
const NO_QUESTION: KindJudgement = {
  steps: [],
  reached: false,
  whole: false,
  doubts: [],
  missing: ['this trial belongs to no scenario'],
  provenance: null,
};

/** The part of the judgement that the scenario's kind decides. */
function judgeByKind(scenario: Scenario | null, evidence: KindEvidence): KindJudgement {
  if (!scenario) return NO_QUESTION;
  switch (scenario.kind) {
    case 'window':
      return judgeWindow(evidence);
    case 'delayed':
      return judgeDelayed(evidence);
    case 'churn':
      return judgeChurn(evidence);
  }
}

/**
 * Judges one trial from what it left behind. Pure: the same files give the same result, so `judge`
 * on a saved run agrees with the run itself.
 */
export function judgeTrial(files: TrialFiles): TrialResult {
  const { plan } = files.note;
  const before = readBoot(files.readyRecords);
  const during = readRecords(files.records);
  const records = [...before.records, ...during.records];
  const { layout } = before;
  const findings = scanConsole(files.console, { modules: moduleTexts(layout, during.records) });

  const ending = endingOf(files, during.records, findings);
  const lost = [
    ...before.problems,
    ...during.problems,
    ...ending.problems,
    ...tellingProblems(files, during.records),
  ];
  const events = parseTrace(files.trace);
  const scenario = findScenario(plan.scenario);
  const judged = judgeByKind(scenario, {
    plan,
    events,
    records,
    layout,
    fatalRun: ending.how === 'panicked' ? fatalRun(files.console, findings, events, records) : null,
  });
  const doubts = [
    ...judged.doubts,
    ...(ending.traceLost > 0 ? [`the trace lost ${ending.traceLost} events`] : []),
    ...traceGaps(files.trace),
    ...recordsOf(records, 'failed').map((r) => `the guest could not ${r.what}: ${r.message}`),
  ];
  const sound = doubts.length === 0 && lost.length === 0;
  return {
    placement: plan.placement,
    index: plan.index,
    seed: plan.seed,
    outcome: outcomeOf(findings, lost, judged.whole && sound),
    reached: judged.reached && sound,
    steps: judged.steps,
    findings,
    reasons: [...lost, ...doubts, ...(lost.length === 0 ? judged.missing : [])],
    provenance: judged.provenance,
    ...(recordsOf(records, 'ready').length === 0 ? { neverReady: true as const } : {}),
    ...(judged.churn ? { churn: judged.churn } : {}),
    ...(judged.sweep ? { sweep: judged.sweep } : {}),
    ...(scenario?.kind === 'delayed' ? { delays: delaysOf(files.console) } : {}),
    durationMs: files.note.durationMs,
    hashes: {
      console: sha256(files.console),
      trace: sha256(files.trace),
      records: sha256(files.records),
    },
  };
}

function outcomeOf(findings: readonly Finding[], lost: readonly string[], whole: boolean): Outcome {
  if (findings.length > 0) return 'crashed';
  if (lost.length > 0) return 'lost';
  return whole ? 'survived' : 'not-reached';
}
