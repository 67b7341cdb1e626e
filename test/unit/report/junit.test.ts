// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { RunResult } from '../../../harness/model/verdict.js';
import { renderJunit } from '../../../harness/report/junit.js';
import { assets } from '../../../harness/util/assets.js';
import { results } from '../../support/runs.js';

const schema = {
  fileName: 'jenkins-junit.xsd',
  contents: readFileSync(assets('test/fixtures/junit/jenkins-junit.xsd'), 'utf8'),
};
const problems = async (contents: string): Promise<string[]> =>
  (await validateXML({ xml: { fileName: 'run.xml', contents }, schema: [schema] })).errors.map(
    (error) => error.message,
  );
const run = async (name: string): Promise<RunResult> => {
  const result = await results[name]?.();
  if (!result) throw new Error(`no run ${name}`);
  return result;
};

describe('JUnit XML', () => {
  it.each(Object.keys(results))(
    'is valid to Jenkins’ schema for a run that is %s',
    async (name) => {
      expect(await problems(renderJunit(await run(name)))).toEqual([]);
    },
  );

  it('the schema refuses what is wrong', async () => {
    const xml = renderJunit(await run('closed')).replace('<testcase name="trial 0"', '<testcase');
    expect((await problems(xml)).join()).toContain('name');
  });

  it.each([
    ['closed', 'tests="2" failures="0" errors="0"'],
    ['open', 'tests="1" failures="1" errors="0"'],
    ['lost', 'tests="3" failures="0" errors="2"'],
    ['not reached', 'tests="3" failures="0" errors="0"'],
    ['without its control', 'tests="2" failures="0" errors="1"'],
  ])('counts a run that is %s', async (name, sums) => {
    const xml = renderJunit(await run(name));
    expect(xml.split('\n')[1]).toContain(sums);
  });

  it('holds what XML cannot', async () => {
    const closed = await run('closed');
    const reasons = ['</failure>\u0000\u001b[31m ]]> & \ud800'];
    const xml = renderJunit({
      ...closed,
      trials: closed.trials.map((trial) => ({ ...trial, outcome: 'lost' as const, reasons })),
    });
    expect(await problems(xml)).toEqual([]);
    expect(xml).toContain('&lt;/failure&gt;??[31m ]]&gt; &amp; ?');
  });
});
