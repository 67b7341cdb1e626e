// SPDX-License-Identifier: MIT
// The notices of other people's packages: of those that the program loads, and of those of which
// something is in the page of the HTML report. Plain JavaScript, because it is part of the build.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage } from './bundle.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const json = (...names) => JSON.parse(readFileSync(path.join(root, ...names), 'utf8'));

/** Folders of the packages that are installed without --omit, from package-lock.json. */
const loaded = () =>
  Object.entries(json('package-lock.json').packages)
    // What is for one system only is typescript's, which is there for the build.
    .filter(([folder, { dev, devOptional, os }]) => folder !== '' && !dev && !devOptional && !os)
    .map(([folder]) => folder);

/** Folders of the packages that esbuild has put into the page. */
const bundled = (inputs) =>
  inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);

/** What a package says of its licence: SPDX, or the older list of types. */
const licenceOf = ({ license, licenses = [] }) =>
  typeof license === 'string' ? license : licenses.map(({ type }) => type).join(' OR ');

/** The texts that a package has beside its licence's name. */
const textsOf = (folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .map((name) =>
      readFileSync(path.join(root, folder, name), 'utf8')
        .replaceAll('\r', '')
        .trim(),
    );

/** The text of THIRD-PARTY-NOTICES.txt; packages with the same text stand above it together. */
export async function notices() {
  const { inputs } = await bundlePage();
  const folders = [...new Set([...loaded(), ...bundled(inputs)])];
  const groups = new Map();
  for (const folder of folders) {
    const { name, version, ...said } = json(folder, 'package.json');
    const texts = textsOf(folder).join('\n\n');
    const licence = licenceOf(said);
    const text = texts === '' ? `The package has no text of its licence, ${licence}.` : texts;
    const key = `${licence}\n${text}`;
    groups.set(key, [...(groups.get(key) ?? []), `${name} ${version} (${licence})`]);
  }
  const parts = [...groups]
    .map(([key, names]) => [[...new Set(names)].sort(), key.slice(key.indexOf('\n') + 1)])
    .sort(([[a]], [[b]]) => (a < b ? -1 : 1));
  return [
    'Packages that dmrace loads, or of which something is in the page of its HTML report.',
    'Made by `npm run generate`; the licences of dmrace itself are in LICENSES/.',
    ...parts.map(([names, text]) => `${'-'.repeat(80)}\n${names.join('\n')}\n\n${text}`),
    '',
  ].join('\n\n');
}
