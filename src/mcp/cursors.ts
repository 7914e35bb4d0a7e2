import { badInput } from "./moments.ts";
import { isId } from "./references.ts";

/** Where a list goes on: opaque to callers. That of one list is refused by another. */
export type Cursors<Key> = { read(cursor: string | undefined): Key | undefined; write(key: Key): string };

/** @param readKey gives nothing for what is no key */
export function createCursors<Key>(
  list: string,
  writeKey: (key: Key) => string,
  readKey: (text: string) => Key | undefined,
): Cursors<Key> {
  const prefix = `${list}:`;
  return {
    write: (key) => Buffer.from(prefix + writeKey(key)).toString("base64url"),
    read: (cursor) => {
      if (cursor === undefined) return undefined;
      const text = Buffer.from(cursor, "base64url").toString();
      const key = text.startsWith(prefix) ? readKey(text.slice(prefix.length)) : undefined;
      if (key !== undefined) return key;
      throw badInput("cursor", "must be the next_cursor of an answer of the same tool; leave it out to begin");
    },
  };
}

export const idCursors = (list: string): Cursors<string> =>
  createCursors(
    list,
    (id) => id,
    (text) => (isId(text) ? text : undefined),
  );
