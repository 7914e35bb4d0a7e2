import type { Document, DocumentInput } from "./document.ts";
import type { Parsed } from "./parser-pool.ts";

/** What a thread sends: that it is up, that it gets on with a long file, how the page it was given ended, or what is on its heap. */
export type ThreadMessage =
  | { type: "ready" }
  | { type: "progress" }
  | ParsedMessage
  | { type: "failed"; message: string }
  | MemoryMessage;

/** Of the thread's own heap, with what its buffers and texts hold outside of it; garbage too unless it is collected. */
export type MemoryMessage = { type: "memory"; bytes: number; isCollected: boolean };

/** What a thread is sent: a page, or the request to collect garbage and say what is left. */
export type ThreadRequest = DocumentInput | "collect";

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
