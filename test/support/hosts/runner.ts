// SPDX-License-Identifier: MIT
// What GitHub's runner does with a composite action, as far as ours needs it: variables, files for
// outputs and PATH, `shell: sh` as `sh -e FILE`. What `uses:` names is done here by hand.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readAction, resolved, type Step } from '../action.js';
import type { Root } from './root.js';

/** What became of a step. */
export interface Ran {
  readonly name: string;
  readonly exitCode: number;
  readonly said: string;
}

/** An action that has run. */
export interface Outcome {
  readonly ran: readonly Ran[];
  /** Its outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What every `uses:` was given. */
  readonly used: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/**
 * Runs the action of this repository in a root, where its checkout is in `/action`.
 * @param use stands for what `uses:` names
 */
export async function runAction(
  root: Root,
  given: Readonly<Record<string, string>>,
  use: (action: string, options: Readonly<Record<string, string>>) => Promise<void>,
): Promise<Outcome> {
  const action = readAction();
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
  const inputs: Record<string, string> = { ...Object.fromEntries(defaults), ...given };
  const steps = new Map<string, ReadonlyMap<string, string>>();
  const facts = { inputs, steps };
  const temp = '/tmp/runner';
  const inRoot = (name: string): string => path.join(root.path, temp, name);
  await mkdir(path.join(root.path, temp), { recursive: true });
  const ran: Ran[] = [];
  const used = new Map<string, Readonly<Record<string, string>>>();
  let searched = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  for (const name of ['path', 'summary']) await writeFile(inRoot(name), '');

  const runStep = async (step: Step, index: number): Promise<number> => {
    await writeFile(inRoot('output'), '');
    await writeFile(inRoot(`step-${index}`), step.run ?? '');
    const env = Object.entries(step.env ?? {}).map(([name, value]) => [
      name,
      resolved(value, facts),
    ]);
    const { exitCode, all } = await root.run(['sh', '-e', `${temp}/step-${index}`], {
      PATH: searched,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTION_PATH: '/action',
      GITHUB_OUTPUT: `${temp}/output`,
      GITHUB_PATH: `${temp}/path`,
      GITHUB_STEP_SUMMARY: `${temp}/summary`,
      RUNNER_TEMP: temp,
      ...Object.fromEntries(env),
    });
    const pairs = (await readFile(inRoot('output'), 'utf8')).matchAll(/^(\w+)=(.*)$/gm);
    if (step.id !== undefined) {
      steps.set(step.id, new Map([...pairs].map(([, key = '', value = '']) => [key, value])));
    }
    const added = (await readFile(inRoot('path'), 'utf8')).trim().split('\n').reverse();
    await writeFile(inRoot('path'), '');
    searched = [...added.filter((folder) => folder !== ''), searched].join(':');
    ran.push({ name: step.name ?? '', exitCode, said: all });
    return exitCode;
  };

  for (const [index, step] of action.runs.steps.entries()) {
    if (step.uses !== undefined) {
      // The one condition that there is: a run has left its folder.
      if (step.if !== undefined && !steps.get('run')?.has('folder')) continue;
      const options = Object.entries(step.with ?? {})
        .filter(([name]) => name !== 'name')
        .map(([name, value]) => [name, resolved(String(value), facts)]);
      used.set(step.uses, Object.fromEntries(options));
      await use(step.uses, Object.fromEntries(options));
    } else if (ran.every(({ exitCode }) => exitCode === 0)) await runStep(step, index);
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    resolved(value, facts),
  ]);
  return {
    ran,
    outputs: Object.fromEntries(outputs),
    summary: await readFile(inRoot('summary'), 'utf8'),
    used,
  };
}
