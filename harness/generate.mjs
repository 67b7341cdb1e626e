// SPDX-License-Identifier: MIT
// `npm run generate`: files that are made from the program, which has to be built.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { marked } from 'marked';
import markedMan from 'marked-man';
import { commandTree } from '../dist/cli/dmrace.js';
import { manual } from '../dist/cli/manual.js';
import { auditResultSchema } from '../dist/report/audit/result.js';
import { runResultSchema } from '../dist/report/run-result.js';
import { withStepsTables } from '../dist/report/steps-list.js';
import { SCENARIOS } from '../dist/scenarios/index.js';
import { assets } from '../dist/util/assets.js';
import { version } from '../dist/util/version.js';
import { notices } from './notices.mjs';

function write(text, ...where) {
  writeFileSync(assets(...where), text);
  process.stderr.write(`${assets(...where)}\n`);
}

write(`${JSON.stringify(runResultSchema(), null, 2)}\n`, 'docs', 'run-result.schema.json');
write(`${JSON.stringify(auditResultSchema(), null, 2)}\n`, 'docs', 'audit-result.schema.json');

for (const page of ['how-the-race-works.md', 'second-bug.md']) {
  const text = readFileSync(assets('docs', page), 'utf8');
  write(withStepsTables(text, SCENARIOS), 'docs', page);
}

write(await notices(), 'THIRD-PARTY-NOTICES.txt');

markedMan.manVersion = `dmrace ${version()}`;
markedMan.manual = 'dmrace';
marked.use(markedMan);
mkdirSync(assets('man'), { recursive: true });
const program = commandTree(new AbortController().signal, () => undefined);
write(`${marked.parse(manual(program))}\n`, 'man', 'dmrace.1');
