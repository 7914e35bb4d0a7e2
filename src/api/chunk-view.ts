import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import { DEFAULT_CHUNK_OVERLAP, DEFAULT_CHUNK_TOKENS, toChunks } from "../content/chunks.ts";
import type { Heading } from "../content/document.ts";
import { badField, OneOf, QueryInteger } from "./fields.ts";
import type { Format } from "./formats.ts";

const ChunkView = Type.Object(
  {
    index: Type.Integer({ description: "From 0", examples: [0] }),
    heading_path: Type.Array(Type.String(), {
      description: "The headings it stands under, outermost first",
      examples: [["Getting started", "Installation"]],
    }),
    anchor: Type.Optional(Type.String({ description: "Of the nearest heading that has one", examples: ["install"] })),
    text: Type.String({
      description:
        "The Markdown from start to end; where it begins or ends inside a table or a block of code, with the table's head or the fence repeated",
      examples: ["## Installation\n\nUnpack it.\n"],
    }),
    start: Type.Integer({ description: "Where it begins in the Markdown, in UTF-16 code units", examples: [0] }),
    end: Type.Integer({ description: "Where it ends", examples: [29] }),
    tokens: Type.Integer({ description: "Tokens of its text, estimated", examples: [9] }),
  },
  { $id: "Chunk", description: "A passage of a document" },
);

export const ChunksView = Type.Array(ChunkView, { description: "The Markdown as passages, which cover it in order" });

export const chunkTokens = {
  default: DEFAULT_CHUNK_TOKENS,
  minimum: 32,
  maximum: 16_384,
  description: "Tokens of a passage at the most, estimated",
  examples: [DEFAULT_CHUNK_TOKENS],
};
export const chunkOverlap = {
  default: DEFAULT_CHUNK_OVERLAP,
  minimum: 0,
  maximum: 8_192,
  description: "Tokens of a passage that the next one under the same heading repeats; at most half of one",
  examples: [DEFAULT_CHUNK_OVERLAP],
};

export const chunkQuery = {
  chunks: t.Optional(
    OneOf(["true", "false"], { description: "true adds the passages to the JSON", examples: ["true"] }),
  ),
  chunk_tokens: QueryInteger("chunk_tokens", chunkTokens),
  chunk_overlap: QueryInteger("chunk_overlap", chunkOverlap),
};

export type ChunkSizes = { chunk_tokens: number; chunk_overlap: number };

/**
 * The sizes of passages, if the query asks for any.
 * @throws AppError `invalid` when it asks for them in a format that has no room for them
 */
export function readChunkQuery(
  { chunks, ...sizes }: ChunkSizes & { chunks?: "true" | "false" },
  format: Format,
): ChunkSizes | undefined {
  if (chunks !== "true") return undefined;
  if (format !== "json") throw badField("chunks", "is for JSON: leave format out, or make it json");
  return sizes;
}

type Chunked = { markdown: string; title: string | null; headings: readonly Heading[] };

export function viewChunks({ markdown, title, headings }: Chunked, sizes: ChunkSizes): Static<typeof ChunksView> {
  const { chunk_tokens: maxTokens, chunk_overlap: overlapTokens } = sizes;
  return toChunks(markdown, { maxTokens, overlapTokens, title, headings }).map(({ headingPath, ...chunk }) => ({
    ...chunk,
    heading_path: headingPath,
  }));
}
