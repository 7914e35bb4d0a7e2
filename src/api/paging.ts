import type { TSchema } from "@sinclair/typebox";
import { Type } from "@sinclair/typebox";
import { t } from "elysia";
import { badField, QueryInteger } from "./fields.ts";

/** Query parameters of every list. */
export const pagingQuery = {
  limit: QueryInteger("limit", {
    default: 50,
    minimum: 1,
    maximum: 200,
    description: "Items at the most",
    examples: [50],
  }),
  cursor: t.Optional(
    t.String({ maxLength: 200, description: "`next_cursor` of the answer before; the first page without it" }),
  ),
};

/** A page of a list on the wire. */
export const PageOf = <Item extends TSchema>(item: Item, description: string) =>
  Type.Object(
    {
      items: Type.Array(item),
      next_cursor: Type.Union([Type.String(), Type.Null()], {
        description: "Give it as `cursor` to get what comes next; null at the end",
      }),
    },
    { description },
  );

/** Where a list goes on: the key of its last item, opaque to callers. A cursor of one list is refused by another. */
export type Cursors<Key> = { read(cursor: string | undefined): Key | undefined; write(key: Key): string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const idCursors = (list: string): Cursors<string> =>
  createCursors(list, (text) => (UUID.test(text) ? text : undefined));

export const numberCursors = (list: string): Cursors<number> =>
  createCursors(list, (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined));

/** For rows in the order of their making where their ids do not sort by it. */
export const placeCursors = (list: string): Cursors<{ createdAtUs: string; id: string }> => {
  const texts = createCursors(list, (text) => (/^\d{1,18}\.[0-9a-f-]{36}$/.test(text) ? text : undefined));
  return {
    write: ({ createdAtUs, id }) => texts.write(`${createdAtUs}.${id}`),
    read: (cursor) => {
      const [createdAtUs, id] = texts.read(cursor)?.split(".") ?? [];
      return createdAtUs !== undefined && id !== undefined && UUID.test(id) ? { createdAtUs, id } : undefined;
    },
  };
};

/** One more than `limit` is asked for, to know whether there is more. */
export async function readPage<Row, Key, View>(
  { limit, cursor }: { limit: number; cursor?: string },
  cursors: Cursors<Key>,
  list: (limit: number, after: Key | undefined) => Promise<Row[]>,
  keyOf: (row: Row) => Key,
  view: (row: Row) => View,
): Promise<{ items: View[]; next_cursor: string | null }> {
  const rows = await list(limit + 1, cursors.read(cursor));
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items: shown.map(view), next_cursor: hasMore ? cursors.write(keyOf(last)) : null };
}

/** Cursors whose key is written as it is, and read by `readKey`, which gives nothing for what is no key. */
export function createCursors<Key>(list: string, readKey: (text: string) => Key | undefined): Cursors<Key> {
  const prefix = `${list}:`;
  return {
    write: (key) => Buffer.from(prefix + key).toString("base64url"),
    read: (cursor) => {
      if (cursor === undefined) return undefined;
      const text = Buffer.from(cursor, "base64url").toString();
      const key = text.startsWith(prefix) ? readKey(text.slice(prefix.length)) : undefined;
      if (key !== undefined) return key;
      throw badField("cursor", "must be the next_cursor of an answer of this list; leave it out to begin");
    },
  };
}
