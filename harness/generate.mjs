// SPDX-License-Identifier: GPL-2.0-only
// `npm run generate`: files that are made from the program, which has to be built.
import { writeFileSync } from 'node:fs';
import { runResultSchema } from '../dist/report/run-result.js';
import { assets } from '../dist/util/assets.js';

const schema = assets('docs', 'run-result.schema.json');
writeFileSync(schema, `${JSON.stringify(runResultSchema(), null, 2)}\n`);
process.stderr.write(`${schema}\n`);
