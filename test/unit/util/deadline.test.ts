// SPDX-License-Identifier: GPL-2.0-only
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unlessAborted, within } from '../../../harness/util/deadline.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new Promise<never>(() => undefined);

describe('within', () => {
  it('is what the promise comes to, and leaves no timer', async () => {
    expect(await within(Promise.resolve(7), 1_000, 'late')).toBe(7);
    await expect(within(Promise.reject(new Error('no')), 1_000, 'late')).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is late after the time given, not before', async () => {
    let end: unknown = 'waiting';
    void within(never, 1_000, 'late').then((value) => {
      end = value;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(end).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1);
    expect(end).toBe('late');
  });
});

describe('unlessAborted', () => {
  it('is what the promise comes to', async () => {
    expect(await unlessAborted(Promise.resolve(7), new AbortController().signal)).toBe(7);
  });

  it('rejects with the reason of the abort, also of one that was before', async () => {
    const stop = new AbortController();
    const waiting = unlessAborted(never, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    await expect(unlessAborted(Promise.resolve(7), stop.signal)).rejects.toThrow('stopped');
  });
});
