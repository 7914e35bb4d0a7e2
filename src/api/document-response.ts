import type { DocumentDecoration } from "elysia";
import type { ExtractOptions } from "../content/document.ts";
import { toHtml } from "../content/markdown/render.ts";
import { toPlainText } from "../content/plain-text.ts";
import type { PageDocument, RawPage } from "../pages/document.ts";
import type { ChunkSizes } from "./chunk-view.ts";
import { DocumentView, viewDocument } from "./document-view.ts";
import { type Format, MEDIA_TYPES, respondUnlessKnown } from "./formats.ts";
import { describeProblems } from "./openapi.ts";

/** A stored page must never act as a part of this service, whatever is in it. */
export const STRANGER = "sandbox; default-src 'none'";
const STRANGER_WITH_PICTURES = `${STRANGER}; img-src http: https:`;

export function respondDocument(
  request: Request,
  { page, document }: PageDocument,
  format: Format,
  { sizes, options }: { sizes?: ChunkSizes; options?: ExtractOptions } = {},
): Response {
  const { markdown, title, language, contentHash } = document;
  const bodies: Record<Format, () => string> = {
    json: () => JSON.stringify(viewDocument({ page, document }, sizes)),
    markdown: () => markdown,
    html: () => toHtml(markdown, { title, language, url: page.url }),
    text: () => toPlainText(markdown),
  };
  const headers = {
    "content-type": `${MEDIA_TYPES[format]}; charset=utf-8`,
    "content-security-policy": format === "html" ? STRANGER_WITH_PICTURES : STRANGER,
    vary: "accept",
  };
  // JSON says more than the Markdown does.
  const form = format === "json" && (sizes || options) ? Bun.hash(JSON.stringify([sizes, options])).toString(36) : "";
  return respondUnlessKnown(request, `"${contentHash}-${format}${form && `-${form}`}"`, headers, bodies[format]());
}

export function respondRaw(request: Request, { body, hash, contentType }: RawPage): Response {
  const isPlain = /^[\w.+-]+\/[\w.+-]+(?:; charset=[\w.:-]+)?$/.test(contentType);
  const headers = {
    "content-type": isPlain ? contentType : "application/octet-stream",
    "content-security-policy": STRANGER,
    "content-disposition": "attachment",
    "repr-digest": `sha-256=:${Buffer.from(hash, "hex").toString("base64")}:`,
  };
  return respondUnlessKnown(request, `"${hash}"`, headers, body);
}

type Responses = NonNullable<DocumentDecoration["responses"]>;

/** The responses of a route that answers with a document. */
export const describeDocument = (description: string, ...problems: number[]): Responses => ({
  200: {
    description,
    content: {
      [MEDIA_TYPES.json]: { schema: DocumentView as object },
      [MEDIA_TYPES.markdown]: { schema: { type: "string" }, example: "# Getting started\n" },
      [MEDIA_TYPES.html]: { schema: { type: "string" }, example: "<!doctype html>\n…<h1>Getting started</h1>\n…" },
      [MEDIA_TYPES.text]: { schema: { type: "string" }, example: "Getting started\n" },
    },
  },
  304: { description: "The document is the one that If-None-Match names" },
  ...describeProblems(...problems),
});

/** The responses of a route that answers with a body as it was. */
export const describeRaw = (...problems: number[]): Responses => ({
  200: {
    description: "The body, content-decoded, with its own content type",
    content: { "*/*": { schema: { type: "string", format: "binary" } } },
  },
  304: { description: "The body is the one that If-None-Match names" },
  ...describeProblems(...problems),
});
