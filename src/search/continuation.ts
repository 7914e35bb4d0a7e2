import { AppError } from "../errors.ts";

/**
 * Where a list of results goes on: which pages were shown. The index may change in between, and with it each page's
 * place; what was shown is not shown again, and what was not still is, wherever it has come to stand.
 */
type Continuation = { read(cursor: string | undefined): Set<string>; write(shown: ReadonlySet<string>): string };

/** Pages that can be gone through. */
export const MAX_SHOWN = 500;
/** The ends of ids, which are random: that two of these many agree happens once in a million searches gone through. */
const MARK_BYTES = 5;
const HASH_BYTES = 8;
/** Of the longest cursor: in base64url, four characters for three bytes. */
export const MAX_CURSOR_LENGTH = Math.ceil(((HASH_BYTES + MAX_SHOWN * MARK_BYTES) * 4) / 3);

/** What stands for a page in a cursor. */
export const markOf = (pageId: string) => pageId.replaceAll("-", "").slice(-2 * MARK_BYTES);

/** @param request all that the cursor holds for: one of another request is refused */
export function createContinuation(request: unknown): Continuation {
  const hash = new Bun.CryptoHasher("sha256")
    .update(JSON.stringify(request))
    .digest("hex")
    .slice(0, 2 * HASH_BYTES);
  return {
    write: (shown) => Buffer.from(hash + [...shown].join(""), "hex").toString("base64url"),
    read: (cursor) => {
      if (cursor === undefined) return new Set();
      const bytes = Buffer.from(cursor, "base64url");
      const hex = bytes.toString("hex");
      const marks = hex.slice(2 * HASH_BYTES).match(/[0-9a-f]{10}/g) ?? [];
      const isWhole =
        bytes.toString("base64url") === cursor && hex.length === 2 * (HASH_BYTES + marks.length * MARK_BYTES);
      if (isWhole && hex.startsWith(hash) && marks.length > 0 && marks.length <= MAX_SHOWN) return new Set(marks);
      const message = "must be the next_cursor of an answer to this very query; leave it out to begin";
      throw new AppError("invalid", `cursor ${message}`, { faults: [{ at: "cursor", message }] });
    },
  };
}
