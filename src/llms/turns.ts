const BATCH = 1_000;

/** Items in batches, between which whatever else the process has to do gets its turn: a website may have very many pages. */
export async function* inTurns<Item>(items: readonly Item[], signal?: AbortSignal): AsyncGenerator<readonly Item[]> {
  for (let at = 0; at < items.length; at += BATCH) {
    if (at > 0) await nextTurn();
    signal?.throwIfAborted();
    yield items.slice(at, at + BATCH);
  }
}

export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
