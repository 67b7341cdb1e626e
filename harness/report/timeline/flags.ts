// SPDX-License-Identifier: MIT

/**
 * Places for labels of a given width so that none covers another: each as near to its wanted place
 * as the order allows, none outside `[from, to]`. Steps 5, 6 and 7 lie a few hundred microseconds
 * apart, so their numbers would be drawn on top of each other.
 * @param wanted Ascending pixel positions.
 * @returns Ascending pixel positions, one for each wanted one; closer than `gap` only when the room
 *   does not hold them all.
 */
export function spread(
  wanted: readonly number[],
  gap: number,
  [from, to]: readonly [number, number],
): number[] {
  const step = wanted.length > 1 ? Math.min(gap, (to - from) / (wanted.length - 1)) : gap;
  // Groups of labels that touch share their shift: the mean of what each would like.
  let groups: { first: number; count: number; at: number }[] = [];
  wanted.forEach((place, index) => {
    groups.push({ first: index, count: 1, at: place });
    for (;;) {
      const [left, right] = groups.slice(-2);
      if (!left || !right || right.at - left.at >= left.count * step) break;
      const all = wanted.slice(left.first, left.first + left.count + right.count);
      const at = all.reduce((sum, want, n) => sum + want - n * step, 0) / all.length;
      groups = [...groups.slice(0, -2), { first: left.first, count: all.length, at }];
    }
  });
  const places = groups.flatMap(({ at, count }) =>
    Array.from({ length: count }, (_, n) => at + n * step),
  );
  let least = from;
  const inside = places.map((place) => {
    const put = Math.max(place, least);
    least = put + step;
    return put;
  });
  let most = to;
  return inside
    .reverse()
    .map((place) => {
      const put = Math.min(place, most);
      most = put - step;
      return put;
    })
    .reverse();
}
