// SPDX-License-Identifier: MIT
// Whether the audit's control holds round after round: every planted mistake found, every correct
// twin silent. Each round has guests of its own, as each audit has:
//   node bench/audit/run.mjs planted KERNEL [ROUNDS] [JOBS] [x86_64|arm64]
// It ends with 0 when all rounds were as they must be, else with 1.
import { loadavg } from 'node:os';
import { guestKernel } from '../../harness/campaign/audit/live.js';
import { visitPlanted } from '../../harness/campaign/audit/planted.js';
import { GuestNumbers } from '../../harness/campaign/audit/visit-once.js';
import { visitRig } from '../../harness/campaign/audit/visit-rig.js';
import { openWork } from '../../harness/campaign/set-up.js';
import { controlLines, controlProblems } from '../../harness/judge/audit-control.js';
import { ARCH } from '../../harness/model/arch/index.js';
import type { PlantedVisit } from '../../harness/model/audit.js';
import type { Stages } from '../../harness/ports.js';

const [spec, rounds = '20', jobs = '1', name = 'x86_64'] = process.argv.slice(3);
const arch = Object.values(ARCH).find((one) => one.name === name);
if (spec === undefined || arch === undefined) {
  throw new Error('usage: node bench/audit/run.mjs planted KERNEL [ROUNDS] [JOBS] [x86_64|arm64]');
}
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const { signal } = stop;
const say = (line: string): void => console.error(line);
const stages: Stages = {
  stage: ({ title }, work) => work((line) => say(`${title}: ${line}`)),
  timing: {},
};

const work = await openWork(arch, signal);
const kernel = { spec, build: { profiles: [], config: null } } as const;
const { rig, identity } = await guestKernel(work, { kernel, accel: 'tcg', ownModules: [] }, stages);

/** One round, in guests of its own. */
async function round(): Promise<PlantedVisit[]> {
  const visits: PlantedVisit[] = [];
  const options = { jobs: Number(jobs), signal };
  for await (const { planted } of visitPlanted(visitRig(rig), options, new GuestNumbers())) {
    visits.push(planted);
  }
  return visits;
}

const all: PlantedVisit[] = [];
let whole = 0;
const began = performance.now();
for (let number = 1; number <= Number(rounds); number++) {
  const visits = await round().catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (visits === null) break;
  const problems = controlProblems(visits);
  if (problems.length === 0) whole++;
  all.push(...visits);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(
    `round ${number}: ${problems.length === 0 ? 'as it must be' : problems.join('; ')} (${seconds} s)`,
  );
}
for (const { mistake, found, planted, flagged, twins } of controlLines(all)) {
  console.log(
    `${mistake.padEnd(18)} found in ${found} of ${planted}, its twin flagged in ${flagged} of ${twins}`,
  );
}
const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
console.log(
  JSON.stringify({
    kernel: identity.release,
    ...{ rounds: Number(rounds), whole, jobs: Number(jobs), seconds, load: loadavg()[0] },
  }),
);
process.exitCode = whole === Number(rounds) ? 0 : 1;
