// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import prettyBytes from 'pretty-bytes';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { openLog } from '../util/log-file.js';
import type { Work } from '../util/work.js';
import { contextFiles, contextHash, contextTar } from './context.js';
import type { Engine } from './engine.js';
import { explainDocker } from './errors.js';

/** Lines of a failed build that the message repeats; the log has all. */
const SHOWN_LINES = 12;

/** One line of the build's answer (Engine API, POST /build). */
const Progress = z.looseObject({ stream: z.string().optional(), error: z.string().optional() });
const Inspected = z.looseObject({ Id: z.string(), Size: z.number() });

/** What an image is to be made from, apart from the project's files. */
export interface ImageRequest {
  /** The project's folder. */
  readonly root: string;
  /** The Dockerfile's ARGs; those not given stay as it has them. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The network of the build's steps, which fetch packages. */
  readonly network: string;
}

/** Words of a failed build. Pure, so that they can be tested without an engine. */
export function buildFailure(why: string, lines: readonly string[], log: string): DmraceError {
  const said = lines.slice(-SHOWN_LINES).map((line) => `\n    ${line}`);
  const all = `${why}\n${lines.slice(-SHOWN_LINES).join('\n')}`;
  return new DmraceError('environment', {
    observed: `the image could not be built: ${why}${said.join('')}`,
    artefact: log,
    action: /no space left on device/i.test(all)
      ? 'free space where the engine keeps its data (docker system prune)'
      : /pull|manifest|registry|no such host|not found|dial tcp|connection refused/i.test(why)
        ? 'see whether the engine reaches the registry, or give local bases: DMRACE_DOCKER_BASE, DMRACE_DOCKER_NODE'
        : 'see the lines above and the whole log',
  });
}

/** What making an image takes of the work: no guest is in it. */
export type ImageWork = Pick<Work, 'cache' | 'say' | 'signal'>;

/**
 * The tag of the image for this program, built first when the engine does not have it. The tag
 * names the content, so an image is never stale; two that want the same one build it once.
 * @throws DmraceError (environment) when it cannot be built, with the last lines and the log.
 */
export async function ensureImage(
  work: ImageWork,
  engine: Engine,
  request: ImageRequest,
): Promise<string> {
  const files = await contextFiles(request.root);
  const hash = (await contextHash(request.root, files, request.buildArgs)).slice(0, 16);
  const tag = `dmrace:${hash}`;
  if (await inspect(engine, tag)) return tag;
  return work.cache.telling(work.say).locked(`docker-${hash}`, async () => {
    if (await inspect(engine, tag)) return tag;
    const started = performance.now();
    work.say(`building image ${tag}; the first time takes minutes`);
    await build(work, engine, { ...request, files, tag });
    const made = await inspect(engine, tag);
    const seconds = Math.round((performance.now() - started) / 1000);
    work.say(`built ${tag}: ${made ? prettyBytes(made.Size) : 'not found'} in ${seconds} s`);
    return tag;
  });
}

async function inspect(engine: Engine, tag: string): Promise<z.infer<typeof Inspected> | null> {
  try {
    return Inspected.parse(await engine.docker.getImage(tag).inspect());
  } catch (error) {
    if (z.looseObject({ statusCode: z.literal(404) }).safeParse(error).success) return null;
    throw explainDocker(error, engine.shown);
  }
}

/** An image that the engine does not have. */
interface MissingImage extends ImageRequest {
  /** Of the project's folder, by their relative names. */
  readonly files: readonly string[];
  readonly tag: string;
}

async function build(
  { cache, say, signal }: ImageWork,
  engine: Engine,
  { root, buildArgs, network, files, tag }: MissingImage,
): Promise<void> {
  const folder = path.join(cache.root, 'docker-log');
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${tag.replace(':', '-')}.log`);
  const log = openLog(file);
  const lines: string[] = [];
  let why: string | null = null;
  try {
    const answer = await engine.docker.buildImage(contextTar(root, files), {
      t: tag,
      buildargs: { ...buildArgs },
      networkmode: network,
      labels: { 'dmrace.image': tag },
      rm: true,
      forcerm: true,
      version: '1',
      abortSignal: signal,
    });
    // The signal ends the request only until its answer begins; the engine stops a build whose
    // client is gone.
    const cut = (): void => void ('destroy' in answer && (answer as { destroy(): void }).destroy());
    signal.addEventListener('abort', cut);
    await new Promise<void>((resolve, reject) => {
      const take = (raw: unknown): void => {
        const { stream: colourful = '', error } = Progress.catch({}).parse(raw);
        const stream = stripVTControlCharacters(colourful);
        log.write(stream);
        if (error !== undefined) {
          why = error;
          log.write(`${error}\n`);
        }
        for (const line of stream.split('\n').filter((text) => text.trim() !== '')) {
          lines.push(line.trimEnd());
          if (/^Step \d+\/\d+ /.test(line)) say(line.trim().slice(0, 100));
        }
      };
      engine.docker.modem.followProgress(
        answer,
        (error) => (error && why === null ? reject(error) : resolve()),
        take,
      );
    }).finally(() => signal.removeEventListener('abort', cut));
  } catch (error) {
    signal.throwIfAborted();
    throw explainDocker(error, engine.shown);
  } finally {
    await log.close();
  }
  signal.throwIfAborted();
  if (why !== null) throw buildFailure(why, lines, file);
}
