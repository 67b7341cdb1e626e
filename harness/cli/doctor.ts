// SPDX-License-Identifier: MIT
import { createInterface } from 'node:readline/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { execa } from 'execa';
import { ARCH, type Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { guestArch } from '../rig/guest-arch.js';
import { cacheDirectory, openCache } from '../util/cache.js';
import { missingTools, remedy, remedyLine } from '../util/host-tools.js';
import { setPatience } from '../util/patience.js';
import {
  KERNEL_REQUIREMENTS,
  PATCH_REQUIREMENTS,
  TEST_REQUIREMENTS,
} from '../util/requirements.js';
import { accelReport } from './accel-report.js';
import { ACCELS, PATIENCE_FLAG, PATIENCE_TEXT, Patience } from './options.js';
import { say as print } from './streams.js';

interface DoctorOptions {
  readonly fix?: boolean;
  readonly selfTest?: boolean;
  readonly kernels?: boolean;
  readonly tests?: boolean;
  readonly arch?: string;
  readonly accel?: (typeof ACCELS)[number];
  readonly patience?: number;
}

const say = (line: string): void => print(`${line}\n`);

/** `dmrace doctor`. */
export function doctorCommand(signal: AbortSignal, exit: (code: number) => void): Command {
  return new Command('doctor')
    .description('list everything missing at once, with the command that mends it')
    .addOption(new Option('--fix', 'run that command (asks first on a terminal)'))
    .addOption(new Option('--self-test', 'make a guest crash, hang and fall silent on purpose'))
    .addOption(new Option('--kernels', 'what building whole kernels takes, too'))
    .addOption(new Option('--tests', 'what the project’s own tests need, too'))
    .addOption(new Option('--arch <name>', 'guest architecture').choices(Object.keys(ARCH)))
    .addOption(
      new Option('--accel <how>', 'of the self-test (default: auto, as for run)')
        .choices(ACCELS)
        .env('DMRACE_ACCEL'),
    )
    .addOption(
      new Option(PATIENCE_FLAG, PATIENCE_TEXT).env('DMRACE_PATIENCE').argParser(readPatience),
    )
    .addHelpText('after', '\nExamples:\n  dmrace doctor --fix\n  dmrace doctor --self-test')
    .action(async (options: DoctorOptions) => {
      const arch = guestArch(options.arch);
      const code = await doctor(arch, options);
      if (code !== 0 || !options.selfTest) return exit(code);
      const { selfTest } = await import('../campaign/self-test.js');
      setPatience(options.patience ?? 1);
      const work = { cache: await openCache(signal), arch, say, signal };
      exit(await selfTest(work, options.accel ?? 'auto'));
    });
}

async function doctor(arch: Arch, { fix, kernels, tests }: DoctorOptions): Promise<number> {
  await openCache();
  // The tests build a kernel.
  const extra = [
    ...(kernels || tests ? [...KERNEL_REQUIREMENTS, ...PATCH_REQUIREMENTS] : []),
    ...(tests ? TEST_REQUIREMENTS : []),
  ];
  let absent = await missingTools(arch, extra);
  if (absent.length > 0) {
    for (const requirement of absent) {
      say(`missing: ${requirement.needs} (package ${requirement.package}): ${requirement.why}`);
    }
    const mend = await remedy(absent);
    const { command } = mend;
    say(remedyLine(mend));
    if (mend.as === 'root') {
      say(
        '  you are not root, and there is no sudo: have it run once, then nothing needs root any more',
      );
      return 128;
    }
    if (!fix) return 128;
    if (!(await agreed(command))) return 128;
    await install(command);
    absent = await missingTools(arch, extra);
    if (absent.length > 0) {
      throw new DmraceError('environment', {
        observed: `still missing after the installation: ${absent.map((r) => r.needs).join(', ')}`,
        action: 'install them by hand',
      });
    }
  }
  for (const line of await accelReport(arch)) say(line);
  say(`nothing is missing for ${arch.name} guests; the cache is ${cacheDirectory()}`);
  return 0;
}

/** @throws InvalidArgumentError, which commander explains. */
function readPatience(text: string): number {
  const read = Patience.safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? 'not a factor');
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
    print(`+ ${argv.join(' ')}\n`);
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
