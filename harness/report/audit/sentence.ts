// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import { alarmingModules } from '../../judge/audit-reasons.js';
import { isAlarming } from '../../model/audit.js';
import { plural } from '../text.js';

/** What an audit came to, in a sentence. */
export function auditSentence({ verdict, findings, counts, question }: AuditResult): string {
  switch (verdict) {
    case 'found': {
      const alarming = findings.filter(({ word }) => isAlarming(word));
      const proven = alarming.filter(({ word }) => word === 'proven').length;
      const modules = new Set(alarming.flatMap(alarmingModules)).size;
      return `Something of ${plural(modules, 'module')} can be called or read after the unload: ${plural(alarming.length, 'finding')}, ${proven} of them proven by a crash.`;
    }
    case 'nothing-seen':
      return question.live
        ? `Nothing was seen to be called or read after the unload, with these exercises, in ${plural(counts.visits, 'visit')}.`
        : 'Only the files of modules were read: what they say is listed, nothing was tried.';
    case 'inconclusive':
      return 'Nothing can be concluded.';
  }
}
