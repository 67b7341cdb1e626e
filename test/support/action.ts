// SPDX-License-Identifier: MIT
// Pipelines as GitHub reads them: its own parser, then the parts that the tests need.
import { readFileSync } from 'node:fs';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { parse } from 'yaml';
import { z } from 'zod';
import { assets } from '../../harness/util/assets.js';

const Step = z.strictObject({
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  shell: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  run: z.string().optional(),
});
/** A step of a composite action. */
export type Step = z.infer<typeof Step>;

const Action = z.object({
  inputs: z.record(z.string(), z.strictObject({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(Step) }),
});

/** The action of this repository. */
export const readAction = (): z.infer<typeof Action> =>
  Action.parse(parse(readFileSync(assets('action.yml'), 'utf8')));

/** What GitHub's parser has against an action. */
export const actionProblems = (content: string): string[] =>
  problems(parseAction({ name: 'action.yml', content }, new NoOperationTraceWriter()));

/** What GitHub's parser has against a workflow. */
export const workflowProblems = (content: string): string[] =>
  problems(parseWorkflow({ name: 'workflow.yml', content }, new NoOperationTraceWriter()));

const problems = ({ context }: ReturnType<typeof parseWorkflow>): string[] =>
  context.errors.getErrors().map(({ message }) => message);

/** What an action's expressions can ask for here. */
export interface Facts {
  readonly inputs: Readonly<Record<string, string>>;
  /** Outputs of the steps so far, by id. */
  readonly steps: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Puts values in the place of `${{ inputs.x }}` and `${{ steps.x.outputs.y }}`. */
export function resolved(text: string, { inputs, steps }: Facts): string {
  return text.replaceAll(/\$\{\{ *([^}]*?) *\}\}/g, (_, asked: string) => {
    const [, input] = /^inputs\.(\w+)$/.exec(asked) ?? [];
    if (input !== undefined) {
      const value = inputs[input];
      if (value === undefined) throw new Error(`the action has no input ${input}`);
      return value;
    }
    const [, id = '', output = ''] = /^steps\.(\w+)\.outputs\.(\w+)$/.exec(asked) ?? [];
    if (id === '') throw new Error(`\${{ ${asked} }} cannot be resolved here`);
    return steps.get(id)?.get(output) ?? '';
  });
}
