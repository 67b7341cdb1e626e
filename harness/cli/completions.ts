// SPDX-License-Identifier: MIT
import tab from '@bomb.sh/tab/commander';
import type { Command, Option } from 'commander';

/** Values that the shell offers for an option; what is allowed is still for the option's reader. */
export function offering(option: Option, values: readonly string[]): Option {
  option.argChoices = [...values];
  return option;
}

/**
 * Adds `complete SHELL`, which prints a script for bash, zsh, fish or PowerShell, and what that
 * script calls. To be called last: it reads the commands that are there.
 */
export function addCompletions(program: Command): void {
  program.exitOverride(); // inherited by the parsers that the library makes
  tab(program);
  program.commands
    .find((command) => command.name() === 'complete')
    ?.addHelpText(
      'after',
      '\nExamples:\n  source <(dmrace complete bash)\n  dmrace complete fish > ~/.config/fish/completions/dmrace.fish',
    );
}
