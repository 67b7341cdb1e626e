// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { type ModuleText, scanConsole } from '../console/index.js';
import { readBoot } from '../evidence/boot.js';
import { fatalRun } from '../evidence/fatal-run.js';
import { type Layout, movedLayouts } from '../evidence/layout.js';
import { readRecords } from '../evidence/records.js';
import { parseTrace } from '../evidence/trace.js';
import type { Finding } from '../model/finding.js';
import type { Outcome } from '../model/outcome.js';
import type { RecipeName } from '../model/recipe.js';
import { type GuestRecord, recordsOf } from '../model/record.js';
import { roleOf } from '../model/role.js';
import type { TrialFiles, TrialPlan, TrialResult } from '../model/trial.js';
import { RECIPES } from '../recipes/index.js';
import type { Evidence, Judgement, Recipe } from '../recipes/recipe.js';
import { scenarioOf } from '../scenarios/index.js';
import { withCause } from './cause.js';
import { endingOf } from './ending.js';

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Symbols, and sections where none begins with a symbol: data is not named after the last function. */
function namesOf(layout: Layout): ModuleText['symbols'] {
  const known = new Set(layout.symbols.map((s) => s.address));
  const sections = layout.sections.filter((s) => !known.has(s.address));
  return [...layout.symbols, ...sections].map(({ name, address }) => ({ name, address }));
}

/** Where the suspect lay, for the console scanner to name addresses in. */
function moduleTexts(layout: Layout, records: readonly GuestRecord[]): ModuleText[] {
  if (!layout.text) return [];
  const unloaded = recordsOf(records, 'unload').some((r) => r.error === 0);
  return [layout, ...movedLayouts(layout, records)].flatMap((place) => {
    const symbols = namesOf(place);
    return [...(place.text ? [place.text] : []), ...place.data].map(({ start, end }) => ({
      module: place.module,
      start: start.toString(16),
      end: end.toString(16),
      unloaded,
      symbols,
    }));
  });
}

/** The guest must have been told this very trial: its nonce, seed and scenario. */
function tellingProblems(plan: TrialPlan, records: readonly GuestRecord[]): string[] {
  // A guest that is to crash is told nothing else.
  if (plan.recipe === 'crash') return [];
  const { nonce, seed, scenario } = plan;
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

/**
 * Judges one trial from what it left behind. Pure: the same files give the same result, so `judge`
 * on a saved run agrees with the run itself.
 */
export function judgeTrial(files: TrialFiles): TrialResult {
  const { plan } = files.note;
  // The plan is of the recipe that is looked up by its name, which the compiler cannot know.
  const recipe = RECIPES[plan.recipe] as Recipe<RecipeName>;
  const scenario = scenarioOf(plan);
  const { suspect } = scenario;
  const before = readBoot(files.readyRecords, suspect.name);
  const during = readRecords(files.records);
  const records = [...before.records, ...during.records];
  const { layout } = before;
  const context = { modules: moduleTexts(layout, during.records) };
  const found = (console: Uint8Array): readonly Finding[] =>
    scanConsole(console, context).map((raw) => withCause(raw, [suspect]));
  const own = found(files.console);
  const booting = files.boot ? found(files.boot) : [];
  const findings = [...booting, ...own];

  const ending = endingOf(files, during.records, own);
  const lost = [
    ...before.problems,
    ...during.problems,
    ...ending.problems,
    ...tellingProblems(plan, during.records),
  ];
  const events = parseTrace(files.trace);
  const evidence: Evidence<RecipeName> = {
    plan,
    scenario,
    events,
    records,
    layout,
    console: files.console,
    findings,
    fatalRun: ending.how === 'panicked' ? fatalRun(files.console, own, events, records) : null,
  };
  const judged: Judgement<RecipeName> = recipe.judge(evidence);
  const doubts = [
    ...judged.foreign,
    ...judged.doubts,
    ...(ending.traceLost > 0 ? [`the trace lost ${ending.traceLost} events`] : []),
    ...traceGaps(files.trace),
    ...recordsOf(records, 'failed').map((r) => `the guest could not ${r.what}: ${r.message}`),
  ];
  const sound = doubts.length === 0 && lost.length === 0;
  const result = {
    recipe: plan.recipe,
    placement: plan.placement,
    role: roleOf(plan.placement),
    index: plan.index,
    seed: plan.seed,
    scenario: plan.scenario,
    outcome: outcomeOf(findings, lost, judged.whole && sound),
    reached: judged.reached && sound,
    steps: judged.steps,
    findings,
    reasons: [
      ...bootReasons(booting),
      ...lost,
      ...doubts,
      ...(lost.length === 0 ? judged.missing : []),
    ],
    provenance: judged.provenance,
    contradicted: judged.foreign.length > 0,
    neverReady: recordsOf(records, 'ready').length === 0,
    durationMs: files.note.durationMs,
    hashes: {
      console: sha256(files.console),
      trace: sha256(files.trace),
      records: sha256(files.records),
    },
    ...(files.note.dump ? { dump: files.note.dump } : {}),
    ...judged.detail,
  };
  // The recipe's name and its detail are those of one member of the union.
  return result as TrialResult;
}

/** Whose lines are those of another file. */
const bootReasons = (booting: readonly Finding[]): string[] =>
  booting.length === 0
    ? []
    : [
        `the guest had crashed while it booted (boot-console.log): ${booting.map(({ title }) => title).join('; ')}`,
      ];

function outcomeOf(findings: readonly Finding[], lost: readonly string[], whole: boolean): Outcome {
  if (findings.length > 0) return 'crashed';
  if (lost.length > 0) return 'lost';
  return whole ? 'survived' : 'not-reached';
}
