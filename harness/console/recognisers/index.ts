// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';
import { BUG } from './bug.js';
import { FALLBACK } from './fallback.js';
import { FAULT_ARM } from './fault-arm.js';
import { FAULT_OTHER_ARCH } from './fault-other-arch.js';
import { FAULT_X86 } from './fault-x86.js';
import { LOCKDEP } from './lockdep.js';
import { MEMORY } from './memory.js';
import { OBJECT } from './object.js';
import { PANIC } from './panic.js';
import { SANITIZER } from './sanitizer.js';
import { SCHEDULING } from './scheduling.js';
import { STALL } from './stall.js';
import { TORN } from './torn.js';
import { TORN_CHECKS } from './torn-checks.js';
import { WARNING } from './warning.js';

/** Every recogniser; of those that match a line, the first wins. */
export const RECOGNISERS: readonly Recogniser[] = [
  ...SANITIZER,
  ...FAULT_X86,
  ...FAULT_ARM,
  ...FAULT_OTHER_ARCH,
  ...BUG,
  ...LOCKDEP,
  ...WARNING,
  ...SCHEDULING,
  ...STALL,
  ...MEMORY,
  ...OBJECT,
  ...PANIC,
  ...TORN,
  ...TORN_CHECKS,
  ...FALLBACK,
];
