// SPDX-License-Identifier: MIT
// Does one fault of the table to the real program, and says everything that is not as it should be.
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { bundleScript } from '../../harness/bundle.mjs';
import { cacheDirectory } from '../../harness/util/cache.js';
import { hasDied } from '../../harness/util/whose.js';
import { dmrace, MAIN } from '../support/command.js';

/** One fault, and what must come of it. */
export interface Fault {
  readonly name: string;
  /** Boots no guest and builds nothing: also part of `npm test`. */
  readonly quick?: true;
  /** The command line; $WORK, $CACHE and $RUNS are put in. */
  readonly args: readonly string[];
  /** Shell text that does the harm first, in a mount namespace of its own, over a copy of the cache. */
  readonly before?: string;
  /** Shell text that runs the command, `"$@"`; its exit code is the command's. */
  readonly as?: string;
  /** `no`: in a network namespace without any. */
  readonly network?: 'no';
  readonly env?: Readonly<Record<string, string>>;
  /** Sent when the program has said this on stderr: the name of a stage, or a line of its own. */
  readonly signal?: {
    readonly name: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL';
    readonly at: RegExp;
  };
  /** Of the exit codes; null: it was killed. */
  readonly code: number | null;
  /** What stderr must say. */
  readonly says?: RegExp;
  /** What stdout must hold. */
  readonly prints?: RegExp;
  /** The exit code of the same command, without the fault, afterwards: nothing stays damaged. */
  readonly after?: number;
  /** It must have ended by then. */
  readonly limitMs?: number;
}

/** What came of a fault; an empty `wrong` is as it should be. */
export interface Came {
  readonly wrong: readonly string[];
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly said: string;
}

const RUNS = path.resolve(import.meta.dirname, '../fixtures/run-directories');
const USUAL_LIMIT_MS = 240_000;

const ONE_TRIAL = ['run', '--accel', 'tcg', '--trials', '1'];
/** One trial of the subject from a saved guest: 125, because no control is tried. */
export const RUN: readonly string[] = [
  ...ONE_TRIAL,
  '--placement',
  'builtin',
  '--out',
  '$WORK/run',
];

/** Why faults cannot be done here; null when they can. */
export async function unable(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'faults are done as root: mounts and namespaces';
  const tried = await execa('unshare', ['-m', 'true'], { reject: false });
  return tried.failed ? 'no mount namespace can be made here' : null;
}

/** The cache of the test, with changes in `upper`, at its own path; $CACHE, $WORK are set. */
const OVERLAY = `
mkdir -p "$WORK/upper" "$WORK/work"
mount -t overlay overlay -o "lowerdir=$CACHE,upperdir=$WORK/upper,workdir=$WORK/work" "$CACHE"
`;

/**
 * What RUN uses of the cache, as the shell’s variables: the files that its guest is made of or from, and its
 * entries as KIND/KEY.
 */
let used: Readonly<Record<string, string>> = {};

/**
 * Entries that the run does not use are none of the fault's: a cache that many versions have filled
 * has several of a kind, and what nobody uses is not mended before somebody does.
 */
const ONLY_USED = `
for e in "$CACHE"/{control,guest,helper,image,initramfs,modules,ready}/*; do
\tcase " $USED " in *" \${e#"$CACHE"/} "*) ;; *) rm -rf "$e" "$CACHE/sums/\${e#"$CACHE"/}.json" ;; esac
done
`;

/**
 * Fills the cache with all that the faults' runs use, and remembers which saved guest and which
 * initramfs they start from. To be called before the first fault.
 */
