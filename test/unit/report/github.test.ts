// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../harness/model/verdict.js';
import {
  githubAnnotations,
  githubSummary,
  SUMMARY_LIMIT_BYTES,
} from '../../../harness/report/github.js';
import { results } from '../../support/runs.js';

const run = async (name: string): Promise<RunResult> => {
  const result = await results[name]?.();
  if (!result) throw new Error(`no run ${name}`);
  return result;
};

const first = (result: RunResult): RunResult['trials'][number] => {
  const [trial] = result.trials;
  if (!trial) throw new Error('no trial');
  return trial;
};

describe('annotations', () => {
  it.each([
    ['closed', /^::notice title=dmrace release%3A closed::/],
    ['open', /^::error title=dmrace disk-release%3A open::/],
    ['lost', /^::warning title=dmrace release%3A inconclusive::/],
    ['open', /^::error title=builtin trial 0%3A crashed::disk-release-fops: /m],
    ['lost', /^::warning title=builtin trial 0%3A lost::no closing record/m],
  ])('a run that is %s: %s', async (name, line) => {
    expect(githubAnnotations(await run(name))).toMatch(line);
  });

  it('the control’s crash is no error', async () => {
    expect(githubAnnotations(await run('closed'))).not.toContain('::error');
  });

  it('text cannot become a command', async () => {
    const open = await run('open');
    const said = githubAnnotations({ ...open, reasons: ['100%\r\n::set-env name=X::y'] });
    expect(said).toContain('100%25%0D%0A::set-env name=X::y');
    expect(said.match(/^::/gm)).toHaveLength(2);
  });

  it('a campaign of failures stays within GitHub’s ten', async () => {
    const open = await run('open');
    const trials = Array.from({ length: 500 }, (_, index) => ({ ...first(open), index }));
    expect(
      githubAnnotations({ ...open, trials })
        .trim()
        .split('\n'),
    ).toHaveLength(10);
  });
});

describe('the job summary', () => {
  it('has verdict, placements, trials and the crash report', async () => {
    const text = githubSummary(await run('open'));
    expect(text).toMatch(/^## dmrace disk-release: open\n/);
    expect(text).toContain('| builtin | 1 | 1 | 1 | 0 | tail call |');
    expect(text).toContain('RIP: 0010:disk_release+0xa4/0x100');
  });

  it('keeps the limit by leaving out whole parts, and says so', async () => {
    const open = await run('open');
    const whole = githubSummary(open);
    const short = githubSummary(open, Buffer.byteLength(whole) - 1);
    expect(short).toMatch(/Shortened to what GitHub takes/);
    expect(short).not.toContain('<details>');
    const trials = Array.from({ length: 20_000 }, (_, index) => ({ ...first(open), index }));
    const huge = githubSummary({ ...open, trials });
    expect(Buffer.byteLength(huge)).toBeLessThanOrEqual(SUMMARY_LIMIT_BYTES);
    expect(huge).toContain('open');
    expect(githubSummary(open, 10)).toBe('');
  });

  it('nothing from a console ends its block or a table', async () => {
    const open = await run('open');
    const trials = open.trials.map((trial) => ({
      ...trial,
      reasons: ['a | b\n| c |'],
      findings: trial.findings.map((finding) => ({ ...finding, text: ['````', '</details>'] })),
    }));
    const text = githubSummary({ ...open, trials });
    expect(text).toContain('a \\| b \\| c \\|');
    expect(text).toContain('`````text\n````\n</details>\n`````');
  });
});
