// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { DmraceError } from '../model/errors.js';
import { readExpected } from './scan-expected.js';
import { scanFiles } from './scan-files.js';
import type { ScanStreams } from './scan-input.js';
import { out, say } from './streams.js';

interface ScanOptions {
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly vmlinux?: string;
  readonly systemMap?: string;
  readonly modules?: string;
  readonly known?: string;
  readonly allow?: string;
}

const HELP = `
Exit codes: 0 no crash found, 1 at least one, 128 a file cannot be read, 129 wrong usage, or a file
that is no text (gzip and UTF-16 are read, at most 4 GiB of them).
What --known or --allow expect is printed and counted, and does not make the exit code 1.
--known takes the file of \`dmrace run --known\`. The kernel's version is that of the log's own
"Linux version" line; without one, every range counts.
--allow takes one extended regular expression a line, as for grep -E, comments after #. It allows
a crash by its title or by its first line.
--modules takes a JSON array of {"module","start","end","unloaded","symbols":[{"name","address"}]}
with hexadecimal addresses, recorded before the unload; it is what names addresses in text that is gone.
--jsonl reads lines {"id","log"}; a line that is none is reported by number and left out.

Examples:
  dmesg | dmrace scan
  dmrace scan --json console.log.gz
  dmrace scan --allow allowed.txt --known known.json console.log`;

/** The command `dmrace scan`: sets the exit code, throws {@link DmraceError} for the environment. */
export function scanCommand(
  streams: ScanStreams = processStreams(),
  exit: (code: number) => void = (code) => {
    process.exitCode = code;
  },
): Command {
  return new Command('scan')
    .description('find kernel crashes in console logs (stdin without FILE)')
    .argument('[FILE...]', 'logs to read; - is stdin')
    .option('--json', 'print one JSON object')
    .option('--jsonl', 'read lines {"id","log"}, print lines {"id","findings"}')
    .option('--known <FILE>', 'crashes that are known and accepted (JSON, as for run --known)')
    .option('--allow <FILE>', 'crashes that are allowed: one extended regular expression a line')
    .option('--vmlinux <FILE>', 'name source lines with addr2line or llvm-symbolizer')
    .option('--system-map <FILE>', 'name bare addresses by System.map or a saved kallsyms')
    .option('--modules <FILE>', 'what was recorded of the modules before the unload (JSON)')
    .addHelpText('after', HELP)
    .action(async (files: string[], options: ScanOptions) => {
      if (options.json === true && options.jsonl === true) {
        throw new DmraceError('usage', {
          observed: '--json and --jsonl were both given',
          action: 'Give one of them.',
        });
      }
      const { modules } = options;
      const context =
        modules === undefined
          ? undefined
          : await (await import('./scan-modules.js')).readModules(modules);
      const expected = await readExpected(options.known, options.allow);
      const names = files.length === 0 ? ['-'] : files;
      const found =
        options.jsonl === true
          ? await (await import('./scan-records.js')).scanRecords(names, streams, {
              context,
              expected,
            })
          : await scanFiles(names, streams, { ...options, context, expected });
      if (expected.count > 0) {
        streams.stderr(
          `${found} found, ${expected.count} expected (${expected.known} known, ${expected.allowed} allowed)\n`,
        );
      }
      exit(found > expected.count ? 1 : 0);
    });
}

function processStreams(): ScanStreams {
  return {
    stdin: process.stdin,
    stdout: out,
    stderr: say,
  };
}
