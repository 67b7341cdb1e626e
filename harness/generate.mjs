// SPDX-License-Identifier: MIT
// `npm run generate`: files that are made from the program, of harness/.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { marked } from 'marked';
import markedMan from 'marked-man';
import { bundleScript } from './bundle.mjs';
import { notices } from './notices.mjs';

const parts = await bundleScript(
  'harness/generate',
  `export { commandTree } from './cli/dmrace.js';
   export { manual } from './cli/manual.js';
   export { auditResultSchema } from './report/audit/result.js';
   export { runResultSchema } from './report/run-result.js';
   export { withStepsTables } from './report/steps-list.js';
   export { SCENARIOS } from './scenarios/index.js';
   export { assets } from './util/assets.js';
   export { version } from './util/version.js';`,
);
const {
  auditResultSchema,
  commandTree,
  manual,
  runResultSchema,
  withStepsTables,
  SCENARIOS,
  assets,
  version,
} = await import(parts);

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
const program = await commandTree(new AbortController().signal, () => undefined);
write(`${marked.parse(manual(program))}\n`, 'man', 'dmrace.1');
