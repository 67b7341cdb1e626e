// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandTree } from '../../../harness/cli/dmrace.js';
import { manual } from '../../../harness/cli/manual.js';

const program = await commandTree(new AbortController().signal, () => undefined);
const text = manual(program);

const commands = (command: Command, name: string): [string, Command][] => [
  [name, command],
  ...command.commands.flatMap((child) => commands(child, `${name} ${child.name()}`)),
];
/** The part of the manual about one command. */
const about = (name: string): string =>
  text.split(/^## /m).find((part) => part.startsWith(`${name.toUpperCase()}\n`)) ?? '';

describe('help and manual', () => {
  it.each(commands(program, 'dmrace'))('%s has an example', (name) => {
    expect(about(name)).toMatch(/^Examples?:\n {2}/m);
  });

  it.each(commands(program, 'dmrace'))('%s: every option is in the manual', (name, command) => {
    for (const option of command.options) expect(about(name)).toContain(`\`${option.flags}\``);
  });
});
