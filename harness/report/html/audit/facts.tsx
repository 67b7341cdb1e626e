// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../../judge/audit.js';
import { visitText } from '../../audit/result.js';
import { controlNote, controlState } from '../../audit/state.js';
import { KernelSection, kernelRows, type Row } from '../kernel-section.js';

/** The planted modules: what shows that a mistake would be seen. */
export function Control({ result: { control, question } }: { result: AuditResult }) {
  if (!question.live) return null;
  return (
    <section>
      <h2>Planted modules</h2>
      <p class="note">
        Modules of ours with one mistake each, and their correct twins, went through the same
        guests. A mistake that is not found, or a twin that is flagged, makes the audit
        inconclusive.
      </p>
      <table class="identity">
        <tbody>
          {control.map((line) => (
            <tr>
              <th scope="row">{line.mistake}</th>
              <td>{controlState(line) === 'pass' ? 'as it must be' : 'NOT as it must be'}</td>
              <td>{controlNote(line)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What became of every module. */
export function Visits({ result: { visits, question } }: { result: AuditResult }) {
  if (!question.live) return null;
  return (
    <section>
      <h2>Modules</h2>
      <div class="scroll">
        <table class="findings">
          <thead>
            <tr>
              <th>module</th>
              <th>exercise</th>
              <th>end</th>
              <th>came to</th>
              <th>observations</th>
              <th>objects</th>
              <th>callbacks</th>
              <th>guest</th>
              <th>ms</th>
            </tr>
          </thead>
          <tbody>
            {visits.map((visit) => (
              <tr>
                <td>{visit.module}</td>
                <td>{visit.exercise ?? ''}</td>
                <td>{visit.end.is}</td>
                <td>{visitText(visit)}</td>
                <td>{visit.observations.length}</td>
                <td>{visit.objects}</td>
                <td>{visit.callbacks}</td>
                <td>{visit.guest}</td>
                <td>{Math.round(visit.durationMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** How many files were read. */
export function FilesRead({ result: { counts } }: { result: AuditResult }) {
  if (counts.static === null) return null;
  return (
    <section>
      <h2>Files</h2>
      <p>
        {counts.static} modules were read. What they say is <code>listed</code> or <code>hint</code>{' '}
        above, and does not change the exit code.
      </p>
    </section>
  );
}

/** Which kernel it was, and how to judge the audit again. */
export function KernelOf({ result, directory }: { result: AuditResult; directory: string }) {
  const { kernel } = result;
  const rows: readonly Row[] = [
    ...kernelRows(kernel),
    ['.config, SHA-256', kernel.configSha256],
    ['folder', directory],
  ];
  return <KernelSection rows={rows} />;
}
