// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import { clean, testLine } from '../ktap.js';
import type { State } from '../trial-state.js';
import { controlNote, controlState, visitName, visitNotes, visitState } from './state.js';

/** One test of a group. */
interface Test {
  readonly name: string;
  readonly state: State;
  readonly notes: readonly string[];
}

/**
 * An audit as KTAP version 1: a group for the planted modules, one for the visits. An inconclusive one
 * has a test more, so that it does not look like a success.
 */
export function renderAuditKtap(result: AuditResult): string {
  const { verdict, reasons, control, visits } = result;
  const groups = [
    {
      name: 'planted',
      tests: control.map(
        (line): Test => ({
          name: line.mistake,
          state: controlState(line),
          notes: [controlNote(line)],
        }),
      ),
    },
    {
      name: 'modules',
      tests: visits.map(
        (visit): Test => ({
          name: visitName(visit),
          state: visitState(visit, result),
          notes: visitNotes(visit),
        }),
      ),
    },
  ].filter(({ tests }) => tests.length > 0);
  const doubtful = verdict === 'inconclusive';
  const plan = groups.length + (doubtful || groups.length === 0 ? 1 : 0);
  const lines = ['KTAP version 1', `1..${plan}`];
  for (const [index, { name, tests }] of groups.entries()) {
    lines.push(...group(index + 1, name, tests));
  }
  for (const reason of reasons) lines.push(`# ${verdict}: ${clean(reason)}`);
  if (doubtful) {
    lines.push(testLine(plan, 'verdict', 'error', `inconclusive: ${reasons[0] ?? ''}`));
  } else if (groups.length === 0) {
    // Only files were read: nothing of that is a test that could fail.
    lines.push(testLine(plan, 'verdict', 'skip', 'only files of modules were read'));
  }
  return `${lines.join('\n')}\n`;
}

function group(number: number, name: string, tests: readonly Test[]): string[] {
  const inner = tests.flatMap(({ name: test, state, notes }, index) => {
    const [first, ...rest] = notes;
    const told = state === 'pass' ? notes : rest;
    return [
      ...told.map((note) => `# ${test}: ${clean(note)}`),
      testLine(index + 1, test, state, first ?? ''),
    ];
  });
  const states = tests.map(({ state }) => state);
  const bad = states.includes('fail') || states.includes('error');
  const end = bad ? 'fail' : states.includes('pass') ? 'pass' : 'skip';
  const why = bad ? 'see its tests' : 'nothing of it was tried';
  return [
    ...['KTAP version 1', `# Subtest: ${name}`, `1..${tests.length}`, ...inner].map(
      (line) => `  ${line}`,
    ),
    testLine(number, name, end, why),
  ];
}
