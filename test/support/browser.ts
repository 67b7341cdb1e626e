// SPDX-License-Identifier: MIT
import { type Browser, chromium } from 'playwright-core';

/** Debian's Chromium, headless, with everything off that would talk to the network by itself. */
export const startChromium = (more: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
    timeout: 120_000,
  });
