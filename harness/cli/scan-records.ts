// SPDX-License-Identifier: MIT
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { ConsoleScanner, type ModuleContext } from '../console/index.js';
import { attributed } from './scan-cause.js';
import type { Expected } from './scan-expected.js';
import { openLog, type ScanStreams } from './scan-input.js';

const Line = z.object({ id: z.union([z.string(), z.number()]), log: z.string() });

/** Scans the logs of `{"id","log"}` lines; prints one line for each. */
export async function scanRecords(
  names: readonly string[],
  streams: ScanStreams,
  { context, expected }: { context: ModuleContext | undefined; expected: Expected },
): Promise<number> {
  let total = 0;
  for (const name of names) {
    let number = 0;
    const lines = createInterface({
      input: Readable.from(await openLog(name, streams.stdin, streams.stderr)),
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
      const scanner = new ConsoleScanner(context);
      const raw = [...scanner.push(new TextEncoder().encode(record.log)), ...scanner.end()];
      const findings = raw.map(attributed);
      total += findings.length;
      const short = findings.map((f) => ({
        kind: f.kind,
        title: f.title,
        function: f.function,
        line: f.line,
        cause: f.cause,
        ...expected.judge(f, scanner.kernelAt(f.line)),
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
