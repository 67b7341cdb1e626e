// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import { objectSymbol } from '../../../harness/qemu/code.js';
import { runTool } from '../../../harness/util/command.js';
import { hostArch } from '../../../harness/util/toolchain.js';

const arch = hostArch() ?? ARCH.x86_64;
const SOURCE = `
void elsewhere(void);
static void __attribute__((noinline, used)) own(void) { elsewhere(); }
void global_(void) { own(); }
`;
let folder: string;
let object: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-nm-test-'));
  object = path.join(folder, 'x.o');
  await runTool('gcc', ['-x', 'c', '-c', '-o', object, '-'], { input: SOURCE });
});
afterAll(() => rm(folder, { recursive: true }));

describe('a symbol of an object', () => {
  it.each([
    ['global_', 'T'],
    ['own', 't'],
    ['elsewhere', 'U'],
    ['global', null],
    ['else.*', null],
  ])('%s: %j', async (symbol, letter) => {
    expect(await objectSymbol(object, symbol, arch)).toBe(letter);
  });

  it('of a file that is none is an error', async () => {
    await expect(objectSymbol('/nonexistent', 'own', arch)).rejects.toMatchObject({
      kind: 'tool-failed',
    });
  });
});
