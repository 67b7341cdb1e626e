// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const CRASHES = 100_000;
const LIMIT = 150 * 1000 * 1000;

/** One report; no two have a function in common. */
function report(i: number): string {
  const stamp = `[${(i / 10).toFixed(6).padStart(12)}]`;
  return [
    `kernel BUG at fs/demo${i % 50}.c:${i % 900}!`,
    `invalid opcode: 0000 [#${i}] SMP`,
    `CPU: ${i % 4} PID: ${i} Comm: sh Not tainted 6.1.0 #1`,
    `RIP: 0010:demo_${i}+0x10/0x20 [demo]`,
    'Call Trace:',
    ` caller_${i}+0x1/0x2`,
    ' vfs_write+0x10/0x20',
    '---[ end trace 0 ]---',
    '',
  ]
    .map((line) => (line === '' ? '' : `${stamp} ${line}`))
    .join('\n');
}

test('100,000 crashes: text is printed as they are found, and memory is bounded', async () => {
  const outfile = path.join(root, 'node_modules/.cache/dmrace/scan-memory.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['harness/cli/scan.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  const program = `
    const { scanCommand } = await import(${JSON.stringify(pathToFileURL(outfile).href)});
    await scanCommand().parseAsync([], { from: 'user' });
    process.stderr.write(String(process.resourceUsage().maxRSS * 1024));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  let found = 0;
  let early = 0;
  let sent = 0;
  let said = '';
  let rest = '';
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    found += lines.filter((line) => line.includes('kernel BUG in ')).length;
    if (sent < CRASHES) early = found;
  });
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const closed = once(child, 'close');
  for (; sent < CRASHES; sent += 500) {
    const part = Array.from({ length: 500 }, (_, i) => report(sent + i)).join('');
    if (!child.stdin.write(part)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [code] = await closed;
  expect(found).toBe(CRASHES);
  expect(early).toBeGreaterThan(CRASHES / 2);
  expect(code).toBe(1);
  expect(Number(said)).toBeGreaterThan(0);
  expect(Number(said)).toBeLessThan(LIMIT);
}, 120_000);
