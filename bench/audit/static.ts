// SPDX-License-Identifier: MIT
// What the static part of the audit costs for all modules of a kernel, on one core:
//   taskset -c 0 node bench/audit/run.mjs static MODULES IMAGE [x86_64|arm64]
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { auditStatic } from '../../harness/campaign/audit/static.js';

import { ask } from './ask.js';

const { modules, image, work } = ask(process.argv.slice(3));

/** CPU seconds of this process, and of those that it has waited for (proc(5): fields 14 to 17). */
function cpuSeconds() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ') ?? [];
  const [user = 0, system = 0, children = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
  return { own: (user + system) / 100, tools: (children + childrenSystem) / 100 };
}

const began = performance.now();
const audit = await auditStatic(work, { modules, image });
const { own, tools } = cpuSeconds();
const signs = audit.modules.flatMap((module) => module.signs);
console.log(
  JSON.stringify({
    kernel: audit.release,
    modules: audit.modules.length,
    unread: audit.unread.length,
    listed: signs.filter(({ word }) => word === 'listed').length,
    hints: signs.filter(({ word }) => word === 'hint').length,
    cpuSeconds: { all: Number((own + tools).toFixed(2)), own, tools },
    wallSeconds: Number(((performance.now() - began) / 1000).toFixed(1)),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    load: loadavg()[0],
  }),
);
