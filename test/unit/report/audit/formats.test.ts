// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { bundlePage } from '../../../../harness/bundle.mjs';
import { type AuditResult, judgeAudit } from '../../../../harness/judge/audit.js';
import {
  AUDIT_FORMAT_NAMES,
  AUDIT_FORMATS,
  type AuditFormatName,
} from '../../../../harness/report/audit/formats.js';
import { auditResultSchema } from '../../../../harness/report/audit/result.js';
import { assets } from '../../../../harness/util/assets.js';
import { audits, caseOf, EVIDENCE, observed, proofOf, visitOf } from '../../../support/audit.js';
import { plain } from '../../../support/runs.js';

const rendered = async (result: AuditResult, name: AuditFormatName): Promise<string> =>
  AUDIT_FORMATS[name].end({
    result,
    timing: { totalMs: 1234 },
    directory: '/tmp/a1',
    manifest: 'a'.repeat(64),
    paint: plain,
    docker: [],
    damage: [],
    parts: async () => {
      const { audit, style } = await bundlePage();
      return { script: audit, style };
    },
  });
const audit = (name: string): AuditResult => {
  const result = audits[name]?.();
  if (!result) throw new Error(`no audit ${name}`);
  return result;
};
const NAMES = Object.keys(audits);

/** What a guest may have written into names and reports. */
const hostile = (): AuditResult => {
  const evil = '</script><b>x</b>\u0000\u001b[31m ]]> # & \ud800 %0A::error::';
  const observation = observed('ktype', 'proven', {
    module: 'evil',
    symbol: evil,
    what: evil,
    proof: {
      ...proofOf('evil', evil),
      finding: { ...proofOf('evil', evil).finding, title: evil, text: [evil] },
    },
  });
  return judgeAudit(
    caseOf({
      evidence: { ...EVIDENCE, visits: [...EVIDENCE.visits, visitOf('evil', [observation])] },
    }),
  );
};

describe('the screen', () => {
  it.each(NAMES)('of an audit that is %s fits 100 columns and 45 lines', async (name) => {
    const lines = (await rendered(audit(name), 'pretty')).split('\n');
    expect(lines.length).toBeLessThanOrEqual(45);
    // Only paths and commands may be longer.
    const text = lines.filter((line) => !/^(artefacts|manifest|next| {10})/.test(line));
    expect(text.filter((line) => line.length > 100)).toEqual([]);
  });

  it('says what was found, where, and what was not tried', async () => {
    const text = await rendered(audit('found'), 'pretty');
    expect(text).toMatch(/^found: something of 3 modules can be called or read after the unload/);
    expect(text).toMatch(/^proven {2}class-release:class_release +2 +brd_class_a_class\+0x0/m);
    expect(text).toMatch(/untainted: tun_prog_free\+0x0 \[unloaded tun\]/);
    expect(text).toContain(
      'not tried  iwlwifi: its exercise failed: ip link set wlan0 up: exit code 1',
    );
    expect(text).toContain('6 of 6 planted mistakes found, 6 of 6 twins silent');
    expect(text).toContain('silent     2 of them: nothing seen with this exercise');
  });

  it('fits with 300 findings', async () => {
    const visits = Array.from({ length: 300 }, (_, i) =>
      visitOf(`m${i}`, [observed('work', 'pending', { module: `m${i}`, symbol: `work_${i}` })]),
    );
    const text = await rendered(
      judgeAudit(caseOf({ evidence: { ...EVIDENCE, visits } })),
      'pretty',
    );
    expect(text.split('\n').length).toBeLessThanOrEqual(45);
    expect(text).toContain('and 288 findings more');
  });

  it('never calls a module clean', async () => {
    for (const name of NAMES) {
      for (const format of AUDIT_FORMAT_NAMES.filter((one) => one !== 'html')) {
        expect(await rendered(audit(name), format)).not.toMatch(/\b(clean|safe)\b/i);
      }
    }
  });
});

