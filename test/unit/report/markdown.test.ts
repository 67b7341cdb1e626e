// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { marked, type Token, type Tokens } from 'marked';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../harness/model/verdict.js';
import { renderMarkdown } from '../../../harness/report/markdown.js';
import { codeBlock, codeSpan, plainText } from '../../../harness/report/markdown-text.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { assets } from '../../../harness/util/assets.js';

const saved = async (name: 'release' | 'disk-release'): Promise<RunResult> =>
  (await readSavedRun(assets('test/fixtures/run-directories', name))).result;

/** What marked, a parser that is not ours, makes of a text. */
const parsed = (text: string): Token[] =>
  marked.lexer(text, { gfm: true }).filter(({ type }) => type !== 'space');
const tokensOf = <T extends Tokens.Generic>(tokens: readonly Token[], type: T['type']): T[] =>
  tokens.filter((token): token is T => token.type === type);

/** All tokens, of every depth. */
function every(text: string): Token[] {
  const found: Token[] = [];
  marked.walkTokens(marked.lexer(text, { gfm: true }), (token) => {
    found.push(token);
  });
  return found;
}

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '[a](http://evil.example)',
  '![a](//evil.example/x.png)',
  '# no heading',
  '> no quote',
  '- no list',
  '12. no list',
  '--- ',
  '=====',
  '+ x',
  '**b** __b__ _i_ ~~s~~ `c`',
  'a | b',
  'http://evil.example www.evil.example me@evil.example',
  '&lt;script&gt; &#60;',
  'x\n\n# y\n```\n',
  '\u001b[31mred \u202egnirts',
  '<!-- -->',
  '\\',
];

describe('a run as Markdown', () => {
  it('has verdict, table and how to reproduce', async () => {
    const tokens = parsed(renderMarkdown(await saved('release')));
    expect(tokensOf<Tokens.Heading>(tokens, 'heading').map(({ text }) => text)).toEqual([
      'dmrace release: closed',
      'How to reproduce',
    ]);
    const [table] = tokensOf<Tokens.Table>(tokens, 'table');
    expect(table?.header.map(({ text }) => text)).toEqual([
      'placement',
      'trials',
      'reached',
      'crashed',
      'lost',
      'crash rate',
    ]);
    expect(table?.rows.map((row) => row.slice(0, 5).map(({ text }) => text))).toEqual([
      ['builtin', '1', '1', '0', '0'],
      ['in-module (control)', '1', '1', '1', '0'],
    ]);
    expect(tokensOf<Tokens.Code>(tokens, 'code').map(({ text }) => text)).toEqual([
      'dmrace run --trials 1',
    ]);
    expect(renderMarkdown(await saved('release'))).toMatch(
      /^The control crashed as it should: `BUG/m,
    );
  });

  it('has the finding of an open one, cut short', async () => {
    const text = renderMarkdown(await saved('disk-release'));
    const [report, command] = tokensOf<Tokens.Code>(parsed(text), 'code');
    expect(report?.text).toContain('RIP: 0010:disk_release+0xa4/0x100');
    expect(report?.text).toMatch(/\n\[\d+ more lines\]$/);
    expect(command?.text).toBe('dmrace run --scenario disk-release --trials 1 --placement builtin');
  });

  it('is short, whatever the run', async () => {
    const open = await saved('disk-release');
    const [first] = open.trials;
    const [crash] = first?.findings ?? [];
    if (!first || !crash) throw new Error('the fixture has no crash');
    const trials = Array.from({ length: 1000 }, (_, index) => ({
      ...first,
      index,
      findings: [{ ...crash, title: `crash ${index}` }],
    }));
    const text = renderMarkdown({ ...open, trials, reasons: Array(300).fill('reason') });
    expect(text.split('\n').length).toBeLessThan(100);
    expect(text).toContain('- and 295 more reasons');
    expect(text).toContain('and 998 more different crashes');
  });

  it('a control that crashes of something else is a finding', async () => {
    const closed = await saved('release');
    const trials = closed.trials.map((trial) => ({
      ...trial,
      findings: trial.findings.map((one) => ({ ...one, cause: 'other' as const })),
    }));
    const text = renderMarkdown({ ...closed, trials });
    expect(text).toContain('### Finding');
    expect(text).not.toContain('as it should');
  });

  it('names what the run differed in, and the container', async () => {
    const closed = await saved('release');
    const text = renderMarkdown(
      {
        ...closed,
        kernel: { ...closed.kernel, spec: 'debian:6.12' },
        question: { ...closed.question, trials: 20, placements: ['in-module'] },
        trials: closed.trials.map((trial) => ({ ...trial, index: 2, seed: 9 })),
        repeats: [],
      },
      ['--docker'],
    );
    expect(text).toContain(
      'dmrace run --docker --kernel debian:6.12 --trials 20 --seed 7 --placement in-module --deterministic\n',
    );
  });

  it('nothing from a guest is markup', async () => {
    const open = await saved('disk-release');
    for (const evil of HOSTILE) {
      const text = renderMarkdown({
        ...open,
        reasons: [evil],
        kernel: { ...open.kernel, version: evil },
        trials: open.trials.map((trial) => ({
          ...trial,
          findings: trial.findings.map((one) => ({
            ...one,
            title: evil,
            pc: evil,
            known: evil,
            text: [evil, '```', '~~~'],
          })),
        })),
      });
      const types = new Set(every(text).map(({ type }) => type));
      const allowed = [
        ...['heading', 'paragraph', 'list', 'list_item', 'table', 'code', 'codespan'],
        ...['text', 'escape', 'space'],
      ];
      expect(
        [...types].filter((type) => !allowed.includes(type)),
        evil,
      ).toEqual([]);
      const tokens = parsed(text);
      expect(tokensOf<Tokens.Heading>(tokens, 'heading').map((one) => one.text)).toEqual([
        'dmrace disk-release: open',
        'Finding',
        'How to reproduce',
      ]);
      expect(tokensOf<Tokens.Code>(tokens, 'code')).toHaveLength(2);
      expect(tokensOf<Tokens.List>(tokens, 'list').map(({ items }) => items.length)).toEqual([1]);
    }
  });
});

