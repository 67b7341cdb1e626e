// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { Argument, Command, Option } from 'commander';
import prettyBytes from 'pretty-bytes';
import { openWork } from '../campaign/set-up.js';
import { listKernels } from '../kernel/list.js';
import { prepareKernel } from '../kernel/prepare.js';
import { fetchSource } from '../kernel/sources.js';
import { fetchVmlinux } from '../kernel/vmlinux.js';
import { buildOptions, PROFILES } from '../model/kernel-profile.js';
import type { PreparedKernel } from '../ports.js';
import { guestArch } from '../rig/guest-arch.js';
import { SUSPECTS } from '../suspects/index.js';
import { mending, openCache } from '../util/cache.js';
import type { Work } from '../util/work.js';
import { ALL_MODULES_FLAG, ALL_MODULES_TEXT, patchOption } from './options.js';
import { out, say as print } from './streams.js';

interface KernelOptions {
  readonly profile?: string;
  readonly config?: string;
  readonly patch?: string[];
  readonly allModules?: boolean;
  readonly arch?: string;
  readonly source?: boolean;
  readonly vmlinux?: boolean;
}

const say = (line: string): void => print(`${line}\n`);

/** `dmrace kernel build|fetch|list`. */
export function kernelCommand(signal: AbortSignal): Command {
  const command = new Command('kernel')
    .description('obtain and cache kernels')
    .addHelpText('after', '\nExamples:\n  dmrace kernel fetch debian:sid\n  dmrace kernel list');
  const arch = (): Option => new Option('--arch <name>', 'guest architecture');
  const opened = async (options: KernelOptions): Promise<Work> => ({
    ...(await openWork(guestArch(options.arch), signal)),
    say,
  });
  const prepare = async (spec: string, options: KernelOptions): Promise<PreparedKernel> => {
    const { profile, config, patch, allModules } = options;
    const build = buildOptions(spec, profile, config, { patches: patch, allModules });
    const work = await opened(options);
    return mending(work, say, () =>
      prepareKernel(work, spec, { suspect: SUSPECTS.dm_mod.build, build }),
    );
  };
  command
    .command('fetch')
    .description('fetch a kernel, build its control and helper module, keep all in the cache')
    .addArgument(new Argument('[spec]', 'as for run --kernel').default('debian'))
    .addOption(
      new Option('--source', 'unpack that version’s linux-source and print its path, for src:'),
    )
    .addOption(
      new Option(
        '--vmlinux',
        'fetch that version’s vmlinux with debug information (some 300 MB) and print its path, for --dump',
      ).conflicts('source'),
    )
    .addOption(arch())
    .addHelpText(
      'after',
      `
Examples:
  dmrace kernel fetch debian:6.12
  dmrace kernel fetch --vmlinux                for crash and drgn (docs/dump.md)
  dmrace run --kernel src:$(dmrace kernel fetch --source debian:6.12)`,
    )
    .action(async (spec: string, options: KernelOptions) => {
      if (options.source) {
        const tree = await fetchSource(await opened(options), spec);
        out(`${tree}\n`);
        return;
      }
      if (options.vmlinux) {
        out(`${await fetchVmlinux(await opened(options), spec)}\n`);
        return;
      }
      const kernel = await prepare(spec, options);
      out(`${JSON.stringify(kernel.identity, null, 2)}\n`);
    });
  command
    .command('build')
    .description('build a kernel from a tree, which is never written into')
    .addArgument(new Argument('<spec>', 'src:PATH, a kernel tree or git worktree'))
    .addOption(
      new Option(
        '--profile <names>',
        `joined by commas: ${PROFILES.join(', ')} (default: base)`,
      ).env('DMRACE_PROFILE'),
    )
    .addOption(
      new Option('--config <file>', 'start from this .config, not defconfig').env('DMRACE_CONFIG'),
    )
    .addOption(patchOption())
    .addOption(new Option(ALL_MODULES_FLAG, ALL_MODULES_TEXT))
    .addOption(arch())
    .addOption(
      new Option('--suite <name>', 'with --docker: with the compiler of that Debian suite'),
    )
    .addHelpText(
      'after',
      `
Examples:
  dmrace kernel build src:.
  dmrace kernel build src:../linux --profile base,kasan
  dmrace kernel build src:. --patch v2_series.mbx
  dmrace kernel build src:. --docker --suite sid`,
    )
    .action(async (spec: string, options: KernelOptions) => {
      const started = performance.now();
      const kernel = await prepare(spec, options);
      const { size } = await stat(kernel.image);
      say(
        `${kernel.identity.release}: ${prettyBytes(size)}, ready after ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
      out(`${kernel.image}\n`);
    });
  command
    .command('list')
    .description('list the kernels in the cache')
    .addHelpText('after', '\nExamples:\n  dmrace kernel list')
    .action(async () => {
      const { root } = await openCache();
      for (const line of await listKernels(root)) out(`${line}\n`);
    });
  return command;
}
