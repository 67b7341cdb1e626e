// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cheapMisses, countSteps, progressLine, runMake } from '../../../harness/kernel/compile.js';

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'dmrace-make-test-'));
});
afterEach(() => rmSync(work, { recursive: true }));

const make = (rules: string, signal = new AbortController().signal) => {
  const file = path.join(work, 'Makefile');
  writeFileSync(file, rules);
  const log = path.join(work, 'log');
  const run = { arguments: ['-f', file], log, expected: null, what: 'src:x' };
  return runMake({ say: () => undefined, signal }, run);
};

describe('runMake', () => {
  it('counts the steps that kbuild prints', async () => {
    const rules = 'all:\n\t@echo "  CC      a.o"\n\t@echo "  CC [M]  b.o"\n\t@echo "make: hello"\n';
    expect(await make(rules)).toBe(2);
  });

  it('a build error has the last 20 lines, the log’s path, and is for bisect to skip', async () => {
    const rules = `all:\n\t@for i in $$(seq 1 30); do echo "a.c:$$i: error"; done; false\n`;
    const error: unknown = await make(rules).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'inconclusive',
      facts: { artefact: path.join(work, 'log') },
    });
    const text = String(error);
    expect(text).toContain('a.c:30: error');
    expect(text).not.toContain('a.c:10: error');
    expect(readFileSync(path.join(work, 'log'), 'utf8')).toContain('a.c:1: error');
  });

  it('the error is not pushed out by what other jobs still do', async () => {
    const rules = `all:\n\t@echo "a.c:1: error"; for i in $$(seq 1 30); do echo "  CC      $$i.o"; done; false\n`;
    const error: unknown = await make(rules).catch((e: unknown) => e);
    expect(String(error)).toContain('a.c:1: error');
  });

  it('an interrupt ends make', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(make('all:\n\tsleep 60\n', stop.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('an interrupt ends the makes below make too, whose shells would leave them behind', async () => {
    const sub = path.join(work, 'sub.mk');
    const pid = path.join(work, 'pid');
    writeFileSync(sub, `all:\n\t@echo $$PPID >${pid}\n\t@echo "  CC      sub.o"\n\tsleep 60\n`);
    const stop = new AbortController();
    const running = make(`all:\n\tsh -c 'make -f ${sub}; true'\n`, stop.signal);
    await expect.poll(() => existsSync(pid), { timeout: 20_000 }).toBe(true);
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    const below = Number(readFileSync(pid, 'utf8'));
    await expect.poll(() => existsSync(`/proc/${below}`), { timeout: 20_000 }).toBe(false);
  });
});

it('ccache does not run the preprocessor twice, unless the user wants it to', () => {
  expect(cheapMisses({})).toEqual({ CCACHE_DEPEND: '1' });
  expect(cheapMisses({ CCACHE_NODEPEND: '1' })).toEqual({});
  expect(cheapMisses({ CCACHE_DEPEND: '' })).toEqual({});
});

describe('countSteps', () => {
  const count = (rules: string, signal = new AbortController().signal) => {
    const file = path.join(work, 'Makefile');
    writeFileSync(file, rules);
    return countSteps(['-f', file], signal);
  };
  // As kbuild's recipes are once they are expanded (6.12, scripts/Kbuild.include, cmd).
  const cc = (name: string) =>
    `${name}:\n\tset -e;  echo '  CC      ${name}'; gcc -c -o ${name} x.c\n`;

  it('counts what is to do, and does nothing', async () => {
    const rules = `all: a.o b.o\n\t@echo done\n${cc('a.o')}${cc('b.o')}`;
    expect(await count(rules)).toBe(2);
    expect(existsSync(path.join(work, 'a.o'))).toBe(false);
  });

  it('goes on where a file is missing that a step would have made', async () => {
    const rules = `all: a.o c.o b.o\n${cc('a.o')}${cc('b.o')}c.o: nowhere.c\n`;
    expect(await count(rules)).toBe(2);
  });

  it('knows nothing where it finds nothing', async () => {
    expect(await count('all:\n\t@true\n')).toBeNull();
  });

  it('is interrupted', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(count('all:\n', stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it('progress is honest about what is estimated', () => {
  const about = { steps: 200, how: 'about' } as const;
  expect(progressLine(5, null, 'a.o')).toBe('5 files done, last a.o');
  expect(progressLine(50, about, 'a.o')).toBe('50 of about 200 files done (25 %), last a.o');
  expect(progressLine(300, about, 'a.o')).toBe('300 of about 300 files done (100 %), last a.o');
  expect(progressLine(5, { steps: 200, how: 'at most' }, 'a.o')).toBe(
    '5 of at most 200 files done, last a.o',
  );
});
