// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DmraceError } from '../../../harness/model/errors.js';
import { explainIo, explainSystem, makeFolder } from '../../../harness/util/io.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-io-test-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
};

describe('a folder', () => {
  it('is made with those above it, and may be there already', () => {
    const folder = path.join(root, 'a/b/c');
    makeFolder(folder);
    makeFolder(folder);
    expect(statSync(folder).isDirectory()).toBe(true);
  });

  // Node's own mkdir with `recursive` never comes back from the first two.
  it.each(['/proc/dmrace/a', '/sys/dmrace', '/proc/self/mem/a'])('%s is an error at once', (at) => {
    expect(thrown(() => makeFolder(at))).toMatchObject({ code: 'environment' });
  });

  it('below a file, or with too long a name, is an error that names it', () => {
    writeFileSync(path.join(root, 'file'), '');
    for (const name of ['file', 'file/a', 'x'.repeat(300)]) {
      expect(thrown(() => makeFolder(path.join(root, name)))).toMatchObject({
        code: 'environment',
        facts: { artefact: path.join(root, name) },
      });
    }
  });
});

describe('an error of the system', () => {
  it('is told with what was tried and a remedy, without a stack', () => {
    const error = explainSystem(thrown(() => openSync(path.join(root, 'none'), 'r')));
    expect(error).toBeInstanceOf(DmraceError);
    expect(error).toMatchObject({ code: 'environment' });
    expect(String(error)).toContain(`open ${root}/none: ENOENT`);
  });

  it('that is none passes unchanged', () => {
    const error = new TypeError('x');
    expect(explainSystem(error)).toBe(error);
    expect(explainIo(error, 'f')).toBe(error);
    expect(existsSync(root)).toBe(true);
  });

  it.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s is no space left', (code) => {
    const error = explainIo(Object.assign(new Error('write'), { code }), '/f');
    expect(String(error)).toContain('no space left while writing /f');
  });
});
