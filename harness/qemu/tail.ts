// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';

/** How often a growing file is read. */
const PERIOD_MS = 50;

/**
 * Reads a file while another process writes it. {@link close} reads its rest; the owner calls it.
 */
export class Tail {
  readonly #timer: NodeJS.Timeout;
  #reading: Promise<void> = Promise.resolve();
  #file: FileHandle | null = null;
  #closed = false;

  constructor(
    readonly path: string,
    readonly deliver: (chunk: Buffer) => void,
  ) {
    this.#timer = setInterval(() => this.#read(), PERIOD_MS);
  }

  #read(): void {
    this.#reading = this.#reading.then(async () => {
      // QEMU creates the file when it starts; until then there is nothing to read.
      this.#file ??= await open(this.path).catch(() => null);
      if (!this.#file) return;
      for (;;) {
        const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(65_536));
        if (bytesRead === 0) return;
        this.deliver(buffer.subarray(0, bytesRead));
      }
    });
  }

  /** Delivers what is there and stops. May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#closed) return this.#reading;
    this.#closed = true;
    this.#read();
    await this.#reading;
    await this.#file?.close();
  }
}
