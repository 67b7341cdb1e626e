// SPDX-License-Identifier: GPL-2.0-only
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { z } from 'zod';
import type { ModuleContext } from '../console/index.js';
import { ConsoleScanner, type SymbolTable, scanConsole } from '../console/index.js';
import { withCause } from '../judge/cause.js';
import { DmraceError } from '../model/errors.js';
import type { Finding, RawFinding } from '../model/finding.js';
import { SUSPECTS } from '../suspects/index.js';
import { symbolize } from '../symbols/addr2line.js';
import { openLog, readContext, readTable } from './scan-input.js';
import { out, say } from './streams.js';

/** Where `scan` reads and writes; the process's own unless a test says otherwise. */
export interface ScanStreams {
  readonly stdin: Readable;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

interface ScanOptions {
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly vmlinux?: string;
  readonly systemMap?: string;
  readonly modules?: string;
}

const HELP = `
Exit codes: 0 no crash found, 1 at least one, 128 a file cannot be read, 129 wrong usage.
--modules takes a JSON array of {"module","start","end","unloaded","symbols":[{"name","address"}]}
with hexadecimal addresses, recorded before the unload; it is what names addresses in text that is gone.
--jsonl reads lines {"id","log"}; a line that is none is reported by number and left out.

Examples:
  dmesg | dmrace scan
  dmrace scan --json console.log`;

const Line = z.object({ id: z.union([z.string(), z.number()]), log: z.string() });
/** The command `dmrace scan`: sets the exit code, throws {@link DmraceError} for the environment. */
export function scanCommand(
  streams: ScanStreams = processStreams(),
  exit: (code: number) => void = (code) => {
    process.exitCode = code;
  },
): Command {
  return new Command('scan')
    .description('find kernel crashes in console logs (stdin without FILE)')
    .argument('[FILE...]', 'logs to read; - is stdin')
    .option('--json', 'print one JSON object')
    .option('--jsonl', 'read lines {"id","log"}, print lines {"id","findings"}')
    .option('--vmlinux <FILE>', 'name source lines with addr2line or llvm-symbolizer')
    .option('--system-map <FILE>', 'name bare addresses by System.map or a saved kallsyms')
    .option('--modules <FILE>', 'what was recorded of the modules before the unload (JSON)')
    .addHelpText('after', HELP)
    .action(async (files: string[], options: ScanOptions) => {
      if (options.json === true && options.jsonl === true) {
        throw new DmraceError('usage', {
          observed: '--json and --jsonl were both given',
          action: 'Give one of them.',
        });
      }
      const context = await readContext(options.modules);
      const names = files.length === 0 ? ['-'] : files;
      const found =
        options.jsonl === true
          ? await scanRecords(names, streams, context)
          : await scanFiles(names, streams, context, options);
      exit(found > 0 ? 1 : 0);
    });
}

/** What a crash means, by the rules of every suspect: of a log nobody knows whose it is. */
const attributed = (raw: RawFinding): Finding => withCause(raw, Object.values(SUSPECTS));

/** A finding as it is printed: with `function+0xoffset  file:line` for its frames. */
interface Told extends Finding {
  readonly source?: readonly string[];
}

interface FileReport {
  readonly file: string;
  readonly lines: number;
  readonly findings: readonly Told[];
}

/** Frames of a finding that are looked up in the debug information. */
const MAX_SOURCE = 12;

async function scanFiles(
  names: readonly string[],
  streams: ScanStreams,
  context: ModuleContext | undefined,
  options: ScanOptions,
): Promise<number> {
  const table = await readTable(options.systemMap);
  const reports: FileReport[] = [];
  for (const name of names) {
    const scanner = new ConsoleScanner(context);
    const findings: Finding[] = [];
    for await (const chunk of await openLog(name, streams.stdin))
      findings.push(...scanner.push(chunk).map(attributed));
    const lines = scanner.linesSeen;
    findings.push(...scanner.end().map(attributed));
    const told: Told[] = [];
    for (const f of findings) told.push(await withSource(named(f, table), options.vmlinux));
    reports.push({ file: name, lines, findings: told });
  }
  const total = reports.reduce((sum, r) => sum + r.findings.length, 0);
  if (options.json === true) {
    streams.stdout(`${JSON.stringify({ schema: 1, files: reports })}\n`);
    return total;
  }
  for (const report of reports) printReport(report, streams, names.length > 1);
  if (total === 0) streams.stderr('no crash found\n');
  return total;
}

/** Adds where the crash and its callers are in the source, as far as the debug information says. */
async function withSource(finding: Finding, vmlinux: string | undefined): Promise<Told> {
  if (vmlinux === undefined) return finding;
  const places = [...(finding.pc === undefined ? [] : [finding.pc]), ...finding.frames.map(pcOf)];
  return { ...finding, source: await symbolize(vmlinux, places.slice(0, MAX_SOURCE)) };
}

function printReport(report: FileReport, streams: ScanStreams, many: boolean): void {
  for (const f of report.findings) {
    const where = many ? `${report.file}:${f.line}` : `line ${f.line}`;
    streams.stdout(`${where}: ${f.title}\n`);
    streams.stdout(`  ${f.head}\n`);
    if (f.cause !== 'other') streams.stdout(`  cause: ${f.cause}\n`);
    if (f.resolved !== undefined) streams.stdout(`  at ${f.resolved}\n`);
    if (f.state.is !== 'complete') streams.stdout(`  ${f.state.is}: ${f.state.reason}\n`);
    for (const line of f.source ?? []) streams.stdout(`  ${line}\n`);
  }
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

async function scanRecords(
  names: readonly string[],
  streams: ScanStreams,
  context: ModuleContext | undefined,
): Promise<number> {
  let total = 0;
  for (const name of names) {
    let number = 0;
    const lines = createInterface({
      input: await openLog(name, streams.stdin),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const text of lines) {
      number++;
      if (text.trim() === '') continue;
      const record = parseRecord(text);
      if (typeof record === 'string') {
        streams.stderr(`${name}: line ${number}: ${record}\n`);
        continue;
      }
      const findings = scanConsole(record.log, context).map(attributed);
      total += findings.length;
      const short = findings.map((f) => ({
        kind: f.kind,
        title: f.title,
        function: f.function,
        line: f.line,
        cause: f.cause,
      }));
      streams.stdout(`${JSON.stringify({ id: record.id, findings: short })}\n`);
    }
  }
  return total;
}

function parseRecord(text: string): z.infer<typeof Line> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const parsed = Line.safeParse(value);
  return parsed.success ? parsed.data : 'not {"id","log"} with a text log';
}

function processStreams(): ScanStreams {
  return {
    stdin: process.stdin,
    stdout: out,
    stderr: say,
  };
}
