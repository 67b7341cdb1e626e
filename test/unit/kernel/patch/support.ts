// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PatchBase } from '../../../../harness/kernel/patch/apply.js';

export const NEVER = { signal: new AbortController().signal };

/** A folder with these files, until it is disposed. */
export function folderOf(files: Readonly<Record<string, string>>): Disposable & {
  readonly root: string;
  readonly at: (name: string) => string;
} {
  const root = mkdtempSync(path.join(tmpdir(), 'dmrace-patch-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return {
    root,
    at: (name) => path.join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

export const baseAt = (root: string): PatchBase => ({
  what: 'src:tree (6.12)',
  directory: root,
  locate: (file) => path.join(root, file),
});

/** Twenty lines, so that two hunks are two. */
export const TEXT = Array.from({ length: 20 }, (_, i) => `line ${i + 1}\n`).join('');

const hunk = (at: number, was = `line ${at}`): string =>
  `@@ -${at - 1},3 +${at - 1},3 @@ void f(void)\n line ${at - 1}\n-${was}\n+changed ${at}\n line ${at + 1}\n`;

/** A diff of drivers/md/dm.c that changes lines of {@link TEXT}. */
export const diffOf = (...lines: readonly (readonly [number, string?])[]): string =>
  `diff --git a/drivers/md/dm.c b/drivers/md/dm.c\n--- a/drivers/md/dm.c\n+++ b/drivers/md/dm.c\n${lines.map(([at, was]) => hunk(at, was)).join('')}`;

/** As git format-patch writes it. */
export const mailOf = (subject: string, diff: string): string =>
  `From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: A <a@example.org>
Date: Sat, 28 Nov 2026 12:00:00 +0000
Subject: ${subject}

Why.
---
 drivers/md/dm.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

${diff}--${' '}
2.39.5

`;
