// SPDX-License-Identifier: MIT
import { type AuditCase, type AuditResult, judgeAudit } from '../../harness/judge/audit.js';
import type {
  AuditEvidence,
  Fault,
  Observation,
  PlantedVisit,
  Proof,
  Visit,
} from '../../harness/model/audit.js';
import type { RawFinding } from '../../harness/model/finding.js';
import type { KernelIdentity } from '../../harness/model/kernel-identity.js';

/** A kernel by the type; no real one. */
export const KERNEL: KernelIdentity = {
  spec: 'debian:6.12',
  release: '6.12.117+deb12-amd64',
  arch: 'x86_64',
  preempt: 'any: the audit asks for none',
  configSha256: 'c'.repeat(64),
  version: 'Debian 6.12.117-1~bpo12+1',
};

/** A crash in a function of a module that is gone, by the type. */
export const crash = (
  module: string,
  symbol: string,
  more: Partial<RawFinding> = {},
): RawFinding => ({
  kind: 'page-fault',
  title: `BUG: unable to handle kernel paging request in ${symbol}`,
  function: symbol,
  address: 'ffffffffc0afb180',
  pc: '0xffffffffc0afb180',
  instructionFetch: true,
  line: 812,
  lastLine: 853,
  head: 'BUG: unable to handle page fault for address: ffffffffc0afb180',
  taint: '',
  frames: [{ symbol: 'rcu_do_batch', offset: 0x1b0, size: 0x4c0, reliable: true }],
  state: { is: 'complete' },
  touched: { is: 'gone', module, symbol, how: 'fetch' },
  resolved: `${symbol}+0x0 [unloaded ${module}]`,
  text: [
    'BUG: unable to handle page fault for address: ffffffffc0afb180',
    '#PF: supervisor instruction fetch in kernel mode',
    'RIP: 0010:0xffffffffc0afb180',
  ],
  ...more,
});

/** A proof of `symbol` in an unloaded module. */
export const proofOf = (module: string, symbol: string, more: Partial<Proof> = {}): Proof => ({
  finding: crash(module, symbol),
  place: { module, offset: 0x1180, symbol: `${symbol}+0x0` },
  tainted: true,
  times: 1,
  of: 1,
  ...more,
});

/** An observation of a fault; `proven` with a proof. */
export function observed(
  fault: Fault,
  word: Observation['word'],
  more: Partial<Observation> & { readonly module: string; readonly symbol: string },
): Observation {
  const { module, symbol, ...rest } = more;
  return {
    fault,
    word,
    what: symbol,
    place: { module, offset: 0x1180, symbol: `${symbol}+0x0` },
    holder: { is: 'helper' },
    proof: word === 'proven' ? proofOf(module, symbol) : null,
    ...rest,
  };
}

/** A visit of a module that was unloaded. */
export const visitOf = (
  module: string,
  observations: readonly Observation[] = [],
  more: Partial<Visit> = {},
): Visit => ({
  module,
  exercise: module,
  guest: 1,
  end: { is: 'unloaded' },
  objects: 3,
  callbacks: 0,
  observations,
  durationMs: 900,
  ...more,
});

const MISTAKES = [
  'ktype',
  'class-release',
  'rcu-callback',
  'timer',
  'work',
  'object-in-module',
] as const satisfies readonly Fault[];

/** Every planted mistake found, every twin silent. */
export const goodControl: readonly PlantedVisit[] = MISTAKES.flatMap((mistake) => {
  const module = `dmrace_planted_${mistake.replaceAll('-', '_')}`;
  return [
    {
      mistake,
      twin: false,
      visit: visitOf(module, [observed(mistake, 'proven', { module, symbol: 'planted' })], {
        exercise: null,
        guest: 0,
      }),
    },
    { mistake, twin: true, visit: visitOf(`${module}_twin`, [], { exercise: null, guest: 0 }) },
  ];
});

const classOf = (module: string): Visit =>
  visitOf(module, [
    observed('class-release', 'proven', {
      module,
      symbol: `${module}_class`,
      what: `/sys/class/${module}`,
      proof: proofOf(module, `${module}_class`, { log: 'guest-1/console.log' }),
    }),
  ]);

/** What an audit of a few modules sees: tun untainted, two classes, one that waits, two silent ones. */
export const EVIDENCE: AuditEvidence = {
  static: [
    {
      module: 'tun',
      file: 'kernel/drivers/net/tun.ko',
      signs: [{ is: 'import', word: 'hint', sign: 'call-rcu-without-barrier', symbol: 'call_rcu' }],
    },
    {
      module: 'edd',
      file: 'kernel/drivers/firmware/edd.ko',
      signs: [
        {
          is: 'method',
          word: 'listed',
          member: 'kobj_type.release',
          variable: 'edd_ktype',
          method: 'edd_release',
        },
      ],
    },
    { module: 'act_pedit', file: 'kernel/net/sched/act_pedit.ko', signs: [] },
  ],
  visits: [
    visitOf('tun', [
      observed('rcu-callback', 'proven', {
        module: 'tun',
        symbol: 'tun_prog_free',
        holder: { is: 'kernel', who: 'call_rcu() queued it, rcu_do_batch() runs it' },
        proof: proofOf('tun', 'tun_prog_free', {
          tainted: false,
          times: 2,
          of: 3,
          log: 'guest-2/console.log',
        }),
      }),
    ]),
    classOf('brd_class_a'),
    classOf('ublk_drv'),
    visitOf('snd_aloop', [], { end: { is: 'waited' } }),
    visitOf('act_pedit'),
    visitOf('xhci_hcd', [], { exercise: null, end: { is: 'builtin' } }),
    visitOf('iwlwifi', [], {
      end: { is: 'exercise-failed', command: 'ip link set wlan0 up', why: 'exit code 1' },
    }),
  ],
  planted: goodControl,
};

/** A case by the types; parts of it may be put otherwise. */
export const caseOf = (more: Partial<AuditCase> = {}): AuditCase => ({
  question: { static: true, live: true, named: [], planned: EVIDENCE.visits.length },
  kernel: KERNEL,
  evidence: EVIDENCE,
  problems: [],
  known: null,
  baseline: null,
  notes: [],
  ...more,
});

/** Judged audits, one of each kind. */
export const audits: Readonly<Record<string, () => AuditResult>> = {
  found: () => judgeAudit(caseOf()),
  'nothing seen': () =>
    judgeAudit(
      caseOf({
        question: { static: false, live: true, named: [], planned: 2 },
        evidence: {
          static: null,
          visits: [visitOf('act_pedit'), visitOf('snd_aloop', [], { end: { is: 'waited' } })],
          planted: goodControl,
        },
      }),
    ),
  'a control missed': () =>
    judgeAudit(
      caseOf({
        evidence: {
          ...EVIDENCE,
          planted: goodControl.map((one) =>
            one.mistake === 'timer' && !one.twin
              ? { ...one, visit: { ...one.visit, observations: [] } }
              : one,
          ),
        },
      }),
    ),
  'static only': () =>
    judgeAudit(
      caseOf({
        question: { static: true, live: false, named: [], planned: 0 },
        evidence: { static: EVIDENCE.static, visits: [], planted: [] },
      }),
    ),
  known: () =>
    judgeAudit(
      caseOf({
        known: [
          {
            finding: 'class-release:class_release',
            kernel: { from: null, to: null },
            reference: 'a',
          },
          {
            fault: 'rcu-callback',
            module: 'tun',
            kernel: { from: '6.12', to: '6.12' },
            reference: 'b',
          },
        ],
      }),
    ),
};
