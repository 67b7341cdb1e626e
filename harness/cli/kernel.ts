// SPDX-License-Identifier: GPL-2.0-only
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Argument, Command } from 'commander';
import { prepareKernel } from '../kernel/prepare.js';
import { openCache } from '../util/cache.js';
import { requireTools } from './doctor.js';
import { guestArch } from './guest-arch.js';

/** `dmrace kernel fetch|list`. */
export function kernelCommand(): Command {
  const command = new Command('kernel')
    .description('obtain and cache kernels')
    .addHelpText('after', '\nExamples:\n  dmrace kernel fetch debian:6.12\n  dmrace kernel list');
  command
    .command('fetch')
    .description('fetch a kernel, build its control and helper module, keep all in the cache')
    .addHelpText('after', '\nExample:\n  dmrace kernel fetch debian:6.12')
    .addArgument(new Argument('[spec]', 'as for run --kernel').default('debian'))
    .action(async (spec: string) => {
      const arch = guestArch();
      await requireTools(arch);
      const say = (line: string): void => void process.stderr.write(`${line}\n`);
      const kernel = await prepareKernel(await openCache(), spec, arch, say);
      process.stdout.write(`${JSON.stringify(kernel.identity, null, 2)}\n`);
    });
  command
    .command('list')
    .description('list the kernels in the cache')
    .addHelpText('after', '\nExample:\n  dmrace kernel list')
    .action(async () => {
      const { root } = await openCache();
      const names = await readdir(path.join(root, 'image')).catch(() => []);
      for (const name of names.filter((n) => !n.includes('.part-')).sort()) {
        process.stdout.write(`${name.replace('_', ' ')}\n`);
      }
    });
  return command;
}
