// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  type MatrixCell,
  matrixExitCode,
  parseMatrixKernel,
} from '../../../harness/model/matrix.js';
import { matrixLine, renderMatrix } from '../../../harness/report/matrix.js';

const identity = {
  spec: 'debian:6.1',
  release: '6.1.0-56-cloud-amd64',
  arch: 'x86_64' as const,
  preempt: '',
  configSha256: '',
  version: 'Debian 6.1.192-2',
};
const at = { kernel: 'debian:6.1', scenario: 'release' };
const done = (overrides: Partial<MatrixCell & { state: 'done' }> = {}): MatrixCell => ({
  state: 'done',
  ...at,
  identity,
  verdict: 'closed',
  exitCode: 0,
  reasons: ['builtin: 5 trials reached the window, none crashed'],
  placements: { builtin: { trials: 5, reached: 5, crashed: 0, lost: 0, tailCall: true } },
  findings: [],
  durationMs: 1,
  directory: 'x/run',
  ...overrides,
});
const skipped: MatrixCell = { state: 'skipped', ...at, identity, why: 'no | such option' };
const failed = (exitCode: number): MatrixCell => ({
  state: 'failed',
  ...at,
  exitCode,
  why: 'does not build',
});

describe('a kernel of a matrix', () => {
  it.each([
    ['debian:6.12', 'debian:6.12', null],
    ['src:linux', 'src:linux', null],
    ['src:linux@base,kasan', 'src:linux', 'base,kasan'],
    ['src:a@b/linux', 'src:a@b/linux', null],
    ['src:a@b/linux@base', 'src:a@b/linux', 'base'],
    ['debian:6.1@base', 'debian:6.1@base', null],
  ])('%s', (given, spec, profile) => {
    expect(parseMatrixKernel(given)).toEqual({ given, spec, profile });
  });
});

describe('the exit code of a matrix', () => {
  it.each([
    [[done()], 0],
    [[done(), skipped], 0],
    [[skipped], 125],
    [[], 125],
    [[done(), done({ exitCode: 125 })], 125],
    [[done({ exitCode: 125 }), done({ exitCode: 1 }), done()], 1],
    [[done({ exitCode: 1 }), failed(125)], 1],
    [[done({ exitCode: 1 }), failed(128)], 128],
    [[failed(130), failed(128)], 130],
    [[failed(129)], 129],
    [[done({ exitCode: 1 }), failed(129)], 129],
    [[failed(129), failed(128)], 128],
    [[failed(3)], 128],
  ])('is the worst of its cells (%#)', (cells, code) => {
    expect(matrixExitCode(cells)).toBe(code);
  });
});

describe('the table of a matrix', () => {
  const cells = [
    done(),
    skipped,
    failed(125),
    done({ verdict: 'open', exitCode: 1, findings: ['BUG in f'] }),
  ];

  it('tells of every cell, in every format', () => {
    const json: unknown = JSON.parse(renderMatrix(cells, 'json'));
    expect(json).toEqual({ schema: 1, exitCode: 1, cells });
    const markdown = renderMatrix(cells, 'markdown').trim().split('\n');
    expect(markdown).toHaveLength(2 + cells.length);
    for (const line of markdown) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(9);
    expect(renderMatrix(cells, 'pretty')).toContain('BUG in f');
  });

  it('names the series on top of the kernels, once', () => {
    const patches = [{ file: 'x.mbx', subject: '[PATCH] dm: a | fix', sha256: '0123456789abcdef' }];
    const patched = done({ identity: { ...identity, patches } });
    for (const format of ['pretty', 'markdown'] as const) {
      const text = renderMatrix([patched, failed(125), patched], format);
      expect(text.match(/^with \[PATCH\] dm: a \\?\| fix \(0123456789ab\)$/gm)).toHaveLength(1);
      expect(renderMatrix([done()], format)).not.toContain('with ');
    }
  });

  it('has a line for each cell that ends', () => {
    expect(matrixLine(done())).toBe(
      'debian:6.1 (6.1.0-56-cloud-amd64) release: closed; subject 5/5 reached, 0 crashed; builtin: 5 trials reached the window, none crashed',
    );
    expect(matrixLine(failed(125))).toBe(
      'debian:6.1 (?) release: failed (exit 125); does not build',
    );
  });

  it('keeps within the width of a terminal, and loses nothing', () => {
    const long = done({
      kernel: `src:/${'a-long-path/'.repeat(12)}linux`,
      findings: ['x'.repeat(90)],
    });
    const wide = renderMatrix([long], 'pretty').split('\n');
    const narrow = renderMatrix([long], 'pretty', 120).split('\n');
    expect(Math.max(...wide.map((line) => line.length))).toBeGreaterThan(200);
    expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(120);
    const cell = (column: number): string =>
      narrow
        .slice(3)
        .map((line) => line.split('│')[column]?.trim() ?? '')
        .join('');
    expect(cell(1)).toBe(long.kernel);
    expect(cell(7)).toBe('x'.repeat(90));
  });
});
