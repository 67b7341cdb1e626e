// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTool } from '../../../harness/util/command.js';
import { shell } from '../../../harness/util/shell.js';

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'dmrace-command-test-'));
});
afterEach(() => rmSync(work, { recursive: true }));

/** The pid that a shell wrote into a file, as soon as it is there. */
async function written(name: string): Promise<number> {
  const file = path.join(work, name);
  await expect
    .poll(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { timeout: 20_000 })
    .toBe(true);
  return Number(readFileSync(file, 'utf8'));
}

/** A process that has ended but is not reaped yet is no more at work. */
function atWork(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('runTool', () => {
  it('returns what the tool says', async () => {
    expect(await runTool('sh', ['-c', 'cat; echo $A'], { input: 'in', env: { A: 'x' } })).toBe(
      'inx',
    );
  });

  it('an interrupt ends the tool and what it started, before it rejects', async () => {
    const stop = new AbortController();
    const script = `sh -c 'echo $$ >below; exec sleep 600'; true`;
    const running = runTool('sh', ['-c', script], { cwd: work, signal: stop.signal });
    const below = await written('below');
    expect(atWork(below)).toBe(true);
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(atWork(below)).toBe(false);
  });

  it('an interrupt ends those that do not listen, too', async () => {
    const stop = new AbortController();
    const script = `trap '' TERM; sh -c 'echo $$ >below; exec sleep 600'; true`;
    const running = runTool('sh', ['-c', script], { cwd: work, signal: stop.signal });
    const below = await written('below');
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(atWork(below)).toBe(false);
  });

  it('after an interrupt nothing is started', async () => {
    const tool = runTool('sh', ['-c', 'echo >started'], { cwd: work, signal: AbortSignal.abort() });
    await expect(tool).rejects.toMatchObject({ name: 'AbortError' });
    expect(existsSync(path.join(work, 'started'))).toBe(false);
  });

  it('says what failed, in its own last words', async () => {
    await expect(runTool('sh', ['-c', 'echo why >&2; exit 3'])).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/exit code 3[\s\S]*why/) as string,
    });
    await expect(runTool('dmrace-no-such-tool', [])).rejects.toMatchObject({ code: 'environment' });
  });
});

describe('shell', () => {
  it('an interrupt ends the whole pipeline', async () => {
    const stop = new AbortController();
    const running = shell(work, stop.signal)`
      sh -c 'echo $$ >first; exec sleep 600' | sh -c 'echo $$ >second; exec cat >copied'`;
    const pids = [await written('first'), await written('second')];
    expect(pids.map(atWork)).toEqual([true, true]);
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(pids.map(atWork)).toEqual([false, false]);
  });
});
