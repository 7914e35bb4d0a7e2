import { type Static, Type } from "@sinclair/typebox";
import type { Version } from "../changes/versions.ts";
import type { Page } from "../pages/pages.ts";
import { exampleHash, exampleId, Id, Instant, Nullable } from "./fields.ts";
import { numberCursors, PageOf } from "./paging.ts";

export const VersionView = Type.Object(
  {
    number: Type.Integer({ minimum: 1, description: "Of the page's versions, from 1", examples: [3] }),
    page_id: Id("The page that it is a version of"),
    fetched_at: Instant("When it was first found; it was current until the next one was"),
    crawl_id: Nullable(Id("The crawl that found it; null for a page fetched by itself")),
    title: Nullable(Type.String({ examples: ["Getting started"] })),
    word_count: Type.Integer({ description: "Words of its Markdown", examples: [420] }),
    byte_length: Nullable(Type.Integer({ description: "Bytes of the body it was made of", examples: [18_200] })),
    content_hash: Type.String({ description: "SHA-256 of the normalised Markdown, hex", examples: [exampleHash] }),
    is_current: Type.Boolean({ description: "Whether it is what the page says now", examples: [true] }),
    change_id: Nullable(
      Id("The change that it was told by; null for a first version, and where too little had changed to be told"),
    ),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/pages/${exampleId}/versions/3`] }),
      raw: Type.String({ examples: [`/api/v1/pages/${exampleId}/versions/3/raw`] }),
      diff: Nullable(
        Type.String({
          description: "What it changed; null for the first",
          examples: [`/api/v1/pages/${exampleId}/diff?to=3`],
        }),
      ),
      change: Nullable(Type.String({ examples: [`/api/v1/changes/${exampleId}`] })),
      page: Type.String({ examples: [`/api/v1/pages/${exampleId}`] }),
    }),
  },
  { $id: "Version", description: "What a page said for a time" },
);

export const VersionPage = PageOf(VersionView, "Versions of a page, newest first");
export const versionCursors = numberCursors("versions");

export function viewVersion(page: Page, version: Version): Static<typeof VersionView> {
  const { version: number, changeId } = version;
  const owner = `/api/v1/pages/${page.id}`;
  return {
    number,
    page_id: page.id,
    fetched_at: version.fetchedAt.toISOString(),
    crawl_id: version.crawlId,
    title: version.title,
    word_count: version.wordCount,
    byte_length: version.byteLength,
    content_hash: version.contentHash,
    is_current: version.id === page.documentId,
    change_id: changeId,
    links: {
      self: `${owner}/versions/${number}`,
      raw: `${owner}/versions/${number}/raw`,
      diff: number > 1 ? `${owner}/diff?to=${number}` : null,
      change: changeId && `/api/v1/changes/${changeId}`,
      page: owner,
    },
  };
}
