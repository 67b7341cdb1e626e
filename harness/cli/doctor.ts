// SPDX-License-Identifier: GPL-2.0-only
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { execa } from 'execa';
import { ARCH, type Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { cacheDirectory, openCache } from '../util/cache.js';
import { crossPrefix } from '../util/toolchain.js';
import { guestArch } from './guest-arch.js';

/** Something the harness needs from the host. */
interface Requirement {
  /** A command on PATH, or an absolute path. */
  readonly needs: string;
  /** The Debian package that has it. */
  readonly package: string;
  readonly why: string;
}

/** Everything a run needs, for one guest architecture. */
function requirements(arch: Arch): Requirement[] {
  const cross = crossPrefix(arch);
  const native = cross === '';
  const suffix = native ? '' : `-${arch.names.triplet}`;
  return [
    { needs: arch.qemu.binary, package: arch.qemu.package, why: 'runs the guest' },
    { needs: 'setpriv', package: 'util-linux', why: 'ties QEMU to the life of the harness' },
    { needs: 'apt-get', package: 'apt', why: 'fetches kernels with signatures checked' },
    { needs: 'dpkg-deb', package: 'dpkg', why: 'unpacks packages' },
    {
      needs: '/usr/share/keyrings/debian-archive-keyring.gpg',
      package: 'debian-archive-keyring',
      why: 'checks the archive’s signatures',
    },
    { needs: 'gpgv', package: 'gpgv', why: 'checks the archive’s signatures' },
    { needs: `${cross}gcc`, package: `gcc${suffix}`, why: 'builds the control and the helper' },
    { needs: 'make', package: 'make', why: 'builds the control and the helper' },
    {
      needs: native
        ? `/usr/lib/${arch.names.triplet}/libc.a`
        : `/usr/${arch.names.triplet}/lib/libc.a`,
      package: native ? 'libc6-dev' : `libc6-dev-${arch.names.debian}-cross`,
      why: 'builds the guest’s static program',
    },
    { needs: `${cross}objdump`, package: `binutils${suffix}`, why: 'reads the booted code' },
    { needs: 'readelf', package: 'binutils', why: 'finds dmsetup’s libraries' },
    { needs: 'modinfo', package: 'kmod', why: 'orders the guest’s modules' },
    { needs: 'cpio', package: 'cpio', why: 'packs the initramfs' },
    { needs: 'xz', package: 'xz-utils', why: 'unpacks sources and modules' },
    { needs: 'zstd', package: 'zstd', why: 'unpacks modules of newer kernels' },
    {
      needs: '/usr/lib/x86_64-linux-gnu/libelf.so.1',
      package: 'libelf1',
      why: 'objtool of the kernel’s headers needs it',
    },
  ].filter((r) => !(r.package === 'libelf1' && process.arch !== 'x64'));
}

async function present(needs: string): Promise<boolean> {
  const places = path.isAbsolute(needs)
    ? [needs]
    : `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
        .split(':')
        .filter(Boolean)
        .map((folder) => path.join(folder, needs));
  for (const place of places) {
    const mode = path.isAbsolute(needs) ? constants.R_OK : constants.X_OK;
    if (
      await access(place, mode).then(
        () => true,
        () => false,
      )
    )
      return true;
  }
  return false;
}

/** Everything that is missing, at once. */
async function missing(arch: Arch): Promise<Requirement[]> {
  const all = requirements(arch);
  const states = await Promise.all(all.map((requirement) => present(requirement.needs)));
  return all.filter((_, index) => !states[index]);
}

function remedy(absent: readonly Requirement[]): string[] {
  const packages = [...new Set(absent.map((requirement) => requirement.package))];
  const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
  return [...sudo, 'apt-get', 'install', '-y', '--no-install-recommends', ...packages];
}

/** @throws DmraceError (environment) that lists everything missing, with the command that mends it. */
export async function requireTools(arch: Arch): Promise<void> {
  const absent = await missing(arch);
  if (absent.length === 0) return;
  throw new DmraceError('environment', {
    observed: `missing: ${absent.map((r) => `${r.needs} (${r.why})`).join(', ')}`,
    action: `run dmrace doctor --fix --arch ${arch.name}, or: ${remedy(absent).join(' ')}`,
  });
}

/** `dmrace doctor`. */
export function doctorCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  return new Command('doctor')
    .description('list everything missing at once, with the command that mends it')
    .addOption(new Option('--fix', 'run that command (asks first on a terminal)'))
    .addOption(new Option('--self-test', 'make a guest crash, hang and fall silent on purpose'))
    .addOption(new Option('--arch <name>', 'guest architecture').choices(Object.keys(ARCH)))
    .addHelpText('after', '\nExamples:\n  dmrace doctor --fix\n  dmrace doctor --self-test')
    .action(async (options: { fix?: boolean; selfTest?: boolean; arch?: string }) => {
      const arch = guestArch(options.arch);
      const code = await doctor(arch, options.fix === true);
      if (code !== 0 || !options.selfTest) return exit(code);
      const { selfTest } = await import('./self-test.js');
      exit(await selfTest(arch, signal));
    });
}

async function doctor(arch: Arch, fix: boolean): Promise<number> {
  await openCache();
  let absent = await missing(arch);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (absent.length > 0) {
    for (const requirement of absent) {
      say(`missing: ${requirement.needs} (package ${requirement.package}): ${requirement.why}`);
    }
    const command = remedy(absent);
    say(`mend with: ${command.join(' ')}`);
    if (!fix) return 128;
    if (!(await agreed(command))) return 128;
    await install(command);
    absent = await missing(arch);
    if (absent.length > 0) {
      throw new DmraceError('environment', {
        observed: `still missing after the installation: ${absent.map((r) => r.needs).join(', ')}`,
        action: 'install them by hand',
      });
    }
  }
  say(`nothing is missing for ${arch.name} guests; the cache is ${cacheDirectory()}`);
  return 0;
}

/** Asks on a terminal; elsewhere --fix is the answer. */
async function agreed(command: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY || process.env.CI) return true;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`run "${command.join(' ')}" now? [Y/n] `);
    return !/^n/i.test(answer.trim());
  } finally {
    asking.close();
  }
}

async function install(command: readonly string[]): Promise<void> {
  const prefix = command[0] === 'sudo' ? ['sudo'] : [];
  for (const argv of [[...prefix, 'apt-get', '-q', 'update'], command]) {
    const [file = 'apt-get', ...args] = argv;
    process.stderr.write(`+ ${argv.join(' ')}\n`);
    const result = await execa(file, args, {
      reject: false,
      stdin: 'inherit',
      stdout: 'ignore',
      stderr: 'inherit',
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (!result.failed) continue;
    throw new DmraceError('environment', {
      observed: `${argv.join(' ')} failed (${result.exitCode ?? result.signal ?? 'not started'})`,
      action: 'see its output above; on a host that is not Debian install the tools by hand',
    });
  }
}
