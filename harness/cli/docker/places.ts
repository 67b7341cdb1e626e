// SPDX-License-Identifier: MIT
import path from 'node:path';

/** Flags (and DMRACE_* variables and keys of the configuration) whose folder is written. */
const WRITTEN = ['out', 'resume', 'output'] as const;
/** Commands whose results go to a folder below dmrace-runs/ unless --out names another. */
const WITH_RESULTS: readonly string[] = ['run', 'audit', 'sweep', 'replay', 'matrix'];

/** What the paths of a command line are found from. */
export interface Given {
  readonly command: string;
  readonly argv: readonly string[];
  /** DMRACE_* variables that are handed on. */
  readonly env: Readonly<Record<string, string>>;
  /** dmrace.config.json of the folder; absent is empty. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly cwd: string;
}

/** The value of `--name VALUE` or `--name=VALUE`, the last one. */
export function flagValue(argv: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  argv.forEach((word, index) => {
    if (word === `--${name}`) value = argv[index + 1];
    else if (word.startsWith(`--${name}=`)) value = word.slice(name.length + 3);
  });
  return value;
}

/** A command line without `--name VALUE` and `--name=VALUE`. */
export function withoutFlag(argv: readonly string[], name: string): string[] {
  return argv.filter(
    (word, index) =>
      word !== `--${name}` && !word.startsWith(`--${name}=`) && argv[index - 1] !== `--${name}`,
  );
}

/** A setting from wherever it is: flags win over variables, those over the file. */
export function setting(given: Given, name: string): string | undefined {
  const variable = given.env[`DMRACE_${name.toUpperCase()}`];
  const file = given.config[name];
  return flagValue(given.argv, name) ?? (variable || (typeof file === 'string' ? file : undefined));
}

/** Folders that the command writes its results to. */
export function writtenFolders(given: Given): string[] {
  const named = WRITTEN.map((name) => setting(given, name)).filter((v) => v !== undefined);
  const folders = named.map((folder) => path.resolve(given.cwd, folder));
  if (folders.length === 0 && WITH_RESULTS.includes(given.command)) {
    folders.push(path.join(given.cwd, 'dmrace-runs'));
  }
  return [...new Set(folders)];
}

/**
 * Everything on the command line, in the variables and in the configuration that might be the path
 * of a file: whole words, and the parts of `--flag=x`, `src:PATH`, `src:PATH@PROFILE` and
 * `image:PATH,modules=DIR`. Those that exist are to be seen inside.
 */
export function pathLike(given: Given): string[] {
  const values = [
    ...given.argv,
    ...Object.values(given.env),
    ...Object.values(given.config)
      .flat()
      .filter((value) => typeof value === 'string'),
  ];
  const words = values.flatMap((value) => [
    value,
    ...value.split(',').flatMap((part) => {
      const after = /^(?:--?[\w-]+=)?(?:[\w-]+[:=])?(.*)$/.exec(part)?.[1] ?? '';
      return [part, after, after.replace(/@[^/]*$/, '')];
    }),
  ]);
  const paths = words.filter((word) => word !== '' && !word.startsWith('-'));
  const resolved = paths.map((word) => path.resolve(given.cwd, word));
  return [...new Set(resolved)].filter((file) => file !== '/');
}

/** Drops paths that lie in another one of the list. */
export function outermost(paths: readonly string[]): string[] {
  return paths.filter(
    (file) => !paths.some((other) => other !== file && file.startsWith(`${other}/`)),
  );
}
