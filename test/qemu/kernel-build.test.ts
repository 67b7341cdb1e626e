// SPDX-License-Identifier: GPL-2.0-only
// Kernels built from a tree: the real one, built once for all tests.
import { expect, it } from 'vitest';
import { BUILD_TIMEOUT_MS, builtKernel, noKernelBuilds } from '../support/kernel/built.js';

const why = await noKernelBuilds();

it.skipIf(why !== '')(
  `the shared kernel builds${why === '' ? '' : ` (skipped: ${why})`}`,
  async () => {
    const { kernel } = await builtKernel();
    expect(kernel.identity).toMatchObject({ methodHome: 'vmlinux', build: { profiles: ['base'] } });
  },
  BUILD_TIMEOUT_MS,
);
