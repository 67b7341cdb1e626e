// SPDX-License-Identifier: MIT
import type { KernelIdentity } from '../../model/kernel-identity.js';

/** A fact and its value, as a line of the table. */
export type Row = readonly [name: string, value: string];

/** What every report says of its kernel first. */
export const kernelRows = ({ spec, release, version, arch }: KernelIdentity): Row[] => [
  ['spec', spec],
  ['release (uname -r)', release],
  ['version', version],
  ['architecture', arch],
];

/** The section that says which kernel it was, a line a fact. */
export function KernelSection({ rows }: { rows: readonly Row[] }) {
  return (
    <section>
      <h2>Kernel</h2>
      <table class="identity">
        <tbody>
          {rows.map(([name, value]) => (
            <tr>
              <th scope="row">{name}</th>
              <td>
                <code>{value}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