describe('text in Markdown', () => {
  const shown = (html: string): string =>
    html
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&')
      .trim();
  // Of printable signs, those that mean something to Markdown often.
  const line = fc
    .array(
      fc.oneof(
        fc.constantFrom(...'\\`*_{}[]<>()#+-.!|~&@:/= 1'.split(''), 'www.', 'http://', 'a.b'),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('').replaceAll(/\s+/g, ' ').trim())
    .filter((text) => text !== '' && !/[\u007f-\u009f\u200e-\u202e\u2066-\u2069]/.test(text));

  it('plain text is a paragraph that shows it, and no more', () => {
    fc.assert(
      fc.property(line, (text) => {
        const types = every(plainText(text)).map(({ type }) => type);
        expect(types.filter((type) => !['paragraph', 'text', 'escape'].includes(type))).toEqual([]);
        expect(shown(String(marked.parse(plainText(text))))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('code is code', () => {
    fc.assert(
      fc.property(line, (text) => {
        const [token] = every(`x ${codeSpan(text)} y`).filter(({ type }) => type === 'codespan');
        expect(token?.type === 'codespan' ? shown(token.text) : undefined).toBe(text);
        const [block] = parsed(codeBlock([text, '```']));
        expect(block?.type === 'code' ? block.text : undefined).toBe(`${text}\n\`\`\``);
      }),
    );
  });

  it('names stay readable', () => {
    const name = 'dm_kobject_release+0xe/0x10 [dm_mod], 6.1.0-56-cloud-amd64 (x86_64): 5 > 3';
    expect(plainText(name)).toBe(name.replaceAll('[', '\\[').replaceAll(']', '\\]'));
  });
});
