// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import { GdbRemote, packet, packetsIn } from '../../../harness/qemu/gdb-remote.js';
import { Stopper } from '../../../harness/qemu/stopper.js';
import { FakeMachine } from '../guest/support.js';

let folder: string;
let file: string;
let server: Server;
/** What the stub was asked. */
let asked: string[];
/** The stub's answer to a packet; null: it hangs up. */
let answer: (data: string) => string | null;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-stub-'));
  file = path.join(folder, 'gdb');
  asked = [];
  answer = () => 'OK';
  const serve = (socket: Socket): void => {
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const data of packetsIn(String(chunk)).packets) {
        if (data === 'qC') {
          // As QEMU: the stop of whoever connects is told unasked, maybe after the first question.
          socket.write(`${packet('T02thread:01;')}+${packet('QC01')}`);
          continue;
        }
        asked.push(data);
        const reply = answer(data);
        if (reply === null) socket.destroy();
        else socket.write(`+${packet(reply)}`);
      }
    });
  };
  server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(file, resolve));
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Packet g of x86: general registers, then rip. */
function registers(values: { sp: bigint; pc: bigint }): string {
  const bytes = Buffer.alloc(17 * 8);
  bytes.writeBigUInt64LE(values.sp, 7 * 8);
  bytes.writeBigUInt64LE(values.pc, 16 * 8);
  return bytes.toString('hex');
}

describe('packets', () => {
  it('carry their sum', () => {
    expect(packet('g')).toBe('$g#67');
    expect(packet('Z0,ffffffffc0243dde,1')).toBe('$Z0,ffffffffc0243dde,1#9c');
  });

  it('are found in pieces, without acknowledgements', () => {
    expect(packetsIn('+$T05thread:01;#07$OK#9a$m')).toEqual({
      packets: ['T05thread:01;', 'OK'],
      rest: '$m',
    });
  });
});

describe('a connection to a gdbstub', () => {
  it('reads registers and memory', async () => {
    answer = (data) =>
      data === 'g' ? registers({ sp: 5n, pc: 0xffffffffc0243dden }) : '8877665544332211';
    const gdb = await GdbRemote.connect(file);
    expect((await gdb.registers())[16]).toBe(0xffffffffc0243dden);
    expect(await gdb.word(0xffff888000000000n)).toBe(0x1122334455667788n);
    expect(asked).toEqual(['g', 'mffff888000000000,8']);
    gdb.close();
  });

  it.each(['E22', ''])('is an error when the stub says "%s"', async (reply) => {
    answer = () => reply;
    const gdb = await GdbRemote.connect(file);
    await expect(gdb.insertBreakpoint(1n, 1)).rejects.toThrow(/gdbstub answered Z0,1,1/);
    gdb.close();
  });

  it('says when the guest ended instead of stopping', async () => {
    answer = (data) => (data === 'c' ? null : 'OK');
    const gdb = await GdbRemote.connect(file);
    expect(await gdb.run()).toBe(false);
    expect(await gdb.run()).toBe(false);
    await expect(gdb.registers()).rejects.toThrow(/its end/);
  });

  it('is an error when the guest’s going on is answered with nonsense', async () => {
    answer = () => 'OK';
    const gdb = await GdbRemote.connect(file);
    await expect(gdb.run()).rejects.toThrow(/answered c with "OK"/);
    gdb.close();
  });

  it('to a stub that says nothing ends', async () => {
    const mute = path.join(folder, 'mute');
    const silent = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(mute, resolve));
    await expect(GdbRemote.connect(mute, 50)).rejects.toThrow(/answered qC with its end/);
    silent.close();
  });

  it('to nobody is an error', async () => {
    await expect(GdbRemote.connect(path.join(folder, 'none'))).rejects.toThrow(/ENOENT/);
  });
});

