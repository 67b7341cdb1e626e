// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../harness/model/verdict.js';
import { renderText } from '../../../harness/report/text.js';
import { plain, results } from '../../support/runs.js';

const screen = async (name: string, edit = (r: RunResult): RunResult => r): Promise<string> => {
  const result = await results[name]?.();
  if (!result) throw new Error(`no run ${name}`);
  return renderText(edit(result), { directory: '/runs/1', manifest: null, paint: plain });
};

describe('the end screen', () => {
  it.each(Object.keys(results))('of a run that is %s fits a screen of 100 by 45', async (name) => {
    const lines = (await screen(name)).split('\n');
    expect(lines.length).toBeLessThanOrEqual(45);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('of a campaign with many reasons and crashes fits, too, and says what it leaves out', async () => {
    const text = await screen('open', (run) => ({
      ...run,
      reasons: Array.from({ length: 300 }, (_, n) => `reason ${n} ${'long '.repeat(10)}`),
      trials: run.trials.flatMap((trial) =>
        Array.from({ length: 40 }, (_, index) => ({
          ...trial,
          index,
          findings: trial.findings.map((finding) => ({ ...finding, title: `crash ${index}` })),
        })),
      ),
    }));
    expect(text.split('\n').length).toBeLessThanOrEqual(45);
    expect(text).toContain('and 296 reasons more');
    expect(text).toContain('and 38 more');
  });

  it.each([
    ['closed', /^closed: the builtin dm_kobject_release\(\) closes the race: 1 trial went/],
    ['closed', /^trials +1 +1$/m],
    ['closed', /^7 +holder +a reschedule before .* 349\.290 +199\.228$/m],
    ['closed', /^ {2}at ffffffffc024ddde = dm_kobject_release\+0xe \[unloaded dm_mod\]$/m],
    ['closed', /^artefacts {2}\/runs\/1$/m],
    ['closed', /dmrace run --scenario disk-release/],
    ['open', /^open: the race is open: 1 of 1 trial/],
    ['open', /^ {2}reading ffffffffc0250738 = dm_blk_dops\+0x58 \[unloaded dm_mod\]$/m],
    ['open', /^next +less \+2 \/runs\/1\/builtin-0\/console\.log/m],
    ['not reached', /^inconclusive: /],
    ['not reached', /^3 +remover .* not seen +178\.259$/m],
    ['not reached', /^next +dmrace run --seed 2/m],
    ['lost', /^next +dmrace run --jobs 1/m],
    ['without its control', /^next +dmrace run --placement both/m],
  ])('of a run that is %s has %s', async (name, line) => {
    expect(await screen(name)).toMatch(line);
  });

  it('says when the guest had no finer clock than jiffies', async () => {
    const jiffies = await screen('closed', (run) => ({
      ...run,
      trials: run.trials.map((trial) => ({
        ...trial,
        steps: trial.steps.map((step) => ({ ...step, atUs: Math.round(step.atUs / 4000) * 4000 })),
      })),
    }));
    expect(jiffies).toMatch(/trace clock, which has steps of 4 ms here$/m);
    expect(await screen('closed')).toMatch(/trace clock$/m);
  });

  it('of a run in a container says to run the next one there, too', async () => {
    const result = await results.closed?.();
    if (!result) throw new Error('no run closed');
    const text = renderText(result, {
      directory: '/runs/1',
      manifest: null,
      paint: plain,
      docker: ['--docker', '--suite', 'sid'],
    });
    expect(text).toMatch(/^next +dmrace run --docker --suite sid --trials 10 /m);
    expect(text).toMatch(/^ +dmrace report \/runs\/1 /m); // which needs nothing but Node
  });

  it('keeps kernel and scenario in what it says to run next', async () => {
    const text = await screen('closed', (run) => ({
      ...run,
      kernel: { ...run.kernel, spec: 'debian:6.12' },
    }));
    expect(text).toContain('--kernel debian:6.12');
  });

  it('keeps the architecture and how the kernel was built', async () => {
    const built = { commit: null, compiler: 'gcc 12.2.0' };
    const next = (
      profiles: string[],
      config: string | null,
      more: { modulesLeftOut?: number } = {},
    ): Promise<string> =>
      screen('closed', (run) => ({
        ...run,
        kernel: {
          ...run.kernel,
          spec: 'src:.',
          arch: 'arm64' as const,
          build: { ...built, ...more, profiles, config },
        },
      }));
    expect(await next(['base'], null)).toContain('dmrace run --arch arm64 --kernel src:. --trials');
    expect(await next(['base', 'rpi'], null)).toContain('--kernel src:. --profile base,rpi');
    const trimmed = await next([], 'c', { modulesLeftOut: 3 });
    expect(trimmed).toContain('--kernel src:. --config c --trials');
    expect(await next([], 'c')).toContain('--kernel src:. --config c --all-modules --trials');
  });
});
