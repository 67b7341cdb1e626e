// SPDX-License-Identifier: MIT
// The action, the workflows and the pipelines of docs/: their form, by parsers that are not ours.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { shardOf } from '../../../harness/runs/shard.js';
import { assets } from '../../../harness/util/assets.js';
import { actionProblems, readAction, resolved, workflowProblems } from '../../support/action.js';

const read = (...names: string[]): string => readFileSync(assets(...names), 'utf8');

/** Whether a shell takes a script; a mistake of form is thrown. */
const parsedBySh = (script: string): void => {
  execFileSync('sh', ['-n'], { input: script });
};

/** All blocks of a page in a language. */
const blocks = (page: string, language: string): string[] =>
  [...read('docs', page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    (found) => found[1] ?? '',
  );

describe('action.yml', () => {
  const text = read('action.yml');
  const action = readAction();

  it('is an action to GitHub’s own parser, which refuses what is none', () => {
    expect(actionProblems(text)).toEqual([]);
    expect(actionProblems(text.replace('using: composite', 'using: composed'))).not.toEqual([]);
    expect(actionProblems(text.replace('      shell: sh\n', ''))).not.toEqual([]);
  });

  it('has the inputs and outputs that users rely on', () => {
    const inputs = ['kernel', 'scenario', 'trials', 'known', 'version'];
    expect(Object.keys(action.inputs)).toEqual(inputs);
    expect(Object.keys(action.outputs)).toEqual(['verdict', 'report']);
  });

  it('its scripts are scripts, and no input is part of one', () => {
    for (const { run, shell } of action.runs.steps) {
      if (run === undefined) continue;
      expect(shell).toBe('sh');
      expect(run).not.toMatch(/\$\{\{/);
      parsedBySh(run);
    }
  });

  it('every expression asks for something that there is', () => {
    const ids = new Set(action.runs.steps.map(({ id }) => id));
    for (const [, what = ''] of text.matchAll(/\$\{\{ *([^}]*?) *\}\}/g)) {
      const step = /steps\.(\w+)\.outputs\.(\w+)/.exec(what);
      if (step) {
        expect(ids).toContain(step[1]);
        const script = action.runs.steps.find(({ id }) => id === step[1])?.run ?? '';
        expect(script).toContain(`${step[2]}=`);
      }
      const input = /inputs\.(\w+)/.exec(what);
      if (input) expect(Object.keys(action.inputs)).toContain(input[1]);
    }
    const facts = { inputs: { kernel: 'x' }, steps: new Map([['run', new Map([['a', 'b']])]]) };
    const asked = (what: string): string => ['$', `{{ ${what} }}`].join('');
    expect(resolved(`1 ${asked('inputs.kernel')}`, facts)).toBe('1 x');
    expect(resolved(asked('steps.run.outputs.a'), facts)).toBe('b');
    expect(() => resolved(asked('inputs.no'), facts)).toThrow('no input no');
    expect(() => resolved(asked('secrets.x'), facts)).toThrow('cannot be resolved');
  });
});

describe('workflows', () => {
  const files = readdirSync(assets('.github/workflows'));

  it.each(files)('%s is one to GitHub’s own parser', (file) => {
    const text = read('.github/workflows', file);
    expect(workflowProblems(text)).toEqual([]);
    expect(workflowProblems(text.replace('runs-on:', 'run-on:'))).not.toEqual([]);
  });

  it('and those of docs/ci.md are', () => {
    const workflows = blocks('ci.md', 'yaml').filter((text) => /^jobs:/m.test(text));
    expect(workflows.length).toBeGreaterThan(0);
    for (const text of workflows) expect(workflowProblems(`on: push\n${text}`)).toEqual([]);
  });

  it('docs/ci.md gives the action only inputs that it has', () => {
    const Job = z.object({
      steps: z.array(
        z.object({
          uses: z.string().optional(),
          with: z.record(z.string(), z.unknown()).optional(),
        }),
      ),
    });
    const Jobs = z.object({ jobs: z.record(z.string(), Job) });
    const steps = blocks('ci.md', 'yaml')
      .filter((text) => /^jobs:/m.test(text))
      .flatMap((text) => Object.values(Jobs.parse(parse(text)).jobs))
      .flatMap((job) => job.steps)
      .filter(({ uses }) => uses?.includes('/dmrace@'));
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      for (const name of Object.keys(step.with ?? {})) {
        expect(Object.keys(readAction().inputs)).toContain(name);
      }
    }
  });
});

describe('the pipelines of docs/', () => {
  const Gitlab = z.record(z.string(), z.looseObject({ script: z.array(z.string()) }));

  it('GitLab’s jobs have scripts that are scripts', () => {
    const jobs = blocks('ci.md', 'yaml').filter((text) => /^ {2}script:/m.test(text));
    expect(jobs.length).toBeGreaterThan(0);
    for (const text of jobs) {
      for (const { script } of Object.values(Gitlab.parse(parse(text)))) {
        for (const line of script) parsedBySh(line);
      }
    }
  });

  it('Kubernetes’ job runs its script: it begins a shard, and goes on with one that is there', () => {
    const [text = ''] = blocks('scale.md', 'yaml');
    const Job = z.object({
      spec: z.object({
        completionMode: z.literal('Indexed'),
        completions: z.number(),
        template: z.object({
          spec: z.object({ containers: z.array(z.looseObject({ args: z.array(z.string()) })) }),
        }),
      }),
    });
    const { spec } = Job.parse(parse(text));
    const [script = ''] = spec.template.spec.containers[0]?.args ?? [];
    // A dmrace that says what it was asked, and folders of ours in the place of the volume's.
    const run = (there: boolean): string =>
      execFileSync(
        'sh',
        [
          '-c',
          script
            .replaceAll('exec dmrace', 'echo dmrace')
            .replaceAll('/work/', '')
            .replace('[ -e "$out/run.json" ]', there ? 'true' : 'false')
            .replace(
              'then echo dmrace run --resume "$out"',
              'then echo dmrace run --resume "$out"; exit',
            ),
        ],
        { encoding: 'utf8', env: { JOB_COMPLETION_INDEX: '2', PATH: process.env.PATH } },
      ).trim();
    expect(run(true)).toBe('dmrace run --resume shard-2');
    const begun = run(false);
    expect(begun).toMatch(/^dmrace run .*--out shard-2$/);
    const flag = /--shard (\S+)/.exec(begun)?.[1];
    expect(shardOf(flag, { JOB_COMPLETION_INDEX: '2' })).toEqual({
      number: 3,
      of: spec.completions,
    });
  });
});
