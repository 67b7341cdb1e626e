// SPDX-License-Identifier: MIT
import type { GuestSetUp } from '../model/guest-set-up.js';
import type { Telling, TraceSource } from '../model/proof.js';

/** The guest's own kprobe events are in this system. */
const PROBES = 'dmrace';

/** A tracepoint: `sched/sched_switch`. */
export const tracepoint = (system: string, name: string): TraceSource => ({
  name,
  event: `${system}/${name}`,
});

/** A tracepoint of a system all of whose events are recorded with it. */
export const inSystem = (system: string, name: string): TraceSource => ({ name, event: system });

/** Entry or exit of a system call: its event is there with CONFIG_FTRACE_SYSCALLS. */
export const systemCall = (name: string, side: 'enter' | 'exit'): TraceSource => ({
  name: `sys_${name}:${side}`,
  event: `syscalls/sys_${side}_${name}`,
});

/**
 * A kprobe event at a function's entry, its fields in the form of
 * Documentation/trace/kprobetrace.rst; `{return}` and `{refcount}` as model/guest-set-up.ts says.
 */
export const probeOn = (name: string, at: string, fields: string): TraceSource => ({
  name,
  probe: `p:${PROBES}/${name} ${at} ${fields}`,
});

/** All sources of a telling's steps, and what is traced besides, each once. */
function sourcesOf(telling: Telling): TraceSource[] {
  const all = [
    ...telling.proofs.flatMap(({ see, never }) => [
      ...see.flatMap(({ source, unless }) => [source, ...(unless ? [unless.source] : [])]),
      ...(never ? [never.source] : []),
    ]),
    ...telling.also.map(({ source }) => source),
  ];
  return all.filter((one, at) => all.findIndex((other) => other.name === one.name) === at);
}

/** The probes and events that a guest needs for a telling's steps to be proven. */
export function tracingOf(telling: Telling): Pick<GuestSetUp, 'probes' | 'events'> {
  const sources = sourcesOf(telling);
  const probes = sources.flatMap((source) => ('probe' in source ? [source.probe] : []));
  const events = sources.flatMap((source) => ('event' in source ? [source.event] : []));
  return {
    probes,
    events: [...new Set([...events, ...(probes.length > 0 ? [PROBES] : [])])],
  };
}
