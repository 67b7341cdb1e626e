// SPDX-License-Identifier: MIT
import { defineConfig } from 'vitest/config';

// `npm run test:kvm`: KVM in a guest under TCG. It takes up to 40 minutes, so it is no part of
// `npm test`; the last result stands in docs/kvm.md.
export default defineConfig({
  test: {
    name: 'kvm',
    include: ['test/kvm/**/*.test.ts'],
    globalSetup: ['test/support/kvm/setup.ts'],
    // Each test as it ends: they take minutes.
    reporters: ['verbose'],
    fileParallelism: false,
    testTimeout: 40 * 60_000,
    hookTimeout: 40 * 60_000,
  },
});
