// SPDX-License-Identifier: MIT

const undone = new Set<() => void>();

/** The last thing was begun last: it is undone first. */
function undoAll(): void {
  for (const undo of [...undone].reverse()) {
    try {
      undo();
    } catch {
      // the others are undone all the same
    }
  }
}
process.on('exit', undoAll);

/**
 * Has something undone when this process ends before it is done: an interrupt does not wait for
 * work that does not end by itself.
 * @param undo without a promise: nothing is waited for at the end of a process
 * @returns to be disposed when there is nothing to undo any more
 */
export function atExit(undo: () => void): Disposable {
  undone.add(undo);
  return {
    [Symbol.dispose]: () => {
      undone.delete(undo);
    },
  };
}
