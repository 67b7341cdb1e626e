// SPDX-License-Identifier: MIT
import { mkdir, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { scanConsole } from '../console/index.js';
import type { GuestSession } from '../guest/session.js';
import type { Arch } from '../model/arch/index.js';
import { type Claim, DUMP_FILE, type Dump, type DumpBudget } from '../model/dump.js';
import { DmraceError, headlineOf } from '../model/errors.js';
import type { RawFinding } from '../model/finding.js';
import type { Machine } from '../ports.js';
import { dumpMemory } from '../qemu/dump.js';
import { Stopper } from '../qemu/stopper.js';
import { NoVmcore, writeVmcore } from '../symbols/vmcore-file.js';
import { explainIo } from '../util/io.js';
import { patient } from '../util/patience.js';
import { scratch } from '../util/scratch.js';

const MIB = 1024 ** 2;
/** Headers, notes, and the ROMs that QEMU counts as memory. */
const MORE_BYTES = 4 * MIB;
/** What the console said before the guest stood has arrived when it is silent for so long. */
const SILENT_MS = 50;
const SILENT_BOUND_MS = 1_000;

/** What a trial's dump needs. */
export interface DumpRequest {
  readonly arch: Arch;
  readonly memoryMiB: number;
  /** Under KVM. */
  readonly kvm: boolean;
  /**
   * The function that takes a crashed task apart once its report is complete, where the guest is
   * stopped; null where it is not known, and the dump is taken at the trial's end.
   */
  readonly death: bigint | null;
  /** The dump: it is there when {@link TrialDump.result} says that it was kept. */
  readonly file: string;
  /** What tells a crash from others, see DumpBudget; the placement is part of it. */
  readonly placement: string;
  readonly budget: DumpBudget;
  readonly signal: AbortSignal;
  /** What has to be gone first: an earlier attempt of the same trial. */
  readonly before?: Promise<void>;
}

/**
 * Keeps the memory of one trial's guest when its kernel has crashed: where the crashed task is about
 * to be taken apart, else at the trial's end. A dump that cannot be had never ends the trial: it says
 * why.
 */
export class TrialDump {
  #result: Dump | null = null;
  #busy: Promise<void> | null = null;
  #begun = false;
  #claim: Claim | null = null;
  #session: GuestSession | null = null;
  #stopper: Stopper | null = null;
  #place: Disposable | null = null;

  constructor(readonly request: DumpRequest) {}

  /** What became of it; null as long as nothing has crashed. */
  get result(): Dump | null {
    return this.#result;
  }

  /** Settles when the dump that is being written is written, at once without one. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  /** Whether a dump is being written: the guest stands, and its deadlines do not count. */
  get busy(): boolean {
    return this.#busy !== null;
  }

  /** To be called before the guest's trial; called twice it does nothing. */
  async begin(machine: Machine, session?: GuestSession): Promise<void> {
    this.#session ??= session ?? null;
    if (this.#begun) return;
    this.#begun = true;
    await this.request.before;
    // A guest that ends by itself takes its memory with it: QEMU 6.0 and later can be told to wait
    // (qapi/run-state.json, set-action); where it does not know the command, there is no such dump.
    const waits = await machine.qmp('set-action', { shutdown: 'pause' }).then(
      () => true,
      () => false,
    );
    if (waits) {
      machine.onEvent((event) => {
        if (event === 'SHUTDOWN') void this.#atShutdown(machine);
      });
    }
    if (this.request.death === null) return;
    const place = scratch();
    this.#place = place;
    const stop = {
      at: this.request.death,
      sameStack: false,
      what: 'the death of the crashed task',
    };
    const { arch, kvm } = this.request;
    const stopper = new Stopper(arch, path.join(place.folder, 'gdb'), [stop], kvm);
    this.#stopper = stopper;
    try {
      await stopper.attach(machine);
    } catch {
      // Without it the dump is taken at the end. The gdbstub may have stopped the guest already.
      stopper.close();
      await machine.qmp('cont').catch(() => undefined);
      return;
    }
    void stopper.stopped
      .then(
        async (at) => {
          if (at === null) return;
          await this.#take(machine, 'death');
          await machine.qmp('cont');
        },
        () => undefined, // the gdbstub is gone with its QEMU, whose end says why
      )
      .catch(() => undefined); // QEMU is gone, which its end tells
  }

  /** The channels of the machine, once there are any. */
  watch(session: GuestSession): void {
    this.#session = session;
  }

  /** To be called when the trial has ended and its machine has not. */
  async end(machine: Machine): Promise<void> {
    await this.#busy;
    await this.#take(machine, 'end');
  }

  /** Gives up what the dump held; what was written stays. */
  close(): void {
    this.#stopper?.close();
    this.#place?.[Symbol.dispose]();
    this.#place = null;
  }

  /** Takes everything back: the trial counts for nothing, or runs again. */
  async discard(): Promise<void> {
    this.close();
    await this.#busy;
    if (this.#claim?.granted) this.#claim.give();
    await rm(this.request.file, { force: true });
  }

  async #atShutdown(machine: Machine): Promise<void> {
    await this.#busy;
    await this.#take(machine, 'end');
    // It would have been gone by now; its end is the one that it would have had.
    await machine.qmp('quit').catch(() => undefined);
  }

  async #take(machine: Machine, at: 'death' | 'end'): Promise<void> {
    if (this.#result !== null) return;
    const taken = this.#taken(machine, at);
    this.#busy = taken.finally(() => {
      this.#busy = null;
    });
    await this.#busy;
  }

  async #taken(machine: Machine, at: 'death' | 'end'): Promise<void> {
    const { signal, budget, placement, memoryMiB } = this.request;
    const session = this.#session;
    if (session) await session.untilSilent(SILENT_MS, patient(SILENT_BOUND_MS), signal);
    const findings = scanConsole(session?.consoleBytes ?? new Uint8Array());
    // Whoever is taken apart has crashed, whatever of its report has arrived.
    if (at === 'end' && findings.length === 0) return;
    const crash = [placement, ...findings.map(({ title }) => title)].join('\n');
    const bytes = memoryMiB * MIB + MORE_BYTES;
    const claim = budget.claim(crash, bytes);
    this.#claim = claim;
    if (!claim.granted) {
      this.#result = { kept: false, why: claim.why };
      return;
    }
    this.#result = await this.#written(machine, at, findings, bytes).catch((error: unknown) => {
      claim.give();
      const why = error instanceof NoVmcore ? `what QEMU wrote is no dump: ${error.message}` : '';
      const said = why || whyOf(explainIo(error, this.request.file));
      return { kept: false, why: said, failed: true } as const;
    });
    if (!this.#result.kept) await rm(this.request.file, { force: true }).catch(() => undefined);
  }

  async #written(
    machine: Machine,
    at: 'death' | 'end',
    findings: readonly RawFinding[],
    bytes: number,
  ): Promise<Dump> {
    const { file, arch, death, signal } = this.request;
    const raw = `${file}.qemu`;
    await mkdir(path.dirname(file), { recursive: true });
    try {
      await requireSpace(path.dirname(file), 2 * bytes);
      await dumpMemory(machine, raw, signal);
      const pid = findings.at(-1)?.pid ?? null;
      const dead = at === 'death' && death !== null ? { at: death, pid } : null;
      const { stands, vmcoreinfo, ...written } = await writeVmcore(raw, file, arch, dead);
      return {
        kept: true,
        file: DUMP_FILE,
        ...written,
        at,
        ...(stands
          ? { task: { pid, pc: stands.pc.toString(16), sp: stands.sp.toString(16) } }
          : {}),
        ...(vmcoreinfo ? {} : { lacks: NO_VMCOREINFO }),
      };
    } finally {
      await rm(raw, { force: true });
    }
  }
}

const NO_VMCOREINFO =
  'the kernel keeps no vmcoreinfo (CONFIG_VMCORE_INFO, before 6.9 CONFIG_CRASH_CORE): crash reads the dump, drgn does not';

/** @throws DmraceError (environment) where a disk has too little space for the dump and its copy. */
async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new DmraceError('environment', {
    observed: `a dump takes ${Math.ceil(bytes / MIB)} MiB while it is written, and ${Math.floor(free / MIB)} are free in ${folder}`,
    limit: `${Math.ceil(bytes / MIB)} MiB`,
    artefact: folder,
    action: 'free some space, or give --out another disk',
  });
}

/** An error as the reason for no dump: what was seen and what to do. */
const whyOf = (error: unknown): string =>
  error instanceof DmraceError ? `${error.headline}; ${error.facts.action}` : headlineOf(error);
