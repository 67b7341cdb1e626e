// SPDX-License-Identifier: MIT
import path from 'node:path';
import { Argument, Command, Option } from 'commander';
import { DmraceError } from '../model/errors.js';
import { dmReproducer } from '../reproducer/dm.js';
import { reproducerOf } from '../reproducer/write.js';
import { AuditFolder } from '../runs/audit/audit-folder.js';
import { readSavedRun } from '../runs/saved-run.js';
import { version } from '../util/version.js';
import { writeAuditReproducer } from './audit-reproducer.js';
import { writeReproducer } from './reproducer-folder.js';

interface ExportOptions {
  readonly output: string;
  readonly finding?: string;
}

/** `dmrace export`: an open run as a reproducer for people who have no dmrace. */
export function exportCommand(exit: (code: number) => void): Command {
  return new Command('export')
    .description('write a self-contained reproducer of an open run, or of a finding of an audit')
    .addArgument(new Argument('<run-dir>', 'a folder that dmrace run or audit made'))
    .addOption(new Option('--output <dir>', 'a new folder for it').makeOptionMandatory())
    .addOption(new Option('--finding <id>', 'of an audit: which finding'))
    .addHelpText(
      'after',
      `
It is a shell script, a README with the report to expect, and where somebody has to hold a reference
one small kernel module with its Makefile. No Node, no dmrace.

Examples:
  dmrace export dmrace-runs/2026-11-24T01-50-00-000Z --output second-bug
  dmrace export /tmp/a1 --finding rcu-callback:tun:tun_prog_free --output tun`,
    )
    .action(async (folder: string, options: ExportOptions) => {
      await exported(folder, options);
      exit(0);
    });
}

async function exported(folder: string, { output, finding }: ExportOptions): Promise<void> {
  if (await AuditFolder.is(folder)) {
    if (finding === undefined) {
      throw new DmraceError('usage', {
        observed: `${folder} is an audit, which may have many findings`,
        action: 'name one: --finding ID (dmrace judge shows them)',
      });
    }
    await writeAuditReproducer({ reproducer: finding, from: folder, output });
    return;
  }
  if (finding !== undefined) {
    throw new DmraceError('usage', {
      observed: `--finding ${finding}: ${folder} is a run, which has one question`,
      action: 'leave it out',
    });
  }
  const { result } = await readSavedRun(folder);
  const plan = dmReproducer(result, version());
  await writeReproducer(reproducerOf(plan), path.resolve(output));
}
