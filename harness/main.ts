#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Nothing but what Node has built in is imported before the handlers are there: an import may fail
// too (EMFILE), and Node's own exit codes for that are 1, which says `open`, and 13.
import { writeSync } from 'node:fs';

/** Of the environment (model/exit-codes.ts): what holds unless the work says otherwise. */
const FAILED = 128;
/** What an interrupt has not ended so long after is left to die with the process. */
const LAST_MS = 10_000;
process.exitCode = FAILED;

function lastWords(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said =
    code === 'EMFILE' || code === 'ENFILE'
      ? `too many open files (${error instanceof Error ? error.message : code})\n  raise the limit: ulimit -n 1024`
      : // Node's resolver takes a package.json that it cannot open for one that is not there.
        code === 'ERR_MODULE_NOT_FOUND'
        ? `a part of the program cannot be loaded (${error instanceof Error ? error.message : code})\n  raise the limit of open files (ulimit -n 1024), or install dmrace again`
        : `a mistake in dmrace itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  try {
    writeSync(2, `dmrace: ${said}\n`);
  } catch {
    // nobody listens
  }
  process.exit(FAILED);
}
process.on('uncaughtException', lastWords);
// A limit of file sizes (ulimit -f) is then an error of the write, EFBIG, and does not end the process.
process.on('SIGXFSZ', () => undefined);

async function main(): Promise<never> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) return;
      interrupt.abort();
      setTimeout(() => process.exit(130), LAST_MS).unref();
    });
  }
  if (process.env.DMRACE_TIED === '1') {
    const { tieToStdin } = await import('./util/tied.js');
    tieToStdin(() => interrupt.abort());
  }
  const { dmrace } = await import('./cli/dmrace.js');
  const code = await dmrace(process.argv.slice(2), interrupt.signal);
  // What is still there, a tool that an interrupt found at work or the holder of a lock, would keep
  // the process alive; it is ended at its exit. All that was printed has left (cli/streams.ts).
  process.exit(code);
}
main().catch(lastWords);
