// SPDX-License-Identifier: MIT
import { DmraceError } from '../../model/errors.js';
import { flagValue, withoutFlag } from './places.js';

/** Commands that boot guests or build for them; the others need nothing but Node. */
const HEAVY: readonly string[] = ['run', 'audit', 'sweep', 'replay', 'matrix', 'kernel'];
const ALSO: readonly string[] = ['doctor'];
/** Sub-commands of those that only read the cache. */
const LIGHT: readonly string[] = ['kernel list'];

/** Whether a command is to run in a container. */
export interface Wish {
  /** `must`: asked for; `may`: where this machine cannot serve; `never`. */
  readonly docker: 'must' | 'may' | 'never';
  /** The command line without the flags that ask. */
  readonly argv: readonly string[];
  readonly command: string;
  /** The Debian suite of --suite, which is the image's and so the compiler's. */
  readonly suite: string | null;
  /** The flags that asked, for commands that the program suggests. */
  readonly words: readonly string[];
}

/**
 * Reads `--docker`, `--no-docker` and `--suite`; the first two win over DMRACE_DOCKER (`always`,
 * `auto`, `never`).
 * @throws DmraceError (usage) for a command that runs on any host, and for another value.
 */
export function dockerWish(argv: readonly string[], variable: string | undefined): Wish {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end);
  const named = flags.some((word) => word === '--suite' || word.startsWith('--suite='));
  const suite = named ? (flagValue(flags, 'suite') ?? '') : null;
  const kept = withoutFlag(flags, 'suite').filter(
    (word) => word !== '--docker' && word !== '--no-docker',
  );
  const command = kept.find((word) => !word.startsWith('-')) ?? '';
  const asked = flags.includes('--docker');
  const never = flags.includes('--no-docker');
  if (asked && never) {
    throw new DmraceError('usage', {
      observed: '--docker and --no-docker are given',
      action: 'give one of them',
    });
  }
  if (variable && !['always', 'auto', 'never'].includes(variable)) {
    throw new DmraceError('usage', {
      observed: `DMRACE_DOCKER is "${variable}"`,
      limit: 'always, auto or never',
      action: 'set it to one of them, or unset it',
    });
  }
  const wish = (docker: Wish['docker']): Wish => ({
    docker,
    argv: [...kept, ...rest],
    command,
    suite,
    words: [...(asked ? ['--docker'] : []), ...(suite === null ? [] : ['--suite', suite])],
  });
  const help = kept.some((word) => word === '--help' || word === '-h') || kept[0] === 'help';
  const words = kept.filter((word) => !word.startsWith('-')).slice(0, 2);
  if (suite !== null && !/^[a-z][a-z-]*$/.test(suite)) {
    throw new DmraceError('usage', {
      observed: `--suite "${suite}" is no suite of Debian's`,
      action: 'name one, like trixie or sid',
    });
  }
  if (suite !== null && !asked && !help && (never || variable !== 'always')) {
    throw new DmraceError('usage', {
      observed: '--suite names the Debian whose compiler a container has, and there is no --docker',
      action: 'add --docker',
    });
  }
  if (never || help || LIGHT.includes(words.join(' '))) return wish('never');
  if (asked && ![...HEAVY, ...ALSO].includes(command)) {
    throw new DmraceError('usage', {
      observed: `--docker is of no use for "${command || 'no command'}": it runs on any host`,
      limit: [...HEAVY, ...ALSO].join(', '),
      action: 'leave --docker out',
    });
  }
  if (asked) return wish('must');
  if (!HEAVY.includes(command) || variable === 'never') return wish('never');
  return wish(variable === 'always' ? 'must' : 'may');
}
