// SPDX-License-Identifier: MIT
import type { ModuleContext } from '../console/index.js';
import { ConsoleScanner, type SymbolTable } from '../console/index.js';
import type { Finding, RawFinding } from '../model/finding.js';
import { attributed } from './scan-cause.js';
import type { Expectation, Expected } from './scan-expected.js';
import { openLog, readTable, type ScanStreams } from './scan-input.js';

interface FileOptions {
  readonly json?: boolean;
  readonly vmlinux?: string;
  readonly systemMap?: string;
  readonly context: ModuleContext | undefined;
  readonly expected: Expected;
}

/** A finding as it is printed: with `function+0xoffset  file:line` for its frames. */
type Told = Finding & Expectation & { readonly source?: readonly string[] };

interface FileReport {
  readonly file: string;
  readonly lines: number;
  readonly findings: readonly Told[];
}

/** Frames of a finding that are looked up in the debug information. */
const MAX_SOURCE = 12;

/** Scans logs one after another; text is printed as it is found, and not kept. */
export async function scanFiles(
  names: readonly string[],
  streams: ScanStreams,
  options: FileOptions,
): Promise<number> {
  const table = await readTable(options.systemMap);
  const reports: FileReport[] = [];
  let total = 0;
  for (const name of names) {
    const kept: Told[] = [];
    const scanner = new ConsoleScanner(options.context);
    for await (const raw of findingsOf(name, scanner, streams)) {
      total++;
      const found = attributed(raw);
      const why = options.expected.judge(found, scanner.kernelAt(found.line));
      const told = { ...(await withSource(named(found, table), options.vmlinux)), ...why };
      if (options.json === true) kept.push(told);
      else streams.stdout(textOf(told, names.length > 1 ? `${name}:` : 'line '));
    }
    if (options.json === true)
      reports.push({ file: name, lines: scanner.linesSeen, findings: kept });
  }
  if (options.json === true) {
    streams.stdout(`${JSON.stringify({ schema: 1, files: reports })}\n`);
    return total;
  }
  if (total === 0) streams.stderr('no crash found\n');
  return total;
}

async function* findingsOf(
  name: string,
  scanner: ConsoleScanner,
  { stdin, stderr }: ScanStreams,
): AsyncGenerator<RawFinding> {
  for await (const chunk of await openLog(name, stdin, stderr)) yield* scanner.push(chunk);
  yield* scanner.end();
}

/** Adds where the crash and its callers are in the source, as far as the debug information says. */
async function withSource(finding: Finding, vmlinux: string | undefined): Promise<Told> {
  if (vmlinux === undefined) return finding;
  const places = [...(finding.pc === undefined ? [] : [finding.pc]), ...finding.frames.map(pcOf)];
  const { symbolize } = await import('../symbols/addr2line.js');
  return { ...finding, source: await symbolize(vmlinux, places.slice(0, MAX_SOURCE)) };
}

function textOf(f: Told, where: string): string {
  const lines = [`${where}${f.line}: ${f.title}`, `  ${f.head}`];
  if (f.known !== undefined) lines.push(`  known: ${f.known}`);
  if (f.allowed !== undefined) lines.push(`  allowed: ${f.allowed}`);
  if (f.cause !== 'other') lines.push(`  cause: ${f.cause}`);
  if (f.resolved !== undefined) lines.push(`  at ${f.resolved}`);
  if (f.state.is !== 'complete') lines.push(`  ${f.state.is}: ${f.state.reason}`);
  for (const line of f.source ?? []) lines.push(`  ${line}`);
  return `${lines.join('\n')}\n`;
}

const pcOf = (f: Finding['frames'][number]): string =>
  f.module === undefined && f.symbol !== undefined
    ? `${f.symbol}+0x${(f.offset ?? 0).toString(16)}`
    : '';

function named(finding: Finding, table: SymbolTable | undefined): Finding {
  if (table === undefined || finding.resolved !== undefined || finding.pc !== undefined)
    return finding;
  const name = finding.address === undefined ? undefined : table.name(finding.address);
  return name === undefined ? finding : { ...finding, resolved: name };
}
