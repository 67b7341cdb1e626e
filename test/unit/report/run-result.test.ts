// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { renderJson } from '../../../harness/report/json.js';
import { RunResultJson, runResultSchema } from '../../../harness/report/run-result.js';
import { assets } from '../../../harness/util/assets.js';
import { results } from '../../support/runs.js';

const checkedIn: unknown = JSON.parse(readFileSync(assets('docs/run-result.schema.json'), 'utf8'));
const validate = new Ajv2020({ allErrors: true }).compile(checkedIn as object);

/** As a reader of stdout sees it. */
const printed = async (run: string): Promise<Record<string, unknown>> => {
  const result = await results[run]?.();
  if (!result) throw new Error(`no run ${run}`);
  return JSON.parse(JSON.stringify(renderJson(result, { totalMs: 1 })));
};

describe('docs/run-result.schema.json', () => {
  it('is made from the types (npm run generate)', () => {
    expect(checkedIn).toEqual(runResultSchema());
  });

  it.each(Object.keys(results))('ajv accepts a run that is %s', async (run) => {
    const output = await printed(run);
    validate(output);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each(Object.keys(results))('names every field of a run that is %s', async (run) => {
    const output = await printed(run);
    expect(RunResultJson.parse(output)).toEqual(output); // parse() drops what it does not know
  });

  it.each([
    ['another schema number', { schema: 2 }],
    ['a verdict that there is not', { verdict: 'maybe' }],
    ['no trials', { trials: undefined }],
    ['a time that is text', { timing: { totalMs: '1' } }],
  ])('ajv refuses %s', async (_, change) => {
    const output = JSON.parse(JSON.stringify({ ...(await printed('closed')), ...change }));
    expect(validate(output)).toBe(false);
  });
});
