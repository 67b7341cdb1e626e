// SPDX-License-Identifier: MIT
import type { Stages } from '../../ports.js';
import type { Work } from '../../util/work.js';
import type { AuditPlace } from './place.js';
import type { AuditedKernel, AuditParts } from './ports.js';
import type { AuditRequest } from './request.js';

/** Everything that the stages of an audit need. */
export interface RunningAudit<K extends AuditedKernel> {
  readonly work: Work;
  readonly request: AuditRequest;
  readonly parts: AuditParts<K>;
  readonly stages: Stages;
  readonly place: AuditPlace;
}
