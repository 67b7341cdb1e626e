// SPDX-License-Identifier: MIT
import { layoutOf, nameInModule } from '../../evidence/layout.js';
import { readRecords } from '../../evidence/records.js';
import type { Finding } from '../../model/finding.js';
import type { RunResult } from '../../model/verdict.js';
import { scenarioOf } from '../../scenarios/index.js';
import type { TrialEvidence } from '../evidence.js';

/** Each different crash once, with the addresses of the unloaded module named. */
export function Crashes({ result, shown }: { result: RunResult; shown: readonly TrialEvidence[] }) {
  const groups = new Map<string, { trial: TrialEvidence; finding: Finding; names: string[] }>();
  for (const trial of shown) {
    for (const finding of trial.result.findings) {
      const key = `${trial.result.placement}\n${finding.cause}\n${finding.title}`;
      const group = groups.get(key) ?? { trial, finding, names: [] };
      group.names.push(`${trial.result.placement} #${trial.result.index}`);
      groups.set(key, group);
    }
  }
  return (
    <section>
      <h2>Crash reports</h2>
      {groups.size === 0 && <p>None of the {result.trials.length} trials crashed.</p>}
      {[...groups.values()].map(({ trial, finding, names }) => (
        <Crash trial={trial} finding={finding} names={names} />
      ))}
    </section>
  );
}

function Crash({
  trial,
  finding,
  names,
}: {
  trial: TrialEvidence;
  finding: Finding;
  names: readonly string[];
}) {
  const name = namer(trial, finding);
  return (
    <article class="crash">
      <h3>{finding.title}</h3>
      <dl>
        <dt>cause</dt>
        <dd>
          <code>{finding.cause}</code>
        </dd>
        {finding.resolved && (
          <>
            <dt>at</dt>
            <dd>
              <code>{finding.address}</code> = <code class="named">{finding.resolved}</code>
            </dd>
          </>
        )}
        {finding.resolvedFault && (
          <>
            <dt>accessing</dt>
            <dd>
              <code>{finding.faultAddress}</code> ={' '}
              <code class="named">{finding.resolvedFault}</code>
            </dd>
          </>
        )}
        <dt>seen in</dt>
        <dd>
          {names.slice(0, 12).join(', ')}
          {names.length > 12 ? ` and ${names.length - 12} more` : ''}; console line {finding.line}{' '}
          of the first
        </dd>
        {finding.state.is !== 'complete' && (
          <>
            <dt>report</dt>
            <dd>
              {finding.state.is}: {finding.state.reason}
            </dd>
          </>
        )}
      </dl>
      <pre class="console">
        {finding.text.map((line) => (
          <>
            {decoded(line, name)}
            {'\n'}
          </>
        ))}
      </pre>
    </article>
  );
}

/** Names an address (hex, without `0x`) or returns null. */
type Namer = (address: string) => string | null;

/** What the guest recorded of the module before its unload names what the console could not. */
function namer({ files, result }: TrialEvidence, finding: Finding): Namer {
  const { name: module } = scenarioOf(result).suspect;
  const layout = layoutOf(
    [files.readyRecords, files.records].flatMap((text) => readRecords(text).records),
    module,
  );
  const known = new Map([
    [finding.address, finding.resolved],
    [finding.faultAddress, finding.resolvedFault],
  ]);
  return (address) => {
    const found = known.get(address);
    if (found) return found;
    const named = nameInModule(layout, BigInt(`0x${address}`));
    return named?.replace(`[${module}]`, `[unloaded ${module}]`) ?? null;
  };
}

/** A console line with the name after each address that has one. */
function decoded(line: string, name: Namer) {
  return line.split(/(\b(?:0x)?[0-9a-f]{16}\b)/).map((part) => {
    const address = /^(?:0x)?([0-9a-f]{16})$/.exec(part)?.[1];
    const named = address === undefined ? null : name(address);
    return named === null ? (
      part
    ) : (
      <>
        {part} <mark>{named}</mark>
      </>
    );
  });
}
