// SPDX-License-Identifier: MIT
import { createInterface } from 'node:readline';
import type Docker from 'dockerode';
import { z } from 'zod';
import { DmraceError } from '../model/errors.js';
import { within } from '../util/deadline.js';
import type { Ending } from './ending.js';
import type { Engine } from './engine.js';
import { explainDocker } from './errors.js';
import { type ContainerRequest, containerOptions } from './options.js';

/** After an interrupt the inner program has this long to stop its VMs. */
const STOP_MS = 15_000;
/** What the container printed last may come after the news of its end. */
const DRAIN_MS = 5_000;

/** An event of a container (Engine API, GET /events). */
const Event = z.looseObject({
  Action: z.string(),
  Actor: z.looseObject({ Attributes: z.record(z.string(), z.string()) }),
});

/** Where the container's output goes. */
export interface Output {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** The engine does not see this machine's files, though its socket is here. */
export class NotMountable extends Error {}

const NOT_SEEN = /bind source path does not exist|mounts denied|path .* is not shared/i;

/**
 * Runs a container from start to removal. It is removed by the engine when it ends, and here when
 * anything fails before; when this process is killed, the container's stdin closes, the inner
 * program ends and the engine removes it.
 * @throws NotMountable when the engine cannot mount this machine's folders; DmraceError
 *   (environment) for what else the engine refuses.
 */
export async function runContainer(
  engine: Engine,
  request: ContainerRequest,
  output: Output,
  signal: AbortSignal,
): Promise<Ending> {
  signal.throwIfAborted();
  const container = await create(engine, request);
  try {
    const watch = await Watch.of(engine, container);
    const stream = await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    });
    const drained = new Promise<void>((resolve) => {
      stream.on('end', resolve);
      stream.on('close', resolve);
      stream.on('error', () => resolve()); // the events tell how the container fares
    });
    engine.docker.modem.demuxStream(stream, output.stdout, output.stderr);
    await container.start();
    const stop = stopper(container, signal);
    try {
      const ended = await watch.ended;
      await within(drained, DRAIN_MS, undefined);
      return { ...ended, interrupted: stop.asked(), memoryMiB: request.memoryMiB };
    } finally {
      stop[Symbol.dispose]();
      watch[Symbol.dispose]();
      stream.end();
    }
  } catch (error) {
    throw explainDocker(error, engine.shown);
  } finally {
    // Gone already in the usual case, and "removal in progress" is as good.
    await container.remove({ force: true, v: true }).catch(() => undefined);
  }
}

async function create(engine: Engine, request: ContainerRequest): Promise<Docker.Container> {
  try {
    return await engine.docker.createContainer(containerOptions(request, engine));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    if (NOT_SEEN.test(said)) throw new NotMountable(said, { cause: error });
    throw explainDocker(error, engine.shown);
  }
}

/** Hands an interrupt on, and kills what does not heed it. */
function stopper(
  container: Docker.Container,
  signal: AbortSignal,
): Disposable & { asked(): boolean } {
  let timer: NodeJS.Timeout | null = null;
  let asked = false;
  const stop = (): void => {
    asked = true;
    container.kill({ signal: 'SIGINT' }).catch(() => undefined); // it may have ended by itself
    timer = setTimeout(() => container.kill().catch(() => undefined), STOP_MS);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop);
  return {
    asked: () => asked,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', stop);
      if (timer) clearTimeout(timer);
    },
  };
}

/** Collects a container's events until it is removed. */
class Watch implements Disposable {
  readonly ended: Promise<Pick<Ending, 'exitCode' | 'oom' | 'signals'>>;

  private constructor(readonly stream: NodeJS.ReadableStream) {
    this.ended = this.#read();
    this.ended.catch(() => undefined); // nobody waits for it when the start fails
  }

  /** Listens before the start, so that no event is missed. */
  static async of(engine: Engine, container: Docker.Container): Promise<Watch> {
    const filters = { container: [container.id], event: ['die', 'oom', 'kill', 'destroy'] };
    return new Watch(await engine.docker.getEvents({ filters }));
  }

  async #read(): Promise<Pick<Ending, 'exitCode' | 'oom' | 'signals'>> {
    let exitCode: number | null = null;
    let oom = false;
    const signals: number[] = [];
    for await (const line of createInterface({ input: this.stream })) {
      const event = Event.parse(JSON.parse(line));
      const { exitCode: code, signal } = event.Actor.Attributes;
      if (event.Action === 'oom') oom = true;
      if (event.Action === 'kill') signals.push(Number(signal));
      if (event.Action === 'die') exitCode = Number(code);
      if (event.Action === 'destroy' && exitCode !== null) return { exitCode, oom, signals };
    }
    throw new DmraceError('environment', {
      observed: 'the Docker engine ended the connection while the container ran',
      action: 'see whether the engine still runs (its log), then run again',
    });
  }

  [Symbol.dispose](): void {
    if ('destroy' in this.stream && typeof this.stream.destroy === 'function') {
      this.stream.destroy();
    }
  }
}
