// SPDX-License-Identifier: MIT
import type { AuditFinding, FindingModule, Times } from '../../../audit/finding.js';
import { rankOf } from '../../../audit/findings.js';
import { placeText, WORDS } from '../../../audit/words.js';
import { CONFIDENCES } from '../../../model/audit.js';

/** The anchor of a finding's section. */
const anchor = (id: string): string => `finding-${id.replaceAll(/[^\w.-]/g, '-')}`;

/** All findings in a table that the page's script sorts. */
export function FindingTable({ findings }: { findings: readonly AuditFinding[] }) {
  return (
    <section>
      <h2>Findings</h2>
      {findings.length === 0 && <p>None.</p>}
      <div class="scroll">
        <table class="findings">
          <thead>
            <tr>
              <th>word</th>
              <th>finding</th>
              <th>modules</th>
              <th>address</th>
              <th>untouched kernel</th>
            </tr>
          </thead>
          <tbody>
            {findings.map(({ id, word, modules, address, proof }) => (
              <tr>
                <td data-key={String(rankOf(word))}>
                  <span class={`word ${word}`}>{word}</span>
                </td>
                <td>
                  <a href={`#${anchor(id)}`}>{id}</a>
                </td>
                <td>{modules.length}</td>
                <td>
                  <code>{address ?? ''}</code>
                </td>
                <td>
                  {proof === null
                    ? ''
                    : proof.tainted
                      ? 'not shown'
                      : `${proof.times} of ${proof.of} VMs`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <dl class="note">
        {CONFIDENCES.filter((word) => findings.some((one) => one.word === word)).map((word) => (
          <>
            <dt>{word}</dt>
            <dd>{WORDS[word]}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

const times = (value: Times | null): string =>
  value === null ? '' : `${value.times} of ${value.of}`;

/** One finding: what is at fault, who would have to hold what, its report and its modules. */
export function FindingSection({ finding }: { finding: AuditFinding }) {
  const { id, word, title, needs, address, documentation, kernels, proof, modules } = finding;
  return (
    <section id={anchor(id)}>
      <h2>
        <span class={`word ${word}`}>{word}</span> {title}
      </h2>
      <dl>
        <dt>identifier</dt>
        <dd>
          <code>{id}</code>
        </dd>
        {address !== null && (
          <>
            <dt>crashed at</dt>
            <dd>
              <code class="named">{address}</code>
            </dd>
          </>
        )}
        <dt>needs</dt>
        <dd>{needs}</dd>
        {documentation !== null && (
          <>
            <dt>asks for better</dt>
            <dd>
              <code>{documentation.file}</code>: {documentation.asks}
            </dd>
          </>
        )}
        <dt>seen on</dt>
        <dd>{kernels.join(', ')}</dd>
      </dl>
      <Modules modules={modules} />
      {proof !== null && (
        <>
          <h3>{proof.finding.title}</h3>
          <p class="note">
            {proof.tainted ? 'with a module of ours in the kernel' : 'the untouched kernel'}, in{' '}
            {proof.times} of {proof.of} VMs
            {proof.log === undefined ? '' : `; ${proof.log}, line ${proof.finding.line}`}
          </p>
          <pre class="console">{proof.finding.text.join('\n')}</pre>
        </>
      )}
    </section>
  );
}

function Modules({ modules }: { modules: readonly FindingModule[] }) {
  return (
    <div class="scroll">
      <table class="findings">
        <thead>
          <tr>
            <th>module</th>
            <th>word</th>
            <th>exercise</th>
            <th>what outlives it</th>
            <th>points to</th>
            <th>seen</th>
            <th>crashed</th>
            <th>untouched kernel</th>
            <th>known</th>
          </tr>
        </thead>
        <tbody>
          {modules.map((one) => (
            <tr>
              <td>{one.module}</td>
              <td data-key={String(rankOf(one.word))}>{one.word}</td>
              <td>{one.exercise ?? ''}</td>
              <td>
                <code>{one.what}</code>
                {one.signs.length > 0 && one.place !== null && (
                  <>
                    <br />
                    <small>file: {one.signs.join('; ')}</small>
                  </>
                )}
              </td>
              <td>
                <code>{one.place === null ? '' : placeText(one.place)}</code>
              </td>
              <td>{times(one.seen)}</td>
              <td>{times(one.helped)}</td>
              <td>{times(one.untainted)}</td>
              <td>{one.known ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
