import type { Effort } from "./effort.ts";

/** More edits in one stretch are hardly the same stretch any more, and the cost grows by their square. */
const MAX_EDITS = 1_000;

/**
 * The longest common subsequence, by Myers' greedy algorithm (1986): pairs of positions in `a` and `b`, ascending.
 * `undefined` if it takes more edits than there are steps for.
 */
export function findCommon(a: Int32Array, b: Int32Array, effort: Effort): [number, number][] | undefined {
  const most = Math.min(a.length + b.length, MAX_EDITS, Math.floor(Math.sqrt(2 * Math.max(0, effort.steps))));
  // By diagonal (place in `a` less place in `b`): how far in `a` so many edits lead.
  const farthest = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const trail: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = isDown(farthest, middle + diagonal, diagonal, edits)
        ? (farthest[middle + diagonal + 1] ?? 0)
        : (farthest[middle + diagonal - 1] ?? 0) + 1;
      let y = x - diagonal;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++;
        y++;
      }
      farthest[middle + diagonal] = x;
      if (x < a.length || y < b.length) continue;
      effort.steps -= (edits * edits) / 2 + a.length;
      return readTrail(trail, a.length, b.length);
    }
    trail.push(farthest.slice(middle - edits - 1, middle + edits + 2));
  }
  effort.steps -= (most * most) / 2;
  return undefined;
}

function isDown(farthest: Int32Array, at: number, diagonal: number, edits: number): boolean {
  return diagonal === -edits || (diagonal !== edits && (farthest[at - 1] ?? 0) < (farthest[at + 1] ?? 0));
}

/** Walks back from the end: what was met between two edits is common. */
function readTrail(trail: readonly Int32Array[], endX: number, endY: number): [number, number][] {
  const pairs: [number, number][] = [];
  let [x, y] = [endX, endY];
  for (let edits = trail.length; edits > 0; edits--) {
    const before = trail[edits - 1] ?? new Int32Array();
    // Diagonal 0 of that snapshot.
    const middle = edits;
    const diagonal = x - y;
    const down = isDown(before, middle + diagonal, diagonal, edits);
    const fromX = before[middle + diagonal + (down ? 1 : -1)] ?? 0;
    const fromY = fromX - diagonal + (down ? -1 : 1);
    const afterX = down ? fromX : fromX + 1;
    while (x > afterX) pairs.push([--x, --y]);
    x = fromX;
    y = fromY;
  }
  while (x > 0 && y > 0) pairs.push([--x, --y]);
  return pairs.reverse();
}
