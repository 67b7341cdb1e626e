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

/**
 * All of one shape, with every field: they are asked of every line of every report, and an engine reads
 * a field of many shapes several times slower.
 */
const uniform = (r: Recogniser): Recogniser => ({
  family: r.family,
  kind: r.kind,
  earnedBy: r.earnedBy,
  hints: r.hints,
  head: r.head,
  role: r.role,
  from: r.from,
  title: r.title,
  finer: r.finer,
  names: r.names,
  skip: r.skip,
  message: r.message,
  confirm: r.confirm,
  confirmWithin: r.confirmWithin,
  crossCpu: r.crossCpu,
});

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
].map(uniform);