describe('JSON', () => {
  const valid = new Ajv2020({ strict: false }).compile(auditResultSchema());
  it.each([...NAMES, 'hostile'])('of an audit that is %s is as the schema says', async (name) => {
    const value: unknown = JSON.parse(
      await rendered(name === 'hostile' ? hostile() : audit(name), 'json'),
    );
    expect(valid(value) ? [] : valid.errors).toEqual([]);
  });

  it('has the schema that docs/ has', () => {
    const text = readFileSync(assets('docs/audit-result.schema.json'), 'utf8');
    expect(text).toBe(`${JSON.stringify(auditResultSchema(), null, 2)}\n`);
  });
});

describe('JUnit XML', () => {
  const schema = {
    fileName: 'jenkins-junit.xsd',
    contents: readFileSync(assets('test/fixtures/junit/jenkins-junit.xsd'), 'utf8'),
  };
  const problems = async (contents: string): Promise<string[]> =>
    (await validateXML({ xml: { fileName: 'audit.xml', contents }, schema: [schema] })).errors.map(
      ({ message }) => message,
    );

  it.each(NAMES)('is valid to Jenkins’ schema for an audit that is %s', async (name) => {
    expect(await problems(await rendered(audit(name), 'junit'))).toEqual([]);
  });

  it.each([
    ['found', 'tests="13" failures="3" errors="0"'],
    ['nothing seen', 'tests="8" failures="0" errors="0"'],
    ['a control missed', 'tests="14" failures="3" errors="2"'],
    ['known', 'tests="13" failures="0" errors="0"'],
  ])('counts an audit that is %s', async (name, counts) => {
    expect((await rendered(audit(name), 'junit')).split('\n')[1]).toContain(counts);
  });

  it('holds what XML cannot', async () => {
    expect(await problems(await rendered(hostile(), 'junit'))).toEqual([]);
  });
});

describe('KTAP', () => {
  it.each([
    ['found', ['ok 1 planted', 'not ok 2 modules # see its tests']],
    ['nothing seen', ['ok 1 planted', 'ok 2 modules']],
    ['static only', ['ok 1 verdict # SKIP only files of modules were read']],
  ])('of an audit that is %s', async (name, ends) => {
    const lines = (await rendered(audit(name), 'ktap')).split('\n');
    expect(lines.filter((line) => /^(not )?ok /.test(line))).toEqual(ends);
  });

  it('has a line that no guest’s text breaks', async () => {
    const lines = (await rendered(hostile(), 'ktap')).split('\n').slice(2, -1);
    expect(
      lines.filter((line) => !/^ *((not )?ok \d+ |# |1\.\.|KTAP version 1)/.test(line)),
    ).toEqual([]);
  });
});

describe('HTML', () => {
  it('has a section for each finding, and a table that its script can sort', async () => {
    const result = audit('found');
    const page = await rendered(result, 'html');
    for (const { id } of result.findings) {
      const anchor = `finding-${id.replaceAll(':', '-')}`;
      expect(page).toContain(`<section id="${anchor}">`);
      expect(page).toContain(`href="#${anchor}"`);
    }
    expect(page).toContain('<table class="findings">');
    expect(page).toMatch(/aria-sort/);
  });

  it('escapes what a guest wrote', async () => {
    const page = await rendered(hostile(), 'html');
    expect(page).not.toContain('<b>x</b>');
    expect(page.match(/<script/g)).toHaveLength(1);
  });
});

describe('GitHub', () => {
  it('has an error for each finding that makes the exit code 1', async () => {
    const lines = (await rendered(audit('found'), 'github')).trim().split('\n');
    expect(lines.map((line) => line.split('::')[1])).toEqual([
      'error title=dmrace audit%3A found',
      'error title=proven%3A class-release%3Aclass_release',
      'error title=proven%3A rcu-callback%3Atun%3Atun_prog_free',
    ]);
    expect((await rendered(audit('known'), 'github')).trim().split('\n')).toHaveLength(1);
  });

  it('has no command that a guest wrote', async () => {
    const lines = (await rendered(hostile(), 'github')).trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('::error title='))).toEqual([]);
  });
});
