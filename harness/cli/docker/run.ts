// SPDX-License-Identifier: MIT
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { NotMountable, runContainer } from '../../docker/container.js';
import { exitCodeOf } from '../../docker/ending.js';
import { resolveEndpoint } from '../../docker/endpoint.js';
import { connect, type Engine } from '../../docker/engine.js';
import { ensureImage } from '../../docker/image.js';
import { usableKvm } from '../../docker/kvm.js';
import { type ContainerRequest, networkOf, type Place } from '../../docker/options.js';
import { ownerLabels } from '../../docker/owner.js';
import { reap } from '../../docker/reaper.js';
import { CACHE_INSIDE, CACHE_VOLUME, notOnEngine, RemoteFolders } from '../../docker/remote.js';
import { RunDirectory } from '../../runs/run-directory.js';
import { openCache } from '../../util/cache.js';
import { exists, explainIo } from '../../util/io.js';
import type { Say } from '../../util/work.js';
import { say } from '../streams.js';
import { imageRequest } from './image.js';
import { type Given, outermost, pathLike, writtenFolders } from './places.js';
import { recordedSettings } from './recorded.js';
import { dockerSettings, handedOn } from './settings.js';
import type { Wish } from './wish.js';
import { gitFolderOf } from './worktree.js';

const CONFIG = 'dmrace.config.json';

/** The engine that this process would use. @throws DmraceError (environment) when none answers. */
export async function findEngine(deadlineMs?: number): Promise<Engine> {
  const { remote } = dockerSettings(process.env);
  return connect(await resolveEndpoint(process.env, homedir()), remote, deadlineMs);
}

/**
 * Runs the same command line in a container and returns the inner exit code.
 * @throws DmraceError for everything that keeps it from a result of its own.
 */
export async function runInDocker(
  wish: Wish,
  engine: Engine,
  signal: AbortSignal,
): Promise<number> {
  const quiet = wish.argv.includes('--quiet');
  const report: Say = (line) => void (quiet || say(`docker: ${line}\n`));
  const settings = dockerSettings(process.env);
  const asked: Given = {
    command: wish.command,
    argv: wish.argv,
    env: handedOn(process.env),
    config: await configOf(process.cwd()),
    cwd: process.cwd(),
  };
  const given = { ...asked, config: { ...asked.config, ...(await recordedSettings(asked)) } };
  await reap(engine, report);
  const cache = await openCache(signal);
  const network = networkOf(settings.network, engine);
  const image = await ensureImage(
    { cache, say: report, signal },
    engine,
    imageRequest(given, process.env, network, wish.suite),
  );
  const request: ContainerRequest = {
    image,
    argv: wish.argv,
    env: {
      ...(process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}),
      ...given.env,
      DMRACE_DOCKER: 'never',
      DMRACE_TIED: '1',
      DMRACE_DOCKER_WORDS: wish.words.join(' '),
      HOME: '/tmp',
    },
    cwd: given.cwd,
    places: [],
    hostname: hostname(),
    user: null,
    kvmGid: null,
    network,
    memoryMiB: settings.memoryMiB,
    labels: await ownerLabels(),
  };
  const work: Work = { given, request, report, signal };
  if (engine.remote) return remotely(engine, work);
  try {
    return await locally(engine, work, cache.root);
  } catch (error) {
    if (!(error instanceof NotMountable)) throw error;
    report(`the engine does not see this machine's files; they go through its API`);
    return remotely({ ...engine, remote: true }, work);
  }
}

interface Work {
  readonly given: Given;
  readonly request: ContainerRequest;
  readonly report: Say;
  readonly signal: AbortSignal;
}

async function configOf(folder: string): Promise<Record<string, unknown>> {
  const text = await readFile(path.join(folder, CONFIG), 'utf8').catch(() => '{}');
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {}; // the inner program reads it too, and says what is wrong with it
  }
}

/** Files to be seen inside, but not those that lie in a folder which is there anyway. */
async function readPlaces(given: Given, others: readonly string[]): Promise<string[]> {
  const named = [...pathLike(given), path.join(given.cwd, CONFIG)];
  const git = await Promise.all(named.map(gitFolderOf));
  const all = [...named, ...git.filter((folder) => folder !== null)];
  const found: string[] = [];
  for (const file of outermost(all)) {
    const covered = others.some((other) => file === other || file.startsWith(`${other}/`));
    if (!covered && (await exists(file))) found.push(file);
  }
  return found;
}

/** With bind mounts: every path means the same inside and outside. */
async function locally(engine: Engine, work: Work, cacheRoot: string): Promise<number> {
  const { given, request, signal } = work;
  const written = writtenFolders(given);
  const made: string[] = [];
  for (const folder of written) {
    if (!(await exists(folder))) made.push(folder);
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw explainIo(error, folder);
    });
  }
  const summary = process.env.GITHUB_STEP_SUMMARY ?? '';
  const told = await exists(summary); // the runner has made it
  const all = [...written, cacheRoot, ...(told ? [summary] : [])];
  const places: Place[] = [
    ...(await readPlaces(given, all)).map((file) => ({ path: file, write: false })),
    ...outermost(all).map((file) => ({ path: file, write: true })),
  ];
  try {
    const ending = await runContainer(
      engine,
      {
        ...request,
        env: {
          ...request.env,
          DMRACE_CACHE_DIR: cacheRoot,
          ...(told ? { GITHUB_STEP_SUMMARY: summary } : {}),
        },
        places,
        user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
        kvmGid: await usableKvm(),
      },
      process,
      signal,
    );
    return exitCodeOf(ending);
  } finally {
    for (const folder of made) await removeUnused(folder);
  }
}

/** A killed container leaves its lock behind; what holds results, or is somebody's, stays. */
const removeUnused = (folder: string): Promise<void> =>
  RunDirectory.create(folder).then(
    (directory) => directory.removeIfEmpty(),
    () => rmdir(folder).catch(() => undefined),
  );

/** With volumes: the cache stays on the engine, the results come back when the run has ended. */
async function remotely(engine: Engine, work: Work): Promise<number> {
  const { given, request, report, signal } = work;
  const written = writtenFolders(given);
  const [unseen] = await readPlaces(given, written);
  if (unseen !== undefined) throw notOnEngine(unseen, engine);
  await using folders = await RemoteFolders.create(engine, request.image, written, request.labels);
  const ending = await runContainer(
    engine,
    {
      ...request,
      env: { ...request.env, DMRACE_CACHE_DIR: CACHE_INSIDE },
      places: [{ path: CACHE_INSIDE, write: true, volume: CACHE_VOLUME }, ...folders.places],
    },
    process,
    signal,
  );
  await folders.fetch();
  for (const folder of written) report(`copied the artefacts from the engine to ${folder}`);
  return exitCodeOf(ending);
}
