import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { scanConsole } from '/work/wt/console/harness/console/index.js';
test('eval', () => {
  const recs = readFileSync(process.env.EV ?? '/work/shared/corpus/dev.jsonl','utf8').trim().split('\n').map(l=>JSON.parse(l));
  let t=0,n=0,f=0,fn=0;
  for (const r of recs) {
    const found = scanConsole(r.log);
    if (!r.crash) { if (found.length) console.log('FLAG', r.id, found.map(x=>x.head)); continue; }
    n++;
    const x = found[0];
    const ok=[r.title,...(r.alt??[])].includes(x?.title);
    if (ok) t++;
    if (r.functions?.length) { fn++; if (r.functions.includes(x?.function)) f++; }
    if (!ok) console.log(r.id, '| want', r.title, '| got', x?.title, '| L', r.head_line, x?.line, x?.kind, r.kind);
  }
  console.log(`title ${t}/${n} fn ${f}/${fn}`);
});
