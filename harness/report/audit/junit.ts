// SPDX-License-Identifier: MIT
import { create } from 'xmlbuilder2';
import { soundWord } from '../../audit/findings.js';
import type { AuditResult } from '../../judge/audit.js';
import { knownAuditReasons } from '../../judge/audit-reasons.js';
import { addCase, type Case, clean, sums } from '../junit.js';
import { controlNote, controlState, visitName, visitNotes, visitState } from './state.js';

/**
 * An audit as JUnit XML, valid to Jenkins' schema: a suite for the planted modules, one for the visits.
 * An inconclusive one has a suite `verdict` more, so that it does not look like a success.
 */
export function renderAuditJunit(result: AuditResult): string {
  const { verdict, reasons, control, visits } = result;
  const suites: { name: string; cases: Case[] }[] = [
    {
      name: 'planted',
      cases: control.map((line) => ({
        name: line.mistake,
        state: controlState(line),
        type: 'planted',
        notes: [controlNote(line)],
        output: [],
        durationMs: 0,
      })),
    },
    {
      name: 'modules',
      cases: visits.map((visit) => ({
        name: visitName(visit),
        state: visitState(visit, result),
        type: visit.observations.map(soundWord)[0] ?? visit.end.is,
        notes: visitNotes(visit),
        output: visit.observations.flatMap(({ proof }) => proof?.finding.text ?? []),
        durationMs: visit.durationMs,
      })),
    },
  ];
  if (verdict === 'inconclusive') {
    const rest = { type: verdict, notes: reasons, output: [], durationMs: 0 };
    suites.push({ name: 'verdict', cases: [{ name: verdict, state: 'error', ...rest }] });
  }
  const all = suites.flatMap((suite) => suite.cases);
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: 'dmrace audit',
    ...sums(all),
  });
  for (const { name, cases } of suites) {
    const skipped = String(cases.filter((test) => test.state === 'skip').length);
    const suite = root.ele('testsuite', { name, ...sums(cases), skipped });
    const properties = suite.ele('properties');
    for (const [key, value] of propertiesOf(result)) {
      properties.ele('property', { name: key, value: clean(value) });
    }
    for (const test of cases) addCase(suite, `dmrace.audit.${name}`, test);
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

const propertiesOf = ({ verdict, kernel, known, findings }: AuditResult): [string, string][] => [
  ['verdict', verdict],
  ...Object.entries(kernel).map(([name, value]): [string, string] => [
    `kernel.${name}`,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]),
  // What no visit is a test of: what the files say, too.
  ...findings.map(({ id, word, modules }): [string, string] => [
    'finding',
    `${word} ${id} (${modules.length})`,
  ]),
  ...(known === null ? [] : knownAuditReasons(known)).map((line): [string, string] => [
    'known-issue',
    line,
  ]),
];
