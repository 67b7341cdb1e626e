// SPDX-License-Identifier: MIT
// What is seen on a terminal, on one that script(1) makes, and elsewhere.
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { bundleScript } from '../../harness/bundle.mjs';
import { assets } from '../../harness/util/assets.js';
import { dmrace } from '../support/command.js';
import { RUNS } from '../support/runs.js';

const ESCAPE = '\u001b[';
const clean = { CI: undefined, NO_COLOR: undefined, FORCE_COLOR: undefined, TERM: 'xterm' };

/** Runs Node with a terminal as stdin, stdout and stderr. */
const onTerminal = async (args: string, env: Record<string, string> = {}): Promise<string> => {
  const command = `stty cols 100 rows 45; exec ${process.execPath} ${args}`;
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
    env: { ...clean, ...env },
    stdin: 'ignore',
  });
  return stdout;
};

const judge = `${assets('dist/main.js')} judge ${RUNS.release}`;

/** A stage of 2.2 s that counts to 2, run by the progress display. */
const stages = `--input-type=module -e "
  import { Progress } from '${await bundleScript('harness/cli/progress.ts')}';
  let n = 0;
  const progress = new Progress(new AbortController().signal, process.env.QUIET === '1');
  const stage = { title: 'Stage', name: 'stage', live: () => n + '/2' };
  await progress.stage(stage, async (say) => {
    for (n = 1; n <= 2; n++) { say('line ' + n); await new Promise((r) => setTimeout(r, 1100)); }
    n = 2;
  });
"`;

describe('the end screen', () => {
  it('has colours on a terminal', async () => {
    expect(await onTerminal(judge)).toContain(`${ESCAPE}32m`);
  });

  it('has none with NO_COLOR, and none in a pipe', async () => {
    expect(await onTerminal(judge, { NO_COLOR: '1' })).not.toContain(ESCAPE);
    expect((await dmrace(['judge', RUNS.release])).stdout).not.toContain(ESCAPE);
  });
});

describe('progress', () => {
  it('is live on a terminal: elapsed time and counts', async () => {
    const seen = await onTerminal(stages);
    // Which counts a repaint meets is the load's business; the stage is longer than two seconds.
    expect(seen).toMatch(/Stage · \d\/2 · [12] s/);
    expect(seen).toContain('Stage · 2/2');
    expect(seen).toContain(ESCAPE);
  });

  it('is plain lines with CI=true', async () => {
    const seen = await onTerminal(stages, { CI: 'true', NO_COLOR: '1' });
    expect(seen).toMatch(/Stage\r?\n.*line 1\r?\n.*line 2\r?\n/);
    expect(seen).not.toContain(ESCAPE);
  });

  it('is nothing with --quiet', async () => {
    expect(await onTerminal(stages, { QUIET: '1' })).toBe('');
  });
});