describe('a guest that is led to a stop', () => {
  it('passes by who is on another stack, without meeting the breakpoint again', async () => {
    const stands = [
      { pc: 0x100n, sp: 0xffffc90000004000n }, // the first stop
      { pc: 0x200n, sp: 0xffffc90000099000n }, // the second, by somebody else
      { pc: 0x200n, sp: 0xffffc90000004800n }, // by the same process
    ];
    let at = -1;
    answer = (data) => {
      if (data === 'c') at++;
      if (data === 'c' || data === 's') return 'T05thread:01;';
      return data === 'g' ? registers(stands[at] ?? { pc: 0n, sp: 0n }) : 'OK';
    };
    const stopper = new Stopper(ARCH.x86_64, file, [
      { at: 0x100n, sameStack: false, what: 'one' },
      { at: 0x200n, sameStack: true, what: 'two' },
    ]);
    await stopper.attach(new FakeMachine());
    expect(await stopper.stopped).toEqual({ pc: 0x200n, what: 'two' });
    expect(asked.filter((data) => data !== 'g')).toEqual([
      ...['Z0,100,1', 'c', 'z0,100,1'],
      ...['Z0,200,1', 'c', 'z0,200,1', 's', 'Z0,200,1', 'c', 'z0,200,1'],
    ]);
  });

  it('under KVM meets breakpoints of hardware, which outlive the text that they are in', async () => {
    answer = (data) => {
      if (data === 'c') return 'T05thread:01;';
      return data === 'g' ? registers({ pc: 0x100n, sp: 0x8000n }) : 'OK';
    };
    const stops = [{ at: 0x100n, sameStack: false, what: 'one' }];
    const stopper = new Stopper(ARCH.x86_64, file, stops, true);
    await stopper.attach(new FakeMachine());
    expect(await stopper.stopped).toEqual({ pc: 0x100n, what: 'one' });
    expect(asked).toEqual(['Z1,100,1', 'c', 'g', 'z1,100,1']);
  });

  it('under KVM passes by others with breakpoints of hardware, too', async () => {
    const stands = [
      { pc: 0x100n, sp: 0x4000n },
      { pc: 0x200n, sp: 0x99000n },
      { pc: 0x200n, sp: 0x4800n },
    ];
    let at = -1;
    answer = (data) => {
      if (data === 'c') at++;
      if (data === 'c' || data === 's') return 'T05thread:01;';
      return data === 'g' ? registers(stands[at] ?? { pc: 0n, sp: 0n }) : 'OK';
    };
    const stops = [
      { at: 0x100n, sameStack: false, what: 'one' },
      { at: 0x200n, sameStack: true, what: 'two' },
    ];
    const stopper = new Stopper(ARCH.x86_64, file, stops, true);
    await stopper.attach(new FakeMachine());
    expect(await stopper.stopped).toEqual({ pc: 0x200n, what: 'two' });
    expect(asked.filter((data) => /^[Zz]/.test(data))).toEqual([
      ...['Z1,100,1', 'z1,100,1', 'Z1,200,1', 'z1,200,1', 'Z1,200,1', 'z1,200,1'],
    ]);
  });

  it('is followed to where its function was called from', async () => {
    const stands = [
      { pc: 0x100n, sp: 0x8000n },
      { pc: 0x345n, sp: 0x8008n },
    ];
    let at = -1;
    answer = (data) => {
      if (data === 'c') at++;
      if (data === 'c') return 'T05';
      if (data === 'm8000,8') return '4503000000000000';
      return data === 'g' ? registers(stands[at] ?? { pc: 0n, sp: 0n }) : 'OK';
    };
    const stopper = new Stopper(ARCH.x86_64, file, [
      { at: 0x100n, sameStack: false, what: 'one' },
      { at: 'return', sameStack: true, what: 'back' },
    ]);
    await stopper.attach(new FakeMachine());
    expect(await stopper.stopped).toEqual({ pc: 0x345n, what: 'back' });
  });

  it('that ends before is nowhere', async () => {
    answer = (data) => (data === 'c' ? null : 'OK');
    const stopper = new Stopper(ARCH.x86_64, file, [{ at: 1n, sameStack: false, what: 'one' }]);
    await stopper.attach(new FakeMachine());
    expect(await stopper.stopped).toBeNull();
  });
});
