// SPDX-License-Identifier: MIT
import { DmraceError } from '../../model/errors.js';
import type { AuditedKernel, AuditParts } from './ports.js';

const absent = (what: string): never => {
  throw new DmraceError('environment', {
    observed: `this build of dmrace has no ${what}`,
    action: 'build one that has it',
  });
};

/** The parts of `dmrace audit`: to be those of kernel/audit.ts, campaign/audit/static.ts and live.ts. */
export const auditParts: AuditParts<AuditedKernel> = {
  kernel: async () => absent('preparation of kernels for the audit'),
  exercises: { shipped: async () => [], own: async () => absent('reader of exercises') },
  static: async () => absent('static part'),
  live: () => absent('live part'),
};
