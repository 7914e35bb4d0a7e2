import type { Document } from "./document.ts";
import type { Parsed } from "./parser-pool.ts";

/** What a thread sends: that it is up, or how the page it was given ended. */
export type ThreadMessage = { type: "ready" } | ParsedMessage | { type: "failed"; message: string };

/**
 * Lists of many small objects go as JSON, which costs half as much as copying them one by one. `parsed` has them empty.
 */
type ParsedMessage = { type: "parsed"; parsed: Parsed; lists: string };

type Lists = Pick<Document, "links" | "headings">;

export function pack(parsed: Parsed): ParsedMessage {
  const { document } = parsed;
  const { links, headings } = document;
  const lists = JSON.stringify({ links, headings } satisfies Lists);
  return { type: "parsed", parsed: { ...parsed, document: { ...document, links: [], headings: [] } }, lists };
}

/** The page as it was packed. It takes over what the message holds. */
export function unpack({ parsed, lists }: ParsedMessage): Parsed {
  Object.assign(parsed.document, JSON.parse(lists) satisfies Lists);
  return parsed;
}
