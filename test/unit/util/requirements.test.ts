// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import { assets } from '../../../harness/util/assets.js';
import { KERNEL_REQUIREMENTS, requirements } from '../../../harness/util/requirements.js';
import { withSbin } from '../../../harness/util/sbin.js';

/** Of packages that every Debian has (Essential: yes), and what dmrace can do without. */
const ESSENTIAL = ['sh', 'rm', 'cp', 'env', 'gzip', 'find', 'apt-cache'];
const OPTIONAL = ['git'];

describe('what doctor lists', () => {
  it('is every tool that is run', () => {
    const files = readdirSync(assets('harness'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(path.join(assets('harness'), name), 'utf8'));
    const run =
      /(?:runTool|execa|spawn|#run)\(\s*(?:'([\w-]+)'|`\$\{crossPrefix\([\w.]*\)\}([\w-]+)`)/g;
    const tools = files.flatMap((text) => [...text.matchAll(run)].map((m) => m[1] ?? m[2] ?? ''));
    const listed = [...requirements(ARCH.x86_64), ...KERNEL_REQUIREMENTS].map(({ needs }) => needs);
    expect(new Set(tools).size).toBeGreaterThan(5);
    for (const tool of new Set(tools)) {
      expect([...listed, ...ESSENTIAL, ...OPTIONAL]).toContain(tool);
    }
  });
});

describe('PATH', () => {
  it.each([
    ['/usr/bin:/bin', '/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'],
    ['/sbin:/bin', '/sbin:/bin:/usr/local/sbin:/usr/sbin'],
    [undefined, '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'],
    ['', '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'],
  ])('%s gets the folders of tools that ordinary users lack', (given, wanted) => {
    expect(withSbin(given)).toBe(wanted);
  });
});
