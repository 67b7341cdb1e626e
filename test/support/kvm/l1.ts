// SPDX-License-Identifier: MIT
// L1: a guest under TCG whose processor has AMD's SVM, so that it has a /dev/kvm that works.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startQemu } from '../../../harness/qemu/process.js';
import type { Disks } from './root.js';

/**
 * Without cx16 for the reason in harness/model/arch/x86_64.ts; without xsave, which QEMU 7.2 does
 * not emulate well enough for KVM to hand on.
 */
export const EPYC = 'EPYC,-cx16,-xsave';
export const OTHER = 'max,-cx16,-xsave';

/** What a command in L1 came to. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** L1 is up in half a minute, in one where the machine has other work. */
const UP_MS = 300_000;

const WORDS = 'mitigations=off tsc=reliable console=ttyS0 root=/dev/vda rw init=/sbin/l1-init';

function commandLine(
  { root, data, kernel, initrd }: Disks,
  cpu: string,
  at: (n: string) => string,
) {
  const port = (nr: number, chardev: string, id: string): string[] => [
    ...['-chardev', `${chardev},id=${id}`, '-device', `virtserialport,chardev=${id},nr=${nr}`],
  ];
  return [
    ...['nice', '-n', '5', 'qemu-system-x86_64', '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-no-reboot', '-machine', 'q35', '-accel', 'tcg,thread=multi'],
    ...['-cpu', cpu, '-smp', '2', '-m', '6G', '-kernel', kernel, '-initrd', initrd],
    ...['-append', `${WORDS} quiet panic=-1`],
    ...['-drive', `file=${root},format=raw,if=virtio,snapshot=on`],
    ...['-drive', `file=${data},format=raw,if=virtio,cache=unsafe`],
    ...['-chardev', `file,id=console,path=${at('console')}`, '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial-pci'],
    ...port(1, `socket,path=${at('port')},server=off`, 'commands'),
    ...port(2, `file,path=${at('log')}`, 'log'),
  ];
}

/** One running L1; disposing it ends it at once, after {@link L1.shutDown} or without. */
export class L1 implements AsyncDisposable {
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  private constructor(
    readonly folder: string,
    readonly socket: Socket,
    readonly end: () => Promise<void>,
    /** When all tests of the rig must be done, as of Date.now(). */
    readonly deadline: number,
  ) {
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('close', () => this.#wake());
    socket.on('error', () => undefined); // its close follows
  }

  /** Boots L1 and waits until it takes commands. */
  static async start(disks: Disks, cpu: string, deadline: number): Promise<L1> {
    const folder = mkdtempSync(path.join(tmpdir(), 'dmrace-l1-'));
    const at = (name: string): string => path.join(folder, name);
    const server = createServer();
    const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(at('port'), resolve));
    const qemu = startQemu(commandLine(disks, cpu, at), at('stderr'));
    const end = async (): Promise<void> => {
      qemu.kill();
      await qemu.ended;
      server.close();
      rmSync(folder, { recursive: true, force: true });
    };
    const gone = qemu.ended.then(({ stderr }) => {
      throw new Error(`L1 ended: ${stderr}`);
    });
    gone.catch(() => undefined); // an end that is wanted
    const l1 = new L1(folder, await Promise.race([connected, gone]), end, deadline);
    const late = setTimeout(() => l1.socket.destroy(), UP_MS);
    process.stderr.write(`L1 with -cpu ${cpu}; what its commands say: ${at('log')}\n`);
    try {
      await l1.#line();
      return l1;
    } catch {
      const console = readFileSync(at('console'), 'latin1').slice(-2000);
      await l1[Symbol.asyncDispose]();
      throw new Error(`L1 does not get up within ${UP_MS} ms; its console: ${console}`);
    } finally {
      clearTimeout(late);
    }
  }

  /** Runs a shell command to its end. @throws Error when L1 is gone or the bound of all is over. */
  async run(command: string): Promise<Outcome> {
    const started = Date.now();
    this.socket.write(`${command}\n`);
    const [, code = 0, out = 0, err = 0] = (await this.#line()).split(' ').map(Number);
    const stdout = (await this.#bytes(out)).toString();
    const stderr = (await this.#bytes(err)).toString();
    return { code, stdout, stderr, seconds: Math.round((Date.now() - started) / 1000) };
  }

  async #line(): Promise<string> {
    await this.#until(() => this.#received.includes('\n'));
    const length = this.#received.indexOf('\n') + 1;
    return (await this.#bytes(length)).toString().trimEnd();
  }

  async #bytes(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= count);
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }

  async #until(there: () => boolean): Promise<void> {
    while (!there()) {
      if (this.socket.destroyed) throw new Error('L1 is gone');
      const left = this.deadline - Date.now();
      if (left <= 0) throw new Error('the bound of the nested rig (40 minutes) is over');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Has what was written reach the data disk, for the next L1. */
  async shutDown(): Promise<void> {
    await this.run('cd / && sync && umount /data');
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.end();
  }
}
