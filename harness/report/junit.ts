// SPDX-License-Identifier: GPL-2.0-only
import { create } from 'xmlbuilder2';
import { orderedPlacements } from '../judge/verdict.js';
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';

// XML 1.0, section 2.2: no control characters but tab and line ends.
const clean = (text: string): string =>
  text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '?');

/** The result as JUnit XML: one suite a placement, one case a trial. */
export function renderJunit(result: RunResult): string {
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: `dmrace ${result.question.scenario}`,
    tests: String(result.trials.length),
  });
  for (const placement of orderedPlacements(result.question.placements)) {
    const control = placement === result.question.control;
    const trials = result.trials.filter((trial) => trial.placement === placement);
    const failing = (trial: TrialResult): boolean =>
      trial.outcome === 'lost' || (trial.outcome === 'crashed') !== control;
    const skipped = trials.filter((trial) => trial.outcome === 'not-reached');
    const suite = root.ele('testsuite', {
      name: placement,
      tests: String(trials.length),
      failures: String(trials.filter((t) => failing(t) && !skipped.includes(t)).length),
      errors: '0',
      skipped: String(skipped.length),
      time: seconds(trials.reduce((sum, trial) => sum + trial.durationMs, 0)),
    });
    for (const trial of trials) {
      const test = suite.ele('testcase', {
        name: `trial ${trial.index}`,
        classname: `dmrace.${result.question.scenario}.${placement}`,
        time: seconds(trial.durationMs),
      });
      const says = clean([...trial.findings.map((f) => f.title), ...trial.reasons].join('\n'));
      if (skipped.includes(trial)) test.ele('skipped', { message: says });
      else if (failing(trial))
        test.ele('failure', { message: says, type: trial.outcome }).txt(says);
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);
