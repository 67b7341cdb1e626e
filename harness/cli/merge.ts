// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { AuditFolder } from '../runs/audit/audit-folder.js';
import { mergeAudits } from '../runs/audit/merge-audits.js';
import { mergeShards } from '../runs/merge.js';
import { ALL_FORMAT_NAMES, auditFormat, printAudit } from './audit-output.js';
import { printResult, printTrial, runFormat } from './output.js';

/** `dmrace merge`: the shards of a campaign as one run. */
export function mergeCommand(exit: (code: number) => void): Command {
  return new Command('merge')
    .description('put the shards of a campaign together into one run and judge it')
    .addArgument(new Argument('<dirs...>', 'folders of dmrace run --shard, or of audit --shard'))
    .addOption(new Option('--out <dir>', 'folder of the whole').makeOptionMandatory())
    .addOption(
      new Option('--format <how>', 'how to print').choices(ALL_FORMAT_NAMES).default('pretty'),
    )
    .addHelpText('after', '\nExample:\n  dmrace merge shard-1 shard-2 --out whole')
    .action(async (folders: string[], options: { out: string; format: string }) => {
      exit(await merge(folders, options.out, options.format));
    });
}

async function merge(folders: readonly string[], out: string, name: string): Promise<number> {
  const audits = await Promise.all(folders.map((folder) => AuditFolder.is(folder)));
  if (audits.some(Boolean)) return mergeAudit(folders, out, name);
  const format = runFormat(name);
  const started = performance.now();
  const { directory, saved } = await mergeShards(folders, out);
  const { result } = saved;
  const timing = { totalMs: Math.round(performance.now() - started) };
  const { verdict, reasons, exitCode } = result;
  await directory.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  const manifest = await directory.writeManifest();
  await directory[Symbol.asyncDispose]();
  for (const trial of result.trials) printTrial(trial, format);
  await printResult(result, format, directory.root, timing, manifest);
  return result.exitCode;
}

/** The shards of an audit as one audit. */
async function mergeAudit(roots: readonly string[], out: string, name: string): Promise<number> {
  const format = auditFormat(name);
  const started = performance.now();
  const { folder, saved } = await mergeAudits(roots, out);
  const { verdict, reasons, exitCode } = saved.result;
  const timing = { totalMs: Math.round(performance.now() - started) };
  await folder.writeVerdict({ schema: 1, verdict, reasons, exitCode, timing });
  const manifest = await folder.writeManifest();
  await folder[Symbol.asyncDispose]();
  const { result, damage } = saved;
  await printAudit(format, { result, timing, directory: folder.root, manifest, damage });
  return exitCode;
}
