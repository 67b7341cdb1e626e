// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { endText, showed, wasTried } from '../../audit/ends.js';
import { NOTHING_SEEN } from '../../audit/words.js';
import type { AuditResult } from '../../judge/audit.js';
import { AUDIT_VERDICTS } from '../../judge/audit-verdict.js';
import { CONFIDENCES, FAULTS, type Fault, type Visit } from '../../model/audit.js';
import { KernelIdentity } from '../../model/kernel-identity.js';
import { KnownAudit } from '../../model/known.js';
import type { Timing } from '../json.js';
import { FindingJson } from '../run-result.js';

/** Version of `audit --format json`: fields are added without a new number, never changed or removed. */
export const AUDIT_SCHEMA = 1;

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const count = () => z.int().nonnegative();
const FAULT_NAMES = Object.keys(FAULTS) as [Fault, ...Fault[]];

const Word = z.enum(CONFIDENCES).describe('how sure, surest first: docs/audit.md');
const Times = z.object({ times: count(), of: count() }).nullable();
const Place = z.object({
  module: z.string(),
  offset: z.int().describe('bytes from the start of the module’s memory'),
  symbol: z.string().optional(),
});
const Holder = z.object({
  is: z.enum(['kernel', 'short', 'debug-option', 'helper']),
  who: z.string().optional(),
});

const ModuleJson = z.object({
  module: z.string().describe('the module that was visited, or whose file was read'),
  word: Word,
  what: z.string().describe('what outlived it: a sysfs path, a function, a member'),
  place: Place.nullable(),
  holder: Holder.nullable(),
  exercise: z.string().nullable(),
  helped: Times.describe('crashes with a module of ours in the kernel, in how many VMs'),
  untainted: Times.describe('crashes of the untouched kernel, in how many VMs'),
  seen: Times.describe('of the visits of this module, in how many it was seen'),
  signs: list(z.string()).describe('what the module’s file says of the same'),
  known: z.string().optional().describe('reference of the known-issues entry that covers it'),
});

const AuditFindingJson = z.object({
  id: z.string().describe('stable over runs, kernels and builds'),
  word: Word.describe('the surest word of its modules'),
  about: z.string().describe('the fault, or the member of a static sign that is none'),
  fault: z.enum(FAULT_NAMES).nullable(),
  core: z.string().nullable().describe('core function that touches what is gone'),
  module: z.string().nullable().describe('module at fault; null where the core is, for all'),
  symbol: z.string().nullable(),
  title: z.string(),
  needs: z
    .string()
    .describe('who would have to hold what, and whether the kernel has such a holder'),
  holder: Holder.nullable(),
  address: z.string().nullable().describe('where it crashed, named; null without a proof'),
  place: Place.nullable(),
  proof: z
    .object({
      tainted: z.boolean(),
      times: count(),
      of: count(),
      log: z.string().optional().describe('file of the audit’s folder that has the report'),
      finding: FindingJson.omit({ cause: true, known: true }),
    })
    .nullable()
    .describe('the best proof: of the untouched kernel before any other'),
  documentation: z.object({ file: z.string(), asks: z.string() }).nullable(),
  kernels: list(z.string()).describe('releases that it was seen on'),
  modules: list(ModuleJson),
});

const VisitJson = z.object({
  module: z.string(),
  exercise: z.string().nullable(),
  guest: count(),
  end: z.enum([
    'unloaded',
    'waited',
    'builtin',
    'not-loaded',
    'exercise-failed',
    'nothing-appeared',
    'not-unloaded',
    'lost',
  ]),
  says: z.string().describe('what it came to, in words; silence is never called clean'),
  objects: count(),
  callbacks: count(),
  findings: count().describe('observations of this visit'),
  durationMs: z.number().nonnegative(),
});

const PairJson = z.object({ finding: z.string(), module: z.string() });

