// SPDX-License-Identifier: MIT
import path from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';
import { BASE, NODE } from './bases.js';

/** Where every user can read it; without an engine, here. */
const MAIN = inject('docker').main || path.resolve(import.meta.dirname, '../../../dist/main.js');

/** How a client is started. */
export interface ClientOptions {
  readonly host: string;
  readonly cwd: string;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `dmrace` as a client of an engine; never rejects. */
export const client = (args: readonly string[], options: ClientOptions) =>
  execa(process.execPath, [MAIN, ...args], {
    reject: false,
    cwd: options.cwd,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    env: {
      DOCKER_HOST: options.host,
      DMRACE_DOCKER_BASE: BASE,
      DMRACE_DOCKER_NODE: NODE,
      ...options.env,
    },
    maxBuffer: 64 << 20,
  });

export type Client = ReturnType<typeof client>;

/** Waits until a client has said something on stderr. @throws Error when it ends before. */
export async function said(running: Client, words: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    running.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (words.test(text)) resolve();
    });
    running.finally(() => reject(new Error(`ended without saying ${words}: ${text}`)));
  });
}
