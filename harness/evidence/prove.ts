// SPDX-License-Identifier: MIT
import type { Condition, Process, Proof, Sighting, StepNumber, Telling } from '../model/proof.js';
import type { StepEvidence } from '../model/trial.js';
import { addressField, field, numberField, type TraceEvent } from './trace.js';

/** Who is who in a trial, and what its records bound before the trace is looked at. */
export interface Cast {
  readonly pids: Readonly<Partial<Record<Process, number>>>;
  /** Addresses in lower-case hex without `0x`, and other text; named without their `$`. */
  readonly bound: Readonly<Record<string, string>>;
}

/** The steps as far as they are proven. */
export interface Proven {
  readonly steps: readonly StepEvidence[];
  /** Why the chain of proofs ends where it ends; empty when all steps are there. */
  readonly missing: readonly string[];
  /** All that was bound on the way. */
  readonly bound: Readonly<Record<string, string>>;
}

/** A chain of proofs in the making. */
interface Chain {
  readonly events: readonly TraceEvent[];
  readonly pids: Cast['pids'];
  readonly bound: Record<string, string>;
  /** Index of each proven step's event. */
  readonly at: Map<StepNumber, number>;
}

/** Why a proof fails. */
class Missing {
  constructor(readonly says: string) {}
}

/**
 * Proves the steps of a race from the guest's trace, one after the other: a step counts only after
 * the one before it, so the first that is missing ends the chain.
 */
export function prove(telling: Telling, events: readonly TraceEvent[], cast: Cast): Proven {
  const chain: Chain = { events, pids: cast.pids, bound: { ...cast.bound }, at: new Map() };
  const steps: StepEvidence[] = [];
  for (const proof of telling.proofs) {
    const found = proveOne(proof, chain);
    const event = typeof found === 'number' ? events[found] : undefined;
    if (typeof found !== 'number' || !event) {
      const why = found instanceof Missing ? found.says : 'not seen';
      return { steps, missing: [`step ${proof.step}: ${why}`], bound: chain.bound };
    }
    chain.at.set(proof.step, found);
    steps.push({ step: proof.step, atUs: event.us, evidence: event.line });
  }
  return { steps, missing: [], bound: chain.bound };
}

/** Index of the event that proves a step. */
function proveOne(proof: Proof, chain: Chain): number | Missing {
  const { events, at, bound } = chain;
  let found = Math.max(-1, ...at.values());
  for (const sighting of proof.see) {
    const from = sighting.after === undefined ? found : (at.get(sighting.after) ?? -1);
    const seen = look(sighting, from + 1, chain);
    if (seen instanceof Missing) return seen;
    found = seen;
    const event = events[seen];
    for (const [name, { address }] of Object.entries(sighting.binds ?? {})) {
      const value = event ? addressField(event, address) : null;
      if (value !== null) bound[name] = value;
    }
  }
  const { never, notBefore } = proof;
  if (never) {
    const since = at.get(never.since) ?? 0;
    const early = events.find(
      (event, index) =>
        index > since &&
        index < found &&
        event.name === never.source.name &&
        never.where.every((condition) => holds(condition, event, chain)),
    );
    if (early) return new Missing(`${never.says}: ${early.line}`);
  }
  if (notBefore && found < (at.get(notBefore.step) ?? -1)) return new Missing(notBefore.says);
  return found;
}

/** Index of the first event at or after `from` that a sighting is about. */
function look(sighting: Sighting, from: number, chain: Chain): number | Missing {
  const { events, pids } = chain;
  const by = (event: TraceEvent, process: Process | undefined): boolean =>
    process === undefined || event.pid === pids[process];
  const missing = new Missing(filled(sighting.missing, chain.bound));
  const found = events.findIndex(
    (event, index) =>
      index >= from &&
      event.name === sighting.source.name &&
      by(event, sighting.by) &&
      (sighting.where ?? []).every((condition) => holds(condition, event, chain)),
  );
  const event = events[found];
  if (!event) return missing;
  const { unless } = sighting;
  if (unless) {
    const early = events.findIndex(
      (other, index) => index >= from && other.name === unless.source.name && by(other, unless.by),
    );
    if (early >= 0 && early < found) return missing;
  }
  const broken = (sighting.must ?? []).find(({ hold }) => !holds(hold, event, chain));
  if (broken) return new Missing(filled(broken.otherwise, { text: event.text.trim() }));
  return found;
}

/** Whether something holds for an event. What was never bound equals nothing. */
function holds(condition: Condition, event: TraceEvent, { pids, bound }: Chain): boolean {
  const value = (name: `$${string}`): string | undefined => bound[name.slice(1)];
  if ('address' in condition) {
    const wanted = value(condition.is);
    return wanted !== undefined && addressField(event, condition.address) === wanted;
  }
  if ('text' in condition) {
    const wanted = value(condition.is);
    return wanted !== undefined && field(event, condition.text) === wanted;
  }
  if ('number' in condition) {
    const number = numberField(event, condition.number);
    if (number === null) return false;
    return 'is' in condition ? number === condition.is : number >= condition.atLeast;
  }
  if ('pid' in condition) {
    const wanted = pids[condition.of];
    return wanted !== undefined && numberField(event, condition.pid) === wanted;
  }
  if ('field' in condition) {
    return (field(event, condition.field) ?? '').startsWith(condition.begins);
  }
  if ('argument' in condition) {
    // trace_syscalls.c prints arguments as "name: value", in hexadecimal.
    const text = new RegExp(`${condition.argument}: (?:0x)?([0-9a-f]+)`).exec(event.text)?.[1];
    // Shifted to be unsigned: an ioctl's number has its highest bit set.
    const masked = (Number.parseInt(text ?? '', 16) & condition.mask) >>> 0;
    return text !== undefined && masked === condition.is;
  }
  if ('says' in condition) return event.text.trim() === condition.says;
  if ('returned' in condition) return /^(0x)?0$/.test(event.text.trim());
  const address = value(condition.stackHolds);
  return address !== undefined && event.stack.some((entry) => entry.address === address);
}

/** Puts what was bound where `{NAME}` stands. */
const filled = (text: string, bound: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => bound[name] ?? whole);
