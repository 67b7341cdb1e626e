// SPDX-License-Identifier: MIT
// Completions as real shells load them, and the man page as mandoc reads it.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assets } from '../../harness/util/assets.js';
import { dmrace } from '../support/command.js';

let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-shell-'));
  const program = path.join(folder, 'dmrace');
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${assets('dist/main.js')} "$@"\n`);
  await chmod(program, 0o755);
  env = { PATH: `${folder}:${process.env.PATH ?? ''}`, HOME: folder };
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('completions', () => {
  it('fish offers commands, options and values', async () => {
    const offered = async (line: string): Promise<string> =>
      (await execa('fish', ['-c', `dmrace complete fish | source; complete -C '${line}'`], { env }))
        .stdout;
    expect(await offered('dmrace ')).toMatch(/^judge\t/m);
    expect(await offered('dmrace run --pl')).toMatch(/^--placement\t/m);
    expect(await offered('dmrace run --placement ')).toMatch(/^in-module/m);
  });

  it('bash offers commands', async () => {
    const script = `source /usr/share/bash-completion/bash_completion
      source <(dmrace complete bash)
      COMP_WORDS=(dmrace ju); COMP_CWORD=1; COMP_LINE='dmrace ju'; COMP_POINT=9
      $(complete -p dmrace | sed 's/.*-F \\([^ ]*\\).*/\\1/') dmrace ju dmrace
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await execa('bash', ['--norc', '-c', script], { env });
    expect(stdout.trim()).toBe('judge');
  });

  it('zsh loads the script', async () => {
    const script = `autoload -Uz compinit; compinit -u -D; source <(dmrace complete zsh)
      print -r -- \${_comps[dmrace]}`;
    const { stdout } = await execa('zsh', ['-f', '-c', script], { env });
    expect(stdout.trim()).toMatch(/^_/);
  });

  it('a shell that is none is wrong usage', async () => {
    expect((await dmrace(['complete', 'ksh'])).exitCode).toBe(129);
  });
});

describe('the man page', () => {
  it('has no error and every command', async () => {
    await execa(process.execPath, [assets('harness/generate.mjs')]);
    const page = assets('man/dmrace.1');
    const lint = await execa('mandoc', ['-Tlint', '-Werror', page], { reject: false });
    expect(lint.stdout).toBe('');
    const { stdout } = await execa('mandoc', ['-Tutf8', page]);
    const words = stdout.replaceAll(/.\u0008/g, '');
    for (const name of [
      'DMRACE RUN',
      'DMRACE KERNEL FETCH',
      '--placement',
      'dmrace doctor --fix',
    ]) {
      expect(words).toContain(name);
    }
  });
});
