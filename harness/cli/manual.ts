// SPDX-License-Identifier: MIT
import type { Command } from 'commander';

/** Markdown that takes text as it is. */
const plain = (text: string): string => text.replaceAll(/[\\`*_{}[\]<>#|]/g, (sign) => `\\${sign}`);

/** The text that a command adds to its help: exit codes, examples. */
function helpAfter(command: Command): string {
  let text = '';
  const output = command.configureOutput();
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 80,
  });
  command.outputHelp();
  command.configureOutput(output);
  return text
    .slice(text.indexOf(command.helpInformation().trimEnd().split('\n').at(-1) ?? ''))
    .split('\n')
    .slice(1)
    .join('\n')
    .trim();
}

function section(command: Command, name: string): string[] {
  const help = command.createHelp();
  const terms = [
    ...help
      .visibleArguments(command)
      .map((one) => [help.argumentTerm(one), help.argumentDescription(one)] as const),
    ...help
      .visibleOptions(command)
      .map((one) => [help.optionTerm(one), help.optionDescription(one)] as const),
  ];
  const after = helpAfter(command);
  return [
    `## ${name.toUpperCase()}`,
    `\`${help.commandUsage(command)}\``,
    plain(command.description().replaceAll('\n', ' ')),
    ...terms.map(([term, says]) => `* \`${term}\`:\n  ${plain(says)}`),
    ...(after === '' ? [] : [['```', after, '```'].join('\n')]),
    ...help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .flatMap((child) => section(child, `${name} ${child.name()}`)),
  ];
}

/** The man page as Markdown with ronn's head, for marked-man; all of it comes from the commands. */
export function manual(program: Command): string {
  return [
    `# dmrace(1) -- ${program.description().replaceAll('\n', ' ')}`,
    ...section(program, 'dmrace'),
    '## SEE ALSO',
    'The docs folder of the package: verdicts.md, how-the-race-works.md, ci.md.',
    '',
  ].join('\n\n');
}
