#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { dmrace } from './cli/dmrace.js';
import { tieToStdin } from './util/tied.js';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupt.abort());
}
if (process.env.DMRACE_TIED === '1') tieToStdin(() => interrupt.abort());
process.exitCode = await dmrace(process.argv.slice(2), interrupt.signal);
// Tools that an interrupt found at work would keep the process alive; their groups are ended at its exit.
if (interrupt.signal.aborted) process.exit();
