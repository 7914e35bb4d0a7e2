import type { Document, DocumentInput, Statements } from "../document.ts";

/** Where a file came from, and what of it becomes Markdown; selectors and the choice of main content are for pages. */
export type ReadingOptions = Pick<DocumentInput, "url" | "images" | "links">;

/** What the reader of one format makes of a body; whatever it does not know is left to the defaults. */
export type Reading = { markdown: string } & Partial<
  Statements & Pick<Document, "kind" | "headings" | "links" | "isTruncated" | "quality">
> & { metadata?: Partial<Document["metadata"]> };
