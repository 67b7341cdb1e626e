// SPDX-License-Identifier: MIT
import {
  type AuditEvidence,
  CONFIDENCES,
  type Confidence,
  type Holder,
  type Observation,
  type Proof,
  type StaticSign,
  type Visit,
} from '../model/audit.js';
import { DOCUMENTATION } from './documentation.js';
import type { AuditFinding, FindingModule, Times } from './finding.js';
import { type Blamed, blamedBySign, blamedFor, findingId } from './identify.js';
import { needsSentence, placeText, titleOf } from './words.js';

/** Something that was seen of one module, on its way into a finding. */
type Sighting =
  | { readonly visit: Visit; readonly observation: Observation }
  | { readonly module: string; readonly sign: StaticSign };

/** How sure a word is: 0 is surest. */
export const rankOf = (word: Confidence): number => CONFIDENCES.indexOf(word);

const HOLDERS: readonly Holder['is'][] = ['kernel', 'short', 'debug-option', 'helper'];
const holderRank = (holder: Holder | null): number =>
  holder === null ? HOLDERS.length : HOLDERS.indexOf(holder.is);

/**
 * A crash proves only where its address in the unloaded module is named. What says `proven` without
 * that was reached, and is no more.
 */
export function soundWord({ word, proof }: Observation): Exclude<Confidence, 'listed' | 'hint'> {
  if (word !== 'proven') return word;
  return proof !== null && proof.times > 0 ? 'proven' : 'reachable';
}

/**
 * Everything that was seen, grouped by what is at fault: surest first, then by how many modules it
 * concerns, then by name. A sign of a module's file joins what its visits showed of the same.
 * @param release of the kernel (uname -r)
 */
export function findingsOf(evidence: AuditEvidence, release: string): AuditFinding[] {
  const groups = new Map<string, { blamed: Blamed; sightings: Sighting[] }>();
  const add = (blamed: Blamed, sighting: Sighting): void => {
    const id = findingId(blamed);
    const group = groups.get(id) ?? { blamed, sightings: [] };
    group.sightings.push(sighting);
    groups.set(id, group);
  };
  for (const visit of evidence.visits) {
    for (const observation of visit.observations) {
      add(blamedFor(observation), { visit, observation });
    }
  }
  for (const { module, signs } of evidence.static ?? []) {
    for (const sign of signs) {
      const own = blamedBySign(module, sign);
      const joined = joinable(
        own,
        [...groups.values()].map(({ blamed }) => blamed),
      );
      for (const blamed of joined.length > 0 ? joined : [own]) add(blamed, { module, sign });
    }
  }
  return [...groups]
    .map(([id, { blamed, sightings }]) => findingOf(id, blamed, { sightings, evidence, release }))
    .sort(
      (a, b) =>
        rankOf(a.word) - rankOf(b.word) ||
        b.modules.length - a.modules.length ||
        a.id.localeCompare(b.id, 'en'),
    );
}

/** What is already there of the same module and fault: an import names no function. */
const joinable = (own: Blamed, there: readonly Blamed[]): Blamed[] =>
  own.symbol !== null || own.module === null
    ? []
    : there.filter(({ fault, module }) => fault === own.fault && module === own.module);

interface Group {
  readonly sightings: readonly Sighting[];
  readonly evidence: AuditEvidence;
  readonly release: string;
}

function findingOf(
  id: string,
  blamed: Blamed,
  { sightings, evidence, release }: Group,
): AuditFinding {
  const byModule = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const module = 'visit' in sighting ? sighting.visit.module : sighting.module;
    byModule.set(module, [...(byModule.get(module) ?? []), sighting]);
  }
  const modules = [...byModule]
    .map(([module, mine]) => moduleOf(module, mine, evidence.visits))
    .sort((a, b) => rankOf(a.word) - rankOf(b.word) || a.module.localeCompare(b.module, 'en'));
  const [first] = modules;
  if (first === undefined) throw new Error('a finding without a module');
  const proof = bestProof(observationsOf(sightings));
  const holder =
    modules
      .map((module) => module.holder)
      .toSorted((a, b) => holderRank(a) - holderRank(b))
      .at(0) ?? null;
  const place = proof?.place ?? first.place;
  return {
    ...blamed,
    id,
    title: titleOf(blamed),
    word: first.word,
    modules,
    proof,
    place,
    address: proof === null ? null : placeText(proof.place),
    holder,
    needs: needsSentence(blamed.fault, holder),
    documentation: blamed.fault === null ? null : DOCUMENTATION[blamed.fault],
    kernels: [release],
  };
}

const observationsOf = (sightings: readonly Sighting[]): Observation[] =>
  sightings.flatMap((sighting) => ('visit' in sighting ? [sighting.observation] : []));

/** One module of a finding, over all its visits and signs. */
function moduleOf(
  module: string,
  sightings: readonly Sighting[],
  visits: readonly Visit[],
): FindingModule {
  const live = sightings.flatMap((one) => ('visit' in one ? [one] : []));
  const signs = sightings.flatMap((one) => ('sign' in one ? [one.sign] : []));
  const observations = observationsOf(live);
  const words: Confidence[] = [...observations.map(soundWord), ...signs.map(({ word }) => word)];
  const best = live.toSorted(
    (a, b) =>
      rankOf(soundWord(a.observation)) - rankOf(soundWord(b.observation)) ||
      holderRank(a.observation.holder) - holderRank(b.observation.holder),
  )[0];
  const tried = visits.filter((visit) => visit.module === module).length;
  return {
    module,
    word: words.toSorted((a, b) => rankOf(a) - rankOf(b))[0] ?? 'hint',
    what: best?.observation.what ?? signs.map(signText)[0] ?? '',
    place: best?.observation.place ?? null,
    holder: best?.observation.holder ?? null,
    exercise: best?.visit.exercise ?? null,
    helped: sum(observations, true),
    untainted: sum(observations, false),
    seen:
      live.length === 0 ? null : { times: new Set(live.map(({ visit }) => visit)).size, of: tried },
    signs: signs.map(signText),
  };
}

/** A static sign as text: the member with its method, or the import with what is missing. */
export const signText = (sign: StaticSign): string =>
  sign.is === 'method'
    ? `${sign.member} = ${sign.method} (${sign.variable})`
    : `${sign.sign} (${sign.symbol})`;

function sum(observations: readonly Observation[], tainted: boolean): Times | null {
  const proofs = observations.flatMap(({ proof }) =>
    proof !== null && proof.tainted === tainted ? [proof] : [],
  );
  if (proofs.length === 0) return null;
  return {
    times: proofs.reduce((all, { times }) => all + times, 0),
    of: proofs.reduce((all, { of }) => all + of, 0),
  };
}

/** On the untouched kernel first; then the one that crashed most often. */
function bestProof(observations: readonly Observation[]): Proof | null {
  const proofs = observations.flatMap((one) => (soundWord(one) === 'proven' ? [one.proof] : []));
  return (
    proofs
      .filter((proof) => proof !== null)
      .toSorted(
        (a, b) => Number(a.tainted) - Number(b.tainted) || b.times / b.of - a.times / a.of,
      )[0] ?? null
  );
}
