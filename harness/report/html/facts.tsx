// SPDX-License-Identifier: MIT
import { COMPARED_PLACEMENTS, orderedPlacements, type Placement } from '../../model/placement.js';
import type { RunResult } from '../../model/verdict.js';
import { scenarioOf } from '../../scenarios/index.js';
import { type RunEvidence, representatives, type TrialEvidence } from '../evidence.js';
import { KernelSection, kernelRows, type Row } from './kernel-section.js';

/** What nm's letter says of where the method is. */
const where = (letter: string, object: string): string =>
  letter === 'U'
    ? 'taken from vmlinux (nm: U)'
    : /^[Tt]$/.test(letter)
      ? `part of ${object} (nm: ${letter})`
      : letter;

/** The booted release method of each placement, side by side. */
export function Code({ result }: { result: RunResult }) {
  const { question, placements } = result;
  const { words, methodCalls } = scenarioOf(question).suspect;
  const objectOf = (placement: Placement): string =>
    scenarioOf({ ...question, placement }).suspect.build.object;
  const booted = orderedPlacements(question.placements).flatMap((placement) => {
    const sum = placements[placement];
    return sum ? [{ placement, sum }] : [];
  });
  return (
    <section>
      <h2>{words.method} as it was booted</h2>
      <p class="note">
        Read out of the guest’s memory before the trials. With a jump to {methodCalls}() nothing
        returns into the method, so that even one in the module would survive.
      </p>
      <div class="pair">
        {booted.map(({ placement, sum }) => (
          <div>
            <p>
              {placement}:{' '}
              <b>
                {sum.tailCall === null
                  ? 'unknown'
                  : sum.tailCall
                    ? 'tail call (jump)'
                    : 'call, it returns'}
              </b>
              ,{' '}
              {sum.objectSymbol === null
                ? 'symbols unread'
                : where(sum.objectSymbol, objectOf(placement))}
            </p>
            <pre>{sum.disassembly.length > 0 ? sum.disassembly.join('\n') : '(was not read)'}</pre>
          </div>
        ))}
      </div>
    </section>
  );
}

/** Which kernel it was, and what ran it. */
export function Identity({ result, evidence }: { result: RunResult; evidence: RunEvidence }) {
  const { kernel } = result;
  const rows: readonly Row[] = [
    ...kernelRows(kernel),
    ['preemption', kernel.preempt],
    ['.config, SHA-256', kernel.configSha256],
    ['processors of each guest', String(result.question.cpus ?? 1)],
    ['accelerator', evidence.accel ?? 'unknown'],
    ['started', evidence.startedAt ?? 'unknown'],
    ['dmrace', evidence.dmrace ?? 'unknown'],
  ];
  return <KernelSection rows={rows} />;
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** How to see it again, and QEMU's exact command line. */
export function Commands({
  result,
  shown,
  directory,
}: {
  result: RunResult;
  shown: readonly TrialEvidence[];
  directory: string;
}) {
  const { question, kernel } = result;
  const asked = COMPARED_PLACEMENTS.filter((one) => question.placements.includes(one));
  const placement = asked.length === 1 ? asked[0] : 'both';
  const seed = Math.min(...result.trials.map((trial) => trial.seed - trial.index));
  const again = [
    'dmrace run',
    `--kernel ${quoted(kernel.spec)}`,
    `--scenario ${quoted(question.scenario)}`,
    `--placement ${placement}`,
    `--trials ${question.trials}`,
    ...((question.cpus ?? 1) > 1 ? [`--cpus ${question.cpus}`] : []),
    ...(Number.isFinite(seed) ? [`--seed ${seed}`] : []),
  ].join(' ');
  return (
    <section>
      <h2>Reproduce</h2>
      <pre>{`# the whole run again\n${again}\n# this run judged again, from its files alone\ndmrace judge ${quoted(directory)}`}</pre>
      <h3>QEMU’s command lines</h3>
      <p class="note">
        As they were executed (qemu.argv). The sockets are those of the harness, which spoke to the
        guest through them.
      </p>
      {representatives(shown).map(({ argv, result: trial }) => (
        <>
          <p>
            {trial.placement} #{trial.index}
          </p>
          <pre class="wrap">{argv ?? '(qemu.argv cannot be read)'}</pre>
        </>
      ))}
    </section>
  );
}