/** The one object of `audit --format json`. docs/audit-result.schema.json is made from it. */
export const AuditResultJson = z.object({
  schema: z.literal(AUDIT_SCHEMA),
  verdict: z.enum(AUDIT_VERDICTS),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(125)]),
  reasons: list(z.string()),
  kernel: KernelIdentity,
  asked: z.object({
    static: z.boolean(),
    live: z.boolean(),
    named: list(z.string()),
    planned: count(),
  }),
  counts: z.object({
    static: count().nullable().describe('modules whose files were read'),
    visits: count(),
    ends: z.record(z.string(), count()),
    silent: count().describe('visits in which nothing was seen'),
  }),
  control: list(
    z.object({
      mistake: z.enum(FAULT_NAMES),
      planted: count(),
      found: count(),
      twins: count(),
      flagged: count(),
    }),
  ),
  findings: list(AuditFindingJson),
  red: list(PairJson).describe('what makes the exit code 1'),
  visits: list(VisitJson),
  known: z
    .object({
      seen: list(z.object({ entry: KnownAudit, modules: list(z.string()) })),
      stale: list(KnownAudit),
      notLookedFor: list(KnownAudit),
    })
    .nullable(),
  baseline: z
    .object({
      folder: z.string(),
      release: z.string(),
      fresh: list(PairJson),
      gone: list(PairJson),
      notLookedFor: list(PairJson),
    })
    .nullable(),
  manifest: z.string().optional().describe('SHA-256 of SHA256SUMS in the audit’s folder'),
  timing: z.record(z.string(), z.number()).describe('wall-clock milliseconds of the phases'),
});
export type AuditResultJson = z.infer<typeof AuditResultJson>;

/** What a visit came to, for people. */
export const visitText = (visit: Visit): string => {
  const { end, usedGuestEnd } = visit;
  const says =
    wasTried(visit) && !showed(visit) && end.is === 'unloaded' ? NOTHING_SEEN : endText(end);
  return usedGuestEnd === undefined
    ? says
    : `${says} (in a fresh guest; where others had been visited: ${endText(usedGuestEnd)})`;
};

/** The one object that `--format json` prints. */
export function renderAuditJson(
  result: AuditResult,
  timing: Timing,
  manifest: string | null = null,
): AuditResultJson {
  const { verdict, exitCode, reasons, kernel, question, counts, findings } = result;
  return {
    schema: AUDIT_SCHEMA,
    verdict,
    exitCode,
    reasons,
    kernel,
    asked: question,
    counts: {
      static: counts.static,
      visits: counts.visits,
      ends: counts.ends,
      silent: counts.silent,
    },
    control: result.control,
    findings: findings.map((finding) => ({
      id: finding.id,
      word: finding.word,
      about: finding.about,
      fault: finding.fault,
      core: finding.core,
      module: finding.module,
      symbol: finding.symbol,
      title: finding.title,
      needs: finding.needs,
      holder: finding.holder,
      address: finding.address,
      place: finding.place,
      proof:
        finding.proof === null
          ? null
          : {
              tainted: finding.proof.tainted,
              times: finding.proof.times,
              of: finding.proof.of,
              ...(finding.proof.log === undefined ? {} : { log: finding.proof.log }),
              finding: withoutTouched(finding.proof.finding),
            },
      documentation: finding.documentation,
      kernels: finding.kernels,
      modules: finding.modules,
    })),
    red: result.red,
    visits: result.visits.map((visit) => ({
      module: visit.module,
      exercise: visit.exercise,
      guest: visit.guest,
      end: visit.end.is,
      says: visitText(visit),
      objects: visit.objects,
      callbacks: visit.callbacks,
      findings: visit.observations.length,
      durationMs: visit.durationMs,
    })),
    known: result.known,
    baseline: result.baseline,
    ...(manifest === null ? {} : { manifest }),
    timing,
  };
}

const withoutTouched = <T extends { readonly touched: unknown }>({
  touched: _,
  ...rest
}: T): Omit<T, 'touched'> => rest;

/** The JSON Schema (draft 2020-12) of {@link AuditResultJson}. It allows more fields than it names. */
export function auditResultSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(AuditResultJson, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return {
    $schema,
    $id: `urn:dmrace:audit-result:${AUDIT_SCHEMA}`,
    title: 'dmrace audit --format json',
    ...rest,
  };
}
