// SPDX-License-Identifier: GPL-2.0-only
import { Listr, ListrLogger, ListrLogLevels, PRESET_TIMER, ProcessOutput } from 'listr2';
import type { Report } from '../ports.js';

/** One stage of a command's work. */
export interface Stage {
  readonly title: string;
  readonly work: (report: Report) => Promise<void>;
  /** How far it is, shown live beside the title; asked once a second. */
  readonly progress?: () => string;
}

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
function ticking({ title, progress }: Stage, task: LiveTask): Disposable {
  const started = performance.now();
  const timer = setInterval(() => {
    task.title = liveTitle(title, progress?.() ?? '', performance.now() - started);
  }, 1000);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      const end = progress?.() ?? '';
      task.title = end === '' ? title : `${title} · ${end}`;
    },
  };
}

/** A stage that failed is marked; why is said once, at the end, by who reports the error. */
class StageLogger extends ListrLogger {
  override log(...[level, message, options]: Parameters<ListrLogger['log']>): void {
    super.log(level, message, level === ListrLogLevels.FAILED ? undefined : options);
  }
}

/**
 * Runs stages one after the other and shows them on stderr: live on a terminal, plain lines
 * elsewhere and with CI set, nothing with `quiet`. stdout is kept for results.
 */
export async function runStages(
  signal: AbortSignal,
  stages: readonly Stage[],
  quiet: boolean,
): Promise<void> {
  const live = process.stderr.isTTY === true && !process.env.CI;
  const output = new ProcessOutput(process.stderr, process.stderr);
  const logger = new StageLogger({ processOutput: output });
  const tasks = stages.map((stage) => ({
    title: stage.title,
    task: async (_: unknown, task: LiveTask): Promise<void> => {
      using _ticks = live && !quiet ? ticking(stage, task) : null;
      await stopped(
        signal,
        stage.work((line) => {
          task.output = line;
        }),
      );
    },
    rendererOptions: { bottomBar: 3, persistentOutput: true },
  }));
  await new Listr(tasks, {
    concurrent: false,
    exitOnError: true,
    registerSignalListeners: false,
    renderer: quiet ? 'silent' : live ? 'default' : 'simple',
    fallbackRenderer: 'simple',
    rendererOptions: {
      logger,
      timer: PRESET_TIMER,
      showErrorMessage: false,
      collapseErrors: false,
    },
    fallbackRendererOptions: { logger, timer: PRESET_TIMER },
  }).run();
}

/** After an interrupt a stage has this long to end by itself: VMs are stopped in that time. */
const STOP_MS = 1_500;

/**
 * The work, or a rejection soon after an interrupt: a compiler at work does not hold it up. main.ts
 * then ends the process, and execa ends the tools with it.
 */
async function stopped(signal: AbortSignal, work: Promise<void>): Promise<void> {
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
    await Promise.race([work, interrupted]);
  } finally {
    ended.abort();
  }
}
