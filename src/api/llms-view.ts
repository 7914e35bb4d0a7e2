import { type Static, Type } from "@sinclair/typebox";
import type { WebsitePreview } from "../llms/build-indexes.ts";
import { type LlmsOptions, LlmsOptions as Options } from "../llms/llms-options.ts";
import { INDEX_FILES, type IndexKind, type IndexVersion } from "../llms/website-indexes.ts";
import { exampleHash, exampleId, Id, Instant, Nullable, OneOf, withoutDefaults } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

const exampleOptions = {
  title: "Example documentation",
  sections: [{ title: "Guides", paths: ["/guides/**"] }],
  optional: ["/news/**"],
};

const { full, ...plain } = Options.properties;

/** What is left out takes its default. */
export const LlmsBody = Type.Object(
  {
    ...withoutDefaults(plain),
    full: Type.Optional(
      Type.Object(withoutDefaults(full.properties), { additionalProperties: false, description: full.description }),
    ),
  },
  {
    additionalProperties: false,
    description: "How llms.txt and the full text are made; what is left out takes its default",
    examples: [exampleOptions],
  },
);

/** With its defaults filled in. */
export const LlmsView = Type.Object(Options.properties, {
  $id: "Llms",
  description: "How a website's llms.txt and full text are made, with all defaults",
});

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });

export const LlmsPreviewView = Type.Object(
  {
    text: Type.String({ description: "llms.txt", examples: ["# Example\n\n> What it is for\n…"] }),
    bytes: count("Bytes of it", 4_096),
    links: count("Pages that it lists", 120),
    left_out: count("Pages that it does not list for want of room", 0),
    full: Type.Object({
      parts: count("Parts that the full text is given in", 1),
      pages: count("Pages whose text is in it", 120),
      bytes: count("Bytes of all of it, about", 900_000),
    }),
  },
  { $id: "LlmsPreview", description: "What options would make of a website" },
);

export const INDEX_KINDS = Object.keys(INDEX_FILES) as IndexKind[];

const IndexView = Type.Object(
  {
    id: Id("The version's id"),
    kind: OneOf(INDEX_KINDS, { description: "What it is", examples: ["llms_txt"] }),
    version: Type.Integer({ minimum: 1, description: "Counted from 1 for each kind", examples: [3] }),
    bytes: count("Bytes of it; of the full text about", 4_096),
    pages: count("Pages that are in it", 120),
    content_hash: Type.String({
      description: "SHA-256, hex; of the full text, of the list of its documents",
      examples: [exampleHash],
    }),
    crawl_id: Nullable(Id("The last crawl that had ended when it was built")),
    created_at: Instant("When it was built; it is what was built since, too, unless there is a later version"),
    links: Type.Object({
      content: Type.String({ examples: [`/api/v1/websites/${exampleId}/llms.txt?version=3`] }),
    }),
  },
  { $id: "WebsiteIndex", description: "A version of a list that is made of a website" },
);

export const IndexPage = PageOf(IndexView, "Versions, newest first");

export const indexCursors = idCursors("indexes");

export const viewLlms = (options: LlmsOptions): LlmsOptions => options;

export function viewLlmsPreview({ text, links, leftOut, full }: WebsitePreview): Static<typeof LlmsPreviewView> {
  return { text, bytes: Buffer.byteLength(text), links, left_out: leftOut, full };
}

export function viewIndex(index: IndexVersion): Static<typeof IndexView> {
  const { id, websiteId, kind, version, byteLength, pages, contentHash, crawlId, createdAt } = index;
  return {
    ...{ id, kind, version, bytes: byteLength, pages },
    content_hash: contentHash,
    crawl_id: crawlId,
    created_at: createdAt.toISOString(),
    links: { content: `/api/v1/websites/${websiteId}/${INDEX_FILES[kind]}?version=${version}` },
  };
}
