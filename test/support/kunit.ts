// SPDX-License-Identifier: MIT
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { DebianArchive, hostSuite } from '../../harness/debian/archive.js';
import { shell } from '../../harness/util/shell.js';
import { testWork } from './work.js';

/** tools/testing/kunit/kunit.py of the suite's kernel source, from the cache where it can. */
export async function kunitTool(): Promise<string> {
  const work = await testWork();
  const archive = new DebianArchive(work, await hostSuite());
  await archive.refresh();
  const [meta] = await archive.require(['linux-source']);
  if (!meta) throw new Error('no linux-source');
  const name = (await archive.depends(meta)).map((one) => /^linux-source-\d\S*/.exec(one)?.[0])[0];
  const [source] = await archive.require([name ?? 'linux-source-without-a-version']);
  if (!source) throw new Error(`no ${name}`);
  const entry = await work.cache.entry(
    'kunit',
    `${source.name}_${source.version}`,
    async (folder) => {
      const deb = await archive.download(source);
      await shell(folder)`
      dpkg-deb --fsys-tarfile ${deb} | tar -xO ${`./usr/src/${source.name}.tar.xz`} | xz -dc -T0 |
        tar -x --strip-components=1 ${`${source.name}/tools/testing/kunit`}`;
    },
  );
  return path.join(entry, 'tools/testing/kunit/kunit.py');
}

const Group = z.object({
  name: z.string(),
  test_cases: z.array(
    z.object({ name: z.string(), status: z.enum(['PASS', 'FAIL', 'SKIP', 'ERROR']) }),
  ),
  get sub_groups() {
    return z.array(Group);
  },
});

/** What kunit.py makes of a text. */
export interface Parsed {
  readonly exitCode: number | undefined;
  /** Its last line, without the time: `Testing complete. Ran 2 tests: passed: 2`. */
  readonly summary: string;
  /** `group/test: STATUS`, in order; tests of the top level without a group. */
  readonly tests: readonly string[];
}

/** `kunit.py parse`. */
export async function kunitParse(tool: string, ktap: string): Promise<Parsed> {
  const result = await execa('python3', [tool, 'parse', '--json'], { input: ktap, reject: false });
  const start = result.stdout.indexOf('\n{\n');
  if (start < 0) throw new Error(`kunit.py says: ${result.stdout}\n${result.stderr}`);
  const top = Group.parse(JSON.parse(result.stdout.slice(start)));
  const tests = [
    ...top.sub_groups.flatMap((group) =>
      group.test_cases.map((test) => `${group.name}/${test.name}: ${test.status}`),
    ),
    ...top.test_cases.map((test) => `${test.name}: ${test.status}`),
  ];
  const summary = /Testing complete\..*$/m.exec(result.stdout.slice(0, start))?.[0] ?? '';
  return { exitCode: result.exitCode, summary, tests };
}
