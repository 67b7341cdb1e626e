// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { audit } from '../campaign/audit/audit.js';
import { openResumedAudit } from '../campaign/audit/place.js';
import type { AuditedKernel, AuditParts } from '../campaign/audit/ports.js';
import { INTERRUPTED } from '../model/exit-codes.js';
import { ARCHES } from '../model/kernel.js';
import { PROFILES } from '../model/kernel-profile.js';
import { AUDIT_FORMAT_NAMES } from '../report/audit/formats.js';
import { AuditOptions, OF_RUNS } from './audit-options.js';
import { printAudit } from './audit-output.js';
import { writeAuditReproducer } from './audit-reproducer.js';
import { auditRequest } from './audit-request.js';
import { resumedAuditRequest } from './audit-resume.js';
import { offering } from './completions.js';
import { ACCELS, optionsBy, PATIENCE_FLAG, PATIENCE_TEXT, patchOption } from './options.js';
import { dockerWords } from './output.js';
import { Progress } from './progress.js';
import { say } from './streams.js';

const option = (flags: string, text: string, name: string): Option =>
  new Option(flags, text).env(`DMRACE_${name}`);

const several = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];

const HELP = `
Without MODULE, --exercise and --module: every module that an exercise is shipped for.
A module for which nothing was seen is not thereby clean: it says "nothing seen with this exercise".

Exit codes: 1 something is proven or reachable that is neither known nor in the baseline; 125
inconclusive: a planted mistake was not found, a correct twin was flagged, nothing could be tried, or
a module that was named could not; 0 nothing of the kind was seen (pending, listed and hint are shown
and do not change it); 128 the environment failed; 129 wrong usage; 130 interrupted.

Examples:
  dmrace audit                                  Debian's full kernel, all shipped exercises
  dmrace audit tun sch_taprio --live            two modules, in guests
  dmrace audit --static --kernel debian:6.12    the files alone, all modules, half a minute
  dmrace audit --kernel src:. --config /boot/config-6.12.0 --patch fix.mbx tun
  dmrace audit --module ./foo.ko --exercise foo.yaml
  dmrace audit --known known.json --baseline dmrace-runs/last-week --format junit
  dmrace audit --reproducer rcu-callback:tun:tun_prog_free --output tun`;

/**
 * `dmrace audit`: can anything of a module be called or read after it was unloaded?
 * @param parts what prepares kernels, reads modules and runs guests; loaded when it is asked for
 */
export function auditCommand<K extends AuditedKernel>(
  signal: AbortSignal,
  exit: (code: number) => void,
  parts: () => Promise<AuditParts<K>>,
): Command {
  return new Command('audit')
    .description('ask of every module whether anything of it is called or read after its unload')
    .addArgument(new Argument('[module...]', 'names as in /proc/modules; all with an exercise'))
    .addOption(
      option(
        '--kernel <spec>',
        'as for dmrace run; debian is the full flavour here, untouched (default: debian)',
        'KERNEL',
      ),
    )
    .addOption(
      option(
        '--profile <names>',
        `of a src: kernel: ${PROFILES.join(', ')} (default: none, the tree’s defconfig)`,
        'PROFILE',
      ),
    )
    .addOption(
      option(
        '--config <file>',
        'of a src: kernel: start from this .config; all of its modules are built',
        'CONFIG',
      ),
    )
    .addOption(patchOption())
    .addOption(
      offering(
        option('--arch <name>', 'guest architecture (default: this machine’s)', 'ARCH'),
        ARCHES,
      ),
    )
    .addOption(new Option('--static', 'only read the files of the modules'))
    .addOption(new Option('--live', 'only visit modules in guests (default: both)'))
    .addOption(new Option('--all', 'modules without an exercise too: loaded and unloaded'))
    .addOption(
      new Option(
        '--exercise <file>',
        'an exercise of your own, YAML or JSON (docs/audit.md)',
      ).argParser(several),
    )
    .addOption(new Option('--module <file>', 'a module of your own, foo.ko').argParser(several))
    .addOption(
      option('--known <file>', 'findings that are known and do not make the exit code 1', 'KNOWN'),
    )
    .addOption(
      new Option(
        '--baseline <dir>',
        'an earlier audit: red only on what is new, told what is gone',
      ),
    )
    .addOption(option('--jobs <n>', 'VMs side by side, or auto (default: auto)', 'JOBS'))
    .addOption(
      option('--shard <k/n>', 'make the k-th of n parts of the visits, as for run', 'SHARD'),
    )
    .addOption(new Option('--resume <dir>', 'go on with an audit that was interrupted'))
    .addOption(offering(option('--accel <how>', 'accelerator (default: auto)', 'ACCEL'), ACCELS))
    .addOption(option(PATIENCE_FLAG, PATIENCE_TEXT, 'PATIENCE'))
    .addOption(option('--out <dir>', 'folder for the artefacts (default: dmrace-runs/TIME)', 'OUT'))
    .addOption(
      offering(
        option('--format <how>', 'how to print (default: pretty)', 'FORMAT'),
        AUDIT_FORMAT_NAMES,
      ),
    )
    .addOption(
      new Option('--reproducer <finding>', 'boot nothing: write a reproducer of a finding'),
    )
    .addOption(
      new Option('--from <dir>', 'with --reproducer: the audit that has it (default: the newest)'),
    )
    .addOption(new Option('--output <dir>', 'with --reproducer: a new folder for it'))
    .addOption(new Option('--quiet', 'no progress on stderr'))
    .addHelpText('after', HELP)
    .action(async (modules: string[], _: unknown, command: Command) => {
      exit(await asked(modules, command, { signal, parts }));
    });
}

async function asked<K extends AuditedKernel>(
  modules: readonly string[],
  command: Command,
  { signal, parts }: { readonly signal: AbortSignal; readonly parts: () => Promise<AuditParts<K>> },
): Promise<number> {
  const { options, given } = await optionsBy(AuditOptions, command, OF_RUNS);
  if (
    options.reproducer !== undefined ||
    options.from !== undefined ||
    options.output !== undefined
  ) {
    return writeAuditReproducer(options);
  }
  const resumed = options.resume === undefined ? null : await openResumedAudit(options.resume);
  const request = resumed
    ? await resumedAuditRequest({ options, given, modules }, resumed.resumed)
    : await auditRequest(options, modules);
  const stages = new Progress(signal, options.quiet);
  const ended = await audit(request, await parts(), { stages, signal }, resumed);
  const { folder, result, timing, manifest } = ended;
  await printAudit(options.format, {
    result,
    timing,
    directory: folder.root,
    manifest,
    damage: [],
  });
  if (!signal.aborted) return result.exitCode;
  const again = ['dmrace audit', ...dockerWords(), '--resume', folder.root].join(' ');
  say(`dmrace: interrupted after ${result.visits.length} visits; go on with ${again}\n`);
  return INTERRUPTED;
}
