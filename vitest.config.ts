// SPDX-License-Identifier: GPL-2.0-only
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Damage to saved runs, by the thousand; boots nothing.
        test: {
          name: 'tamper',
          include: ['test/tamper/**/*.test.ts'],
          testTimeout: 240_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real QEMU machines: one file at a time, because the machine has two cores and every
        // guest runs under TCG.
        test: {
          name: 'qemu',
          include: ['test/{faults,meta,qemu,formats,package,browser}/**/*.test.ts'],
          fileParallelism: false,
          benchmark: { include: [] },
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        // A Docker engine of its own, as root; skipped with the reason where none can be had.
        test: {
          name: 'docker',
          include: ['test/docker/**/*.test.ts'],
          globalSetup: ['test/support/docker/setup.ts'],
          fileParallelism: false,
          benchmark: { include: [] },
          sequence: { groupOrder: 2 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
