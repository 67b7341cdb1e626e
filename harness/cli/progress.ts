// SPDX-License-Identifier: MIT
import { Listr, ListrLogger, ListrLogLevels, PRESET_TIMER, ProcessOutput } from 'listr2';
import { shown } from '../model/shown.js';
import type { Stages } from '../ports.js';
import type { Say } from '../util/work.js';

/** What is shown of a stage; see {@link Stages.stage}. */
type Stage = Parameters<Stages['stage']>[0];

/** A live title: what is done, how far it is, and for how long. Exported for its test. */
export function liveTitle(title: string, progress: string, elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return [title, ...(progress === '' ? [] : [progress]), `${seconds} s`].join(' · ');
}

interface LiveTask {
  title: string;
  output: string;
}

/** Keeps a running task's title fresh until disposed, which gives it its own title back. */
function ticking({ title, live }: Stage, task: LiveTask): Disposable {
  const started = performance.now();
  const timer = setInterval(() => {
    task.title = liveTitle(title, live?.() ?? '', performance.now() - started);
  }, 1000);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      const end = live?.() ?? '';
      task.title = end === '' ? title : `${title} · ${end}`;
    },
  };
}

/** A stage that failed is marked; why is said once, where the error is reported. */
class StageLogger extends ListrLogger {
  override log(...[level, message, options]: Parameters<ListrLogger['log']>): void {
    super.log(level, message, level === ListrLogLevels.FAILED ? undefined : options);
  }
}

/**
 * Shows stages on stderr as they come: live on a terminal, plain lines elsewhere and with CI set,
 * nothing with `quiet`. stdout is kept for results.
 */
export class Progress implements Stages {
  readonly timing: Record<string, number> = {};
  readonly #live = process.stderr.isTTY === true && !process.env.CI;
  readonly #output = new ProcessOutput(process.stderr, process.stderr);
  readonly #logger = new StageLogger({ processOutput: this.#output });

  constructor(
    readonly signal: AbortSignal,
    readonly quiet: boolean,
  ) {}

  async stage<T>(stage: Stage, work: (say: Say) => Promise<T>): Promise<T> {
    const started = performance.now();
    let value: { readonly of: T } | null = null;
    const task = {
      title: shown(stage.title),
      task: async (_: unknown, line: LiveTask): Promise<void> => {
        using _ticks =
          this.#live && !this.quiet ? ticking({ ...stage, title: shown(stage.title) }, line) : null;
        const say = (text: string): void => {
          line.output = shown(text);
        };
        value = { of: await stopped(this.signal, work(say)) };
      },
      rendererOptions: { bottomBar: 3, persistentOutput: true },
    };
    const logger = this.#logger;
    await new Listr([task], {
      exitOnError: true,
      registerSignalListeners: false,
      renderer: this.quiet ? 'silent' : this.#live ? 'default' : 'simple',
      fallbackRenderer: 'simple',
      rendererOptions: {
        logger,
        timer: PRESET_TIMER,
        showErrorMessage: false,
        collapseErrors: false,
      },
      fallbackRendererOptions: { logger, timer: PRESET_TIMER },
    }).run();
    this.timing[`${stage.name}Ms`] = Math.round(performance.now() - started);
    return came(value);
  }
}

/** What a stage came to; one that failed has thrown before. */
function came<T>(value: { readonly of: T } | null): T {
  if (value === null) throw new Error('a stage ended without its work');
  return value.of;
}

/** After an interrupt a stage has this long to end by itself: VMs are stopped in that time. */
const STOP_MS = 1_500;

/**
 * The work, or a rejection soon after an interrupt: a compiler at work does not hold it up. main.ts
 * then ends the process, and execa ends the tools with it.
 */
async function stopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => {
      const late = setTimeout(() => reject(signal.reason), STOP_MS);
      ended.signal.addEventListener('abort', () => clearTimeout(late));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { signal: ended.signal });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    ended.abort();
  }
}
