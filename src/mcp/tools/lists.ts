import { takeFitting } from "../budget.ts";
import type { Cursors } from "../cursors.ts";
import { fence } from "../untrusted.ts";

export type ListForm<Row, Item, Key> = {
  /** Rows that were asked for, of which there is one more where the list goes on. */
  limit: number;
  maxTokens: number;
  view: (row: Row) => Item;
  /** An item on lines of its own. */
  describe: (item: Item) => string;
  cursors: Cursors<Key>;
  keyOf: (row: Row) => Key;
  /** Where the texts in it come from. */
  source: string;
  /** What is said when there is nothing. */
  empty: string;
};

/** A page of a list in both forms: as many items as fit, and where it goes on. */
export function writeList<Row, Item, Key>(
  rows: readonly Row[],
  { limit, maxTokens, view, describe, cursors, keyOf, source, empty }: ListForm<Row, Item, Key>,
): { items: Item[]; nextCursor: string | null; text: string } {
  const viewed = rows.slice(0, limit).map((row) => ({ row, item: view(row) }));
  // The form for programs is the longer one, and some clients hand it to their model.
  const { shown } = takeFitting(viewed, maxTokens, ({ item }) => JSON.stringify(item));
  const last = shown.at(-1);
  const nextCursor = last && shown.length < rows.length ? cursors.write(keyOf(last.row)) : null;
  const items = shown.map(({ item }) => item);
  return { items, nextCursor, text: writeItems(items, { describe, nextCursor, source, empty }) };
}

export function writeItems<Item>(
  items: readonly Item[],
  {
    describe,
    nextCursor,
    source,
    empty,
  }: { describe: (item: Item) => string; nextCursor: string | null; source: string; empty: string },
): string {
  if (items.length === 0) return nextCursor === null ? empty : `${empty} so far; go on with cursor: ${nextCursor}`;
  const list = fence(items.map(describe).join("\n"), source);
  return nextCursor === null ? list : `${list}\nThere are more: cursor: ${nextCursor}`;
}
