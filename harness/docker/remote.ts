// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import tar from 'tar-fs';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import type { Engine } from './engine.js';
import { explainDocker } from './errors.js';
import type { Place } from './options.js';

/** The volume of the cache on a remote engine; it stays. */
export const CACHE_VOLUME = 'dmrace-cache';
/** Where the image has it. */
export const CACHE_INSIDE = '/cache';

const Waited = z.looseObject({ StatusCode: z.number() });

/**
 * Volumes that stand for folders of this machine on an engine that does not see them. A stopped
 * container keeps them reachable through the API. Disposing removes it and them; when this process
 * is killed before, the reaper of the next start does.
 */
export class RemoteFolders implements AsyncDisposable {
  private constructor(
    readonly engine: Engine,
    readonly container: Docker.Container,
    readonly places: readonly Place[],
  ) {}

  /** @throws DmraceError (environment) when the engine refuses. */
  static async create(
    engine: Engine,
    image: string,
    folders: readonly string[],
    labels: Readonly<Record<string, string>>,
  ): Promise<RemoteFolders> {
    const id = randomBytes(6).toString('hex');
    const places = folders.map((folder, index) => ({
      path: folder,
      write: true,
      volume: `dmrace-run-${id}-${index}`,
    }));
    try {
      for (const { volume } of places) {
        await engine.docker.createVolume({ Name: volume, Labels: { ...labels } });
      }
      const container = await engine.docker.createContainer({
        Image: image,
        // A new volume belongs to root; the inner program is somebody else.
        Entrypoint: ['chmod', '1777', ...folders],
        User: '0:0',
        Labels: { ...labels },
        HostConfig: {
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges'],
          NetworkMode: 'none',
          Mounts: places.map(({ volume, path: target }) => ({
            Type: 'volume',
            Source: volume,
            Target: target,
          })),
        },
      });
      const made = new RemoteFolders(engine, container, places);
      if (folders.length > 0) await made.#open();
      return made;
    } catch (error) {
      throw explainDocker(error, engine.shown);
    }
  }

  async #open(): Promise<void> {
    await this.container.start();
    const { StatusCode } = Waited.parse(await this.container.wait());
    if (StatusCode === 0) return;
    await this[Symbol.asyncDispose]();
    throw new DmraceError('environment', {
      observed: `the volumes on the engine could not be opened to the inner program (exit code ${StatusCode})`,
      action: 'see the engine’s log',
    });
  }

  /**
   * Copies what the container wrote to the same folders here. Only files and folders: a link in an
   * archive from another machine has no business here.
   * @throws DmraceError (environment) when the engine or this machine's disk refuses.
   */
  async fetch(): Promise<void> {
    for (const { path: folder } of this.places) {
      try {
        await mkdir(folder, { recursive: true });
        const archive = await this.container.getArchive({ path: `${folder}/.` });
        await pipeline(
          archive,
          tar.extract(folder, {
            map: (header) => ({
              ...header,
              uid: process.getuid?.() ?? 0,
              gid: process.getgid?.() ?? 0,
            }),
            ignore: (_, header) => header?.type !== 'file' && header?.type !== 'directory',
          }),
        );
      } catch (error) {
        throw explainDocker(error, this.engine.shown);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What stays is found by its labels.
    await this.container.remove({ force: true, v: true }).catch(() => undefined);
    for (const { volume } of this.places) {
      await this.engine.docker
        .getVolume(volume ?? '')
        .remove()
        .catch(() => undefined);
    }
  }
}

/** A path that a remote engine cannot see. */
export function notOnEngine(file: string, engine: Engine): DmraceError {
  return new DmraceError('usage', {
    observed: `${path.resolve(file)} is on this machine, and the Docker engine at ${engine.shown} does not see it`,
    action: 'give flags or DMRACE_* variables instead of files, or run where the files are',
  });
}
