// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tellGithub } from '../../../harness/cli/github.js';
import {
  githubAnnotations,
  githubSummary,
  SUMMARY_LIMIT_BYTES,
} from '../../../harness/report/github.js';
import { results } from '../../support/runs.js';

const closed = async () => {
  const result = await results.closed?.();
  if (!result) throw new Error('no run');
  return result;
};

describe('on GitHub', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dmrace-github-'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('appends the summary and writes the annotations to stderr', async () => {
    const file = path.join(folder, 'summary.md');
    writeFileSync(file, 'before\n');
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const result = await closed();
    tellGithub(result, { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file });
    expect(readFileSync(file, 'utf8')).toBe(`before\n${githubSummary(result)}`);
    expect(stderr).toHaveBeenCalledWith(githubAnnotations(result));
  });

  it('counts what the step has written before', async () => {
    const file = path.join(folder, 'summary.md');
    writeFileSync(file, 'x'.repeat(SUMMARY_LIMIT_BYTES - 100));
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    tellGithub(await closed(), { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file });
    expect(readFileSync(file).length).toBeLessThanOrEqual(SUMMARY_LIMIT_BYTES);
  });

  it('elsewhere it says nothing', async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    tellGithub(await closed(), { GITHUB_STEP_SUMMARY: path.join(folder, 'no') });
    expect(stderr).not.toHaveBeenCalled();
  });

  it('a summary file that cannot be written is named', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const file = path.join(folder, 'file', 'summary.md');
    writeFileSync(path.join(folder, 'file'), '');
    const result = await closed();
    expect(() => tellGithub(result, { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file })).toThrow(
      file,
    );
  });
});
