// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { afterAll, afterEach, expect, test } from 'vitest';
import { scanCommand } from '../../../harness/cli/scan.js';
import { DmraceError } from '../../../harness/model/errors.js';

const dir = mkdtempSync(join(tmpdir(), 'dmrace-scan-'));
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

async function run(
  args: readonly string[],
  input = '',
): Promise<{ out: string; err: string; code: unknown }> {
  let out = '';
  let err = '';
  const scan = scanCommand({
    stdin: Readable.from([Buffer.from(input)]),
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  await new Command('dmrace').addCommand(scan).parseAsync(['scan', ...args], { from: 'user' });
  return { out, err, code: process.exitCode };
}

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};
const BUG = '[    1.000000] kernel BUG at fs/demo.c:1!\n[    1.000001] RIP: 0010:demo+0x1/0x2\n';

test('a crash on standard input: exit code 1', async () => {
  const { out, code } = await run([], `ok\n${BUG}`);
  expect(out).toContain('line 2: kernel BUG in demo');
  expect(code).toBe(1);
});

test('nothing found: exit code 0, for an empty log too', async () => {
  const { code, err } = await run([file('empty', ''), file('quiet', 'all is well\n')]);
  expect(code).toBe(0);
  expect(err).toContain('no crash found');
});

test('--json prints one object', async () => {
  const { out } = await run(['--json', file('a.log', BUG)]);
  expect(JSON.parse(out)).toMatchObject({
    schema: 1,
    files: [{ lines: 2, findings: [{ kind: 'bug-on', line: 1 }] }],
  });
});

test('--jsonl: a bad line is reported by number and the rest goes on', async () => {
  const input = `${JSON.stringify({ id: 'x', log: BUG })}\nnonsense\n{"id":1}\n${JSON.stringify({ id: 'y', log: '' })}\n`;
  const { out, err, code } = await run(['--jsonl'], input);
  const lines = out
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  expect(lines).toEqual([
    {
      id: 'x',
      findings: [
        { kind: 'bug-on', title: 'kernel BUG in demo', function: 'demo', line: 1, cause: 'other' },
      ],
    },
    { id: 'y', findings: [] },
  ]);
  expect(err).toMatch(/line 2: not JSON\n.*line 3: not/);
  expect(code).toBe(1);
});

test.each([
  ['missing', () => join(dir, 'no-such-file')],
  ['directory', () => dir],
])('a %s is an environment error with the path', async (_, name) => {
  const error = await run([name()]).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DmraceError);
  expect(error).toMatchObject({ code: 'environment' });
  expect(String(error)).toContain(name());
});

/** What was recorded of a suspect that is gone, and a fetch of its method. */
function fetchOfGone(): { modules: string; log: string } {
  const modules = file(
    'modules.json',
    JSON.stringify([
      {
        module: 'dm_mod',
        start: '0xffffffffa0000000',
        end: '0xffffffffa0020000',
        unloaded: true,
        symbols: [{ name: 'dm_kobject_release', address: '0xffffffffa000cf70' }],
      },
    ]),
  );
  const log =
    'BUG: unable to handle page fault for address: ffffffffa000cf89\n#PF: supervisor instruction fetch in kernel mode\nOops: 0010 [#1] SMP\nRIP: 0010:0xffffffffa000cf89\n';
  return { modules, log };
}

test('--modules names an address in text that is gone', async () => {
  const { modules, log } = fetchOfGone();
  const { out } = await run(['--modules', modules], log);
  expect(out).toContain('cause: release-in-unloaded-text');
  expect(out).toContain('dm_kobject_release+0x19 [unloaded dm_mod]');
});

test('--json and --jsonl say the cause by the rules of the suspects, and no fact of the console alone', async () => {
  const { modules, log } = fetchOfGone();
  const named = { cause: 'release-in-unloaded-text', function: 'dm_kobject_release' };
  const json = await run(['--json', '--modules', modules], log);
  const [found] = JSON.parse(json.out).files[0].findings;
  expect(found).toMatchObject(named);
  expect(found).not.toHaveProperty('touched');
  const jsonl = await run(['--jsonl', '--modules', modules], JSON.stringify({ id: 'x', log }));
  expect(JSON.parse(jsonl.out).findings).toMatchObject([named]);
});

test('--known accepts a crash by its cause', async () => {
  const { modules, log } = fetchOfGone();
  const issue = {
    cause: 'release-in-unloaded-text',
    function: 'dm_kobject_release',
    kernel: { from: null, to: null },
    reference: 'https://example.org/1',
  };
  const known = file('known.json', JSON.stringify([issue]));
  const accepted = await run(['--known', known, '--modules', modules], log);
  expect(accepted.out).toContain(`known: ${issue.reference}`);
  expect(accepted.code).toBe(0);
  // Without the record nobody knows the cause.
  const unknown = await run(['--known', known], log);
  expect(unknown.out).not.toContain('known:');
  expect(unknown.code).toBe(1);
});

test('--vmlinux puts source lines into --json and into the text', async ({ skip }) => {
  const source = file(
    'demo.c',
    'int demo(int a)\n{\n\treturn a + 1;\n}\nint main(void)\n{\n\treturn demo(1);\n}\n',
  );
  const elf = join(dir, 'demo.elf');
  const built = spawnSync('cc', ['-g', '-O0', '-o', elf, source]);
  skip(built.status !== 0, 'no C compiler here');
  const { out } = await run(['--json', '--vmlinux', elf, file('v.log', BUG)]);
  const found = JSON.parse(out).files[0].findings[0];
  expect(found.source).toEqual([expect.stringMatching(/^demo\+0x1 {2}.*demo\.c:\d+$/)]);
  const text = await run(['--vmlinux', elf, file('v.log', BUG)]);
  expect(text.out).toContain(found.source[0]);
});