export async function warm(): Promise<void> {
  const work = await mkdtemp('/tmp/df-warm-');
  await mkdir(path.join(work, 't'));
  try {
    const run = await dmrace([...ONE_TRIAL, '--out', path.join(work, 'run')], {
      DMRACE_CACHE_DIR: cacheDirectory(),
    });
    if (run.exitCode !== 0) throw new Error(`the cache cannot be filled: ${run.stderr}`);
    const argv = await readFile(path.join(work, 'run/builtin-0/qemu.argv'), 'utf8');
    const note = z
      .object({ kernel: z.object({ release: z.string() }) })
      .parse(JSON.parse(await readFile(path.join(work, 'run/run.json'), 'utf8')));
    used = {
      HEADERS: path.join(cacheDirectory(), 'headers', `${note.kernel.release}_`),
      INITRD: /-initrd (\S+)/.exec(argv)?.[1] ?? '',
      READY: path.dirname(/mem-path=([^,\s]+)/.exec(argv)?.[1] ?? ''),
      USED: (await entriesOf(work)).join(' '),
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Entries that a run uses: those without sums get them when they are used (util/sums.ts). */
async function entriesOf(work: string): Promise<string[]> {
  const args = [...ONE_TRIAL, '--out', '$WORK/again'];
  const run = await command({ name: 'warm', args, code: 0 }, work, 'rm -rf "$CACHE"/sums');
  if (run.exitCode !== 0) throw new Error(`the cache cannot be used without sums: ${run.said}`);
  const sums = path.join(work, 'upper/sums');
  const files = await readdir(sums, { recursive: true });
  return files.filter((name) => name.endsWith('.json')).map((name) => name.replace(/\.json$/, ''));
}

/** Does a fault in a folder of its own, and removes it. */
export async function doFault(fault: Fault): Promise<Came> {
  const work = await mkdtemp('/tmp/df-');
  const started = performance.now();
  const wrong: string[] = [];
  try {
    await mkdir(path.join(work, 't'));
    const places = await strangers();
    const first = await command(fault, work, ONLY_USED + (fault.before ?? ''));
    wrong.push(...problemsOf(fault, first));
    if (fault.after !== undefined) {
      await rm(path.join(work, 'run'), { recursive: true, force: true });
      const { signal: _, as: __, network: ___, ...same } = fault;
      const again = await command({ ...same, code: fault.after }, work, '');
      if (again.exitCode !== fault.after) {
        wrong.push(
          `afterwards: exit code ${again.exitCode} instead of ${fault.after}: ${again.said.slice(-600)}`,
        );
      }
      if (/made again|is damaged|were removed/.test(again.said) && fault.signal === undefined) {
        wrong.push(`afterwards: something is still damaged: ${again.said.slice(-600)}`);
      }
    }
    wrong.push(...(await leftOver(work, places)));
    if (fault.after !== undefined) wrong.push(...(await stillDamaged(work)));
    const { exitCode, said } = first;
    return { wrong, durationMs: performance.now() - started, exitCode, said };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Ended {
  readonly exitCode: number | null;
  readonly said: string;
  readonly printed: string;
  readonly late: boolean;
  readonly signalled: boolean;
}

async function command(fault: Fault, work: string, before: string): Promise<Ended> {
  const cache = cacheDirectory();
  const put = (text: string): string =>
    text.replaceAll('$WORK', work).replaceAll('$CACHE', cache).replaceAll('$RUNS', RUNS);
  const script = `set -e${OVERLAY}${before}\ncd "$WORK"\nset +e\n${fault.as ?? 'exec "$@"'}`;
  const child = execa(
    'unshare',
    ['-m', '--propagation', 'private', ...(fault.network === 'no' ? ['-n'] : [])].concat(
      ['bash', '-c', script, 'bash', process.execPath, MAIN],
      fault.args.map(put),
    ),
    {
      reject: false,
      extendEnv: true,
      stdin: 'ignore',
      maxBuffer: 64 << 20,
      env: {
        CI: '1',
        NO_COLOR: '1',
        DMRACE_DOCKER: 'never',
        DMRACE_CACHE_DIR: cache,
        CACHE: cache,
        WORK: work,
        RUNS,
        ...used,
        TMPDIR: path.join(work, 't'),
        DMRACE_FAULT: work,
        ...Object.fromEntries(
          Object.entries(fault.env ?? {}).map(([name, text]) => [name, put(text)]),
        ),
      },
    },
  );
  let said = '';
  let signalled = false;
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (!fault.signal || signalled || !fault.signal.at.test(said)) return;
    signalled = true;
    child.kill(fault.signal.name);
  });
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    void atWork(work).then((pids) => {
      for (const pid of pids) kill(pid);
    });
  }, fault.limitMs ?? USUAL_LIMIT_MS);
  const result = await child;
  clearTimeout(limit);
  return {
    exitCode: result.exitCode ?? null,
    said: result.stderr,
    printed: result.stdout,
    late,
    signalled,
  };
}

function problemsOf(fault: Fault, ended: Ended): string[] {
  const { exitCode, said, printed } = ended;
  const wrong: string[] = [];
  const tail = said.slice(-600);
  if (ended.late)
    wrong.push(`it hangs: not ended after ${fault.limitMs ?? USUAL_LIMIT_MS} ms: ${tail}`);
  if (exitCode !== fault.code)
    wrong.push(`exit code ${exitCode} instead of ${fault.code}: ${tail}`);
  if (fault.signal && !ended.signalled) wrong.push(`it never said ${fault.signal.at}: ${tail}`);
  if (fault.says && !fault.says.test(said)) wrong.push(`it does not say ${fault.says}: ${tail}`);
  if (fault.prints && !fault.prints.test(printed)) wrong.push(`it does not print ${fault.prints}`);
  if (/\n\s+at |a mistake in dmrace itself/.test(said)) wrong.push(`a stack: ${tail}`);
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(said + printed)) {
    wrong.push('control characters are sent');
  }
  return wrong;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

/** Pids of processes that a fault has started and that have not ended. */
async function atWork(work: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environ.includes(`DMRACE_FAULT=${work}\0`) ? pid : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}

/** Scratch folders of dead processes in the places that are shared with others. */
async function strangers(): Promise<string[]> {
  const found: string[] = [];
  for (const place of ['/tmp', '/dev/shm', '/var/tmp']) {
    for (const name of await readdir(place).catch(() => [])) {
      const word = /^dmrace-([0-9a-z]*-[0-9a-z]+-[0-9a-z]*)-\w{6}$/.exec(name)?.[1];
      if (word !== undefined && hasDied(word)) found.push(path.join(place, name));
    }
  }
  return found;
}

/** A killed QEMU takes a moment to be gone. */
const GONE_MS = 5_000;

async function leftOver(work: string, before: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  const end = Date.now() + GONE_MS;
  let left = await atWork(work);
  while (left.length > 0 && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = await atWork(work);
  }
  for (const pid of left) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    wrong.push(`an orphan: ${line.replaceAll('\0', ' ').slice(0, 120)}`);
    kill(pid);
  }
  for (const name of await readdir(path.join(work, 't')).catch(() => [])) {
    wrong.push(`left in TMPDIR: ${name}`);
  }
  for (const name of await strangers()) if (!before.includes(name)) wrong.push(`left: ${name}`);
  const upper = path.join(work, 'upper');
  const all = await readdir(upper, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of all) {
    const name = path.relative(upper, path.join(entry.parentPath, entry.name));
    // A character device hides what the cache below has (kernel, filesystems/overlayfs.rst).
    if (entry.isCharacterDevice()) continue;
    if (/^[^/]+\/[^/]+\.(?:part|dead)-\w+$|^\.probe|^locks\/./.test(name)) {
      wrong.push(`left in the cache: ${name}`);
    }
  }
  return wrong;
}

/** Entries of the cache that are not what their sums say, read to the last byte. */
async function stillDamaged(work: string): Promise<string[]> {
  const script = `set -e${OVERLAY}\nexec "$@"`;
  const verify = await bundleScript('test/faults/verify.ts');
  const { stdout, stderr, failed } = await execa(
    'unshare',
    ['-m', '--propagation', 'private', 'bash', '-c', script, 'bash', process.execPath, verify],
    { reject: false, env: { CACHE: cacheDirectory(), WORK: work } },
  );
  if (failed) return [`the cache cannot be verified: ${stderr.slice(-300)}`];
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => `stays damaged: ${line}`);
}
