// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  inTime,
  pause,
  unlessAborted,
  within,
  withinOrAborted,
} from '../../../harness/util/deadline.js';

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

describe('inTime', () => {
  it('is what the promise comes to, and leaves no timer', async () => {
    expect(await inTime(Promise.resolve(null), 1_000)).toBeNull();
    await expect(inTime(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with a TimeoutError after the time given', async () => {
    const waiting = expect(inTime(never, 1_000)).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.advanceTimersByTimeAsync(1_000);
    await waiting;
  });
});

describe('withinOrAborted', () => {
  const instead = { late: 'late', aborted: 'aborted' } as const;
  let stop: AbortController;
  let listeners: number;

  beforeEach(() => {
    stop = new AbortController();
    listeners = 0;
    const { signal } = stop;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    vi.spyOn(signal, 'addEventListener').mockImplementation((...args: Parameters<typeof add>) => {
      listeners++;
      add.apply(signal, args);
    });
    vi.spyOn(signal, 'removeEventListener').mockImplementation(
      (...args: Parameters<typeof remove>) => {
        listeners--;
        remove.apply(signal, args);
      },
    );
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    expect(listeners).toBe(0);
  });

  it('is what the promise comes to', async () => {
    expect(await withinOrAborted(Promise.resolve(7), 1_000, stop.signal, instead)).toBe(7);
    const refused = withinOrAborted(Promise.reject(new Error('no')), 1_000, stop.signal, instead);
    await expect(refused).rejects.toThrow('no');
  });

  it('is late after the time given', async () => {
    const waiting = withinOrAborted(never, 1_000, stop.signal, instead);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe('late');
  });

  it('is aborted when the signal is, also before the wait', async () => {
    const waiting = withinOrAborted(never, 1_000, stop.signal, instead);
    stop.abort();
    expect(await waiting).toBe('aborted');
    expect(await withinOrAborted(Promise.resolve(7), 1_000, stop.signal, instead)).toBe('aborted');
  });
});

describe('pause', () => {
  const after = async (ms: number, signal: AbortSignal): Promise<boolean> => {
    let over = false;
    void pause(1_000, signal).then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(ms);
    return over;
  };

  it('ends after its time, not before', async () => {
    const { signal } = new AbortController();
    expect(await after(999, signal)).toBe(false);
    expect(await after(1_000, signal)).toBe(true);
  });

  it('is ended early by an interrupt, which is no error', async () => {
    const stop = new AbortController();
    const waiting = pause(1_000, stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
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

it('what nobody waits for after an interrupt fails without a word', async () => {
  vi.useRealTimers();
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  try {
    const stop = new AbortController();
    stop.abort();
    const failures: ((error: Error) => void)[] = [];
    const fails = () => new Promise<never>((_, reject) => failures.push(reject));
    await expect(unlessAborted(fails(), stop.signal)).rejects.toThrow(/aborted/);
    const instead = { late: 'late', aborted: 'aborted' } as const;
    expect(await withinOrAborted(fails(), 1_000, stop.signal, instead)).toBe('aborted');
    for (const fail of failures) fail(new Error('QEMU was gone'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});
