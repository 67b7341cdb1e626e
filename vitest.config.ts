// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// GitHub's parser imports JSON as only bundlers allow, and names source maps that it does not have.
const server = { deps: { inline: [/@actions\/workflow-parser/] } };
const plugins = [
  {
    name: 'no source maps of @actions/workflow-parser',
    load: (id: string): string | undefined =>
      /@actions\/workflow-parser\/.*\.js$/.test(id)
        ? readFileSync(id, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')
        : undefined,
  },
];

export default defineConfig({
  test: {
    projects: [
      {
        plugins,
        test: {
          name: 'unit',
          server,
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          // Vitest leaves one core to itself, which is half of two.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Damage to saved runs, by the thousand; boots nothing. It waits for the disk a good part of
        // its time, so there are more workers than processors.
        test: {
          name: 'tamper',
          include: ['test/tamper/**/*.test.ts'],
          testTimeout: 240_000,
          maxWorkers: 2 * availableParallelism(),
          sequence: { groupOrder: 1 },
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
          sequence: { groupOrder: 2 },
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
          sequence: { groupOrder: 3 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        // Kernels built from source, and what needs them: `npm run test:kernels`, which `npm test`
        // does not run.
        test: {
          name: 'kernels',
          include: ['test/kernels/**/*.test.ts'],
          fileParallelism: false,
          benchmark: { include: [] },
          sequence: { groupOrder: 4 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        // A Slurm of its own, as root: `npm run test:cluster`, which `npm test` does not run.
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/support/cluster/setup.ts'],
          fileParallelism: false,
          benchmark: { include: [] },
          sequence: { groupOrder: 5 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Fresh roots of Debian, as root: `npm run test:hosts`, which `npm test` does not run.
        plugins,
        test: {
          name: 'hosts',
          server,
          include: ['test/hosts/**/*.test.ts'],
          fileParallelism: false,
          benchmark: { include: [] },
          sequence: { groupOrder: 6 },
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
