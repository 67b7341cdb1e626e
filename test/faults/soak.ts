// SPDX-License-Identifier: MIT
// `npm run soak -- --faults N [--seed S] [--jobs J]`: random faults of the table, one after another.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { doFault, unable, warm } from './run.js';
import { FAULTS } from './table.js';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    skip: { type: 'string', default: '0' },
  },
});

/** mulberry32: 32 bits of state are enough to choose from a table, and a seed repeats a soak. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const why = await unable();
if (why !== null) {
  say(why);
  process.exit(128);
}
await warm();
const wanted = FAULTS.filter(
  ({ name, quick }) =>
    name.includes(values.only) &&
    (!values.quick || quick === true) &&
    (!values.slow || quick !== true),
).slice(Number(values.skip));
const total = values.once ? wanted.length : Number(values.faults);
const next = random(Number(values.seed));
say(`soak: ${total} faults of ${wanted.length}, seed ${values.seed}`);
const started = performance.now();
const counts = {
  'wrong verdicts': 0,
  hangs: 0,
  orphans: 0,
  'entries that stay damaged': 0,
  other: 0,
};
let begun = 0;
let done = 0;
let bad = 0;

/** What kind of wrong a line tells of. */
function kindOf(line: string): keyof typeof counts {
  if (/^it hangs/.test(line)) return 'hangs';
  if (/^an orphan|^left/.test(line)) return 'orphans';
  if (/damaged/.test(line)) return 'entries that stay damaged';
  if (/exit code (?:0|1) instead/.test(line)) return 'wrong verdicts';
  return 'other';
}

async function worker(): Promise<void> {
  while (begun < total) {
    const number = ++begun;
    const fault = values.once ? wanted[number - 1] : wanted[Math.floor(next() * wanted.length)];
    if (!fault) return;
    const came = await doFault(fault);
    done++;
    const seconds = (came.durationMs / 1000).toFixed(1);
    say(
      `${number}/${total} ${came.wrong.length === 0 ? 'ok' : 'WRONG'} ${seconds} s ${fault.name}`,
    );
    if (came.wrong.length > 0) bad++;
    for (const line of came.wrong) {
      counts[kindOf(line)]++;
      say(`    ${line}`);
    }
  }
}
let stopped = false;
process.on('SIGTERM', () => {
  stopped = true;
  begun = total;
});
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
say(
  `soak: ${done} faults${stopped ? ' (stopped)' : ''} in ${minutes} min, seed ${values.seed}: ${bad} not as expected; ${told.join(', ')}`,
);
process.exit(bad === 0 ? 0 : 1);
