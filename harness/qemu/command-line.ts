// SPDX-License-Identifier: MIT
import path from 'node:path';
import {
  type Channel,
  type MachineDisk,
  type MachineSpec,
  pausesItself,
  SAVED_MEMORY,
} from '../ports.js';

/** Memory of a guest; 192 MiB hold the initramfs and a stock kernel with room to spare. */
export const GUEST_MEMORY_MIB = 192;

/** Channels that are virtio-serial ports of the guest, in port order. */
export const PORTS: readonly Channel[] = ['records', 'commands', 'trace'];

/** Unix sockets on which the harness listens and to which QEMU connects. */
export type Sockets = Readonly<Record<Channel | 'qmp', string>>;

/** A comma in an option's value is written twice (QEMU 7.2, util/qemu-option.c). */
const value = (path: string): string => path.replaceAll(',', ',,');

/**
 * Channels that are files of a deterministic guest. A socket is full when its reader is slow, after
 * some hundred small writes already, and QEMU then tries again at a moment of the host's (QEMU 7.2,
 * hw/char/serial.c, serial_xmit(); hw/char/virtio-serial-bus.c, throttling); a file takes all.
 */
export const fileChannels = (spec: MachineSpec): readonly Channel[] =>
  spec.deterministic ? ['console', 'records', 'trace'] : [];

/**
 * QEMU's whole command line as a value. Every channel is a socket that QEMU connects to, so there
 * is nothing to wait for; `-nodefaults -no-user-config` keep the host's configuration out.
 */
export function qemuCommandLine(spec: MachineSpec, sockets: Sockets): string[] {
  const { arch } = spec;
  const memory = memoryFile(spec);
  const files = fileChannels(spec);
  const chardev = (id: Channel, path: string): string[] => [
    '-chardev',
    files.includes(id)
      ? `file,id=${id},path=${value(path)}`
      : `socket,id=${id},path=${value(path)},server=off`,
  ];
  return [
    arch.qemu.binary,
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-no-reboot',
    '-machine',
    `${arch.qemu.machine[spec.accel]}${memory.length > 0 ? ',memory-backend=memory' : ''}`,
    ...memory,
    '-accel',
    // With several processors TCG may run them side by side (QEMU, docs/devel/multi-thread-tcg.rst).
    spec.accel === 'kvm' ? 'kvm' : `tcg,thread=${(spec.cpus ?? 1) > 1 ? 'multi' : 'single'}`,
    '-cpu',
    cpu(spec),
    // Whatever their number, the parties of the race stay on the first (vm/guest/recipes).
    '-smp',
    String(spec.cpus ?? 1),
    '-m',
    `${spec.memoryMiB}M`,
    ...(spec.deterministic
      ? ['-icount', 'shift=4,sleep=off', '-rtc', 'base=2020-01-01,clock=vm', '-seed', '1']
      : []),
    ...(spec.icount === undefined ? [] : ['-icount', `shift=${spec.icount},sleep=on`]),
    ...(pausesItself(spec) ? pausing(spec) : []),
    '-kernel',
    spec.image,
    '-initrd',
    spec.initramfs,
    '-append',
    kernelParameters(spec).join(' '),
    ...chardev('console', sockets.console),
    '-serial',
    'chardev:console',
    '-device',
    // An ioeventfd is answered by another thread, at a moment of the host's.
    `virtio-serial-pci,id=ports${spec.deterministic ? ',ioeventfd=off' : ''}`,
    ...PORTS.flatMap((port, index) => [
      ...chardev(port, sockets[port]),
      '-device',
      `virtserialport,bus=ports.0,nr=${index + 1},chardev=${port},name=dmrace.${port}`,
    ]),
    ...(spec.disks ?? []).flatMap(disk),
    '-qmp',
    `unix:${value(sockets.qmp)},server=off`,
    ...(spec.restoreFrom === null ? [] : ['-incoming', 'defer']),
  ];
}

/** Nobody writes to it, so that any number of guests may have it; `file.locking=off` for the same. */
const disk = ({ image, serial }: MachineDisk): string[] => [
  '-drive',
  `if=none,id=${serial},file=${value(image)},format=raw,readonly=on,file.locking=off`,
  '-device',
  `virtio-blk-pci,drive=${serial},serial=${serial}`,
];

/**
 * Memory in a file: it stays out of the migration stream (trial/ready-state.ts). A restored guest
 * maps the file privately, so it starts without reading it and never changes it.
 */
function memoryFile(spec: MachineSpec): string[] {
  const folder = spec.restoreFrom ?? spec.memoryIn;
  if (folder === undefined) return [];
  const share = spec.restoreFrom === null ? 'on' : 'off';
  const file = value(path.join(folder, SAVED_MEMORY));
  return [
    '-object',
    `memory-backend-file,id=memory,size=${spec.memoryMiB}M,mem-path=${file},share=${share}`,
  ];
}

/** The devices of vm/guest/core/pause.c. A guest that is to be saved has a command of no meaning. */
const pausing = (spec: MachineSpec): string[] => [
  '-device',
  'pvpanic',
  '-action',
  'panic=pause',
  '-fw_cfg',
  `name=opt/dmrace/command,string=${value(spec.command ?? 'none')}`,
];

function cpu(spec: MachineSpec): string {
  if (spec.accel === 'kvm') return spec.arch.qemu.kvmCpu;
  return spec.deterministic ? spec.arch.qemu.deterministicCpu : spec.arch.qemu.tcgCpu;
}

/** nokaslr: addresses are the same in every boot, so records, crashes and gdb agree. */
function kernelParameters(spec: MachineSpec): string[] {
  return [
    `console=${spec.arch.kernel.console}`,
    'nokaslr',
    'panic=-1',
    ...(pausesItself(spec) ? ['dmrace.pause'] : []),
    ...spec.parameters,
  ];
}

/** POSIX shell quoting. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command line for a person to paste. */
export function pasteable(argv: readonly string[]): string {
  return `${argv.map(quote).join(' ')}\n`;
}
