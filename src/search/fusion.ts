/** How soon a place loses its worth: as Cormack, Clarke and Büttcher found it best (SIGIR 2009). */
const K = 60;

/**
 * Reciprocal rank fusion: what stands first in several orders stands first, whatever their scores are. Best first, and
 * where scores are the same, in the order of ids.
 */
export function fuseRanks(orders: readonly (readonly string[])[]): { id: string; score: number }[] {
  const scores = new Map<string, number>();
  for (const order of orders)
    for (const [place, id] of order.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (K + place + 1));
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
