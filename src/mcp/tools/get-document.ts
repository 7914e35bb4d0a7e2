import { type Static, Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import type { Viewer } from "../../access/viewer.ts";
import { getVersion, getVersionAt } from "../../changes/versions.ts";
import type { Db } from "../../db/db.ts";
import { PAGE_STATES } from "../../db/schema/pages.ts";
import { getDocument, type PageDocument } from "../../pages/document.ts";
import { shorten, takeFitting } from "../budget.ts";
import { badInput, readMoment } from "../moments.ts";
import { readOutline, type Section } from "../outline.ts";
import { describeRest, type Reading, readPart } from "../readings.ts";
import { getPageBy } from "../references.ts";
import { fence, NOTICE } from "../untrusted.ts";
import {
  Fields,
  Id,
  Instant,
  MaxTokens,
  Moment,
  NextOffset,
  Notice,
  Nullable,
  Offset,
  OneOf,
  PageReference,
  Text,
} from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { defineTool } from "./tool.ts";

const SectionView = Fields({
  path: Type.Array(Type.String()),
  anchor: Nullable(Type.String()),
  tokens: Type.Integer({ description: "With the sections in it" }),
});

const Output = Fields({
  notice: Notice,
  page_id: Id(),
  website_id: Id(),
  url: Type.String(),
  title: Nullable(Type.String()),
  language: Nullable(Type.String()),
  version: Type.Integer(),
  fetched_at: Instant("When this version was fetched"),
  state: OneOf(PAGE_STATES, { description: "Of the page now" }),
  length: Type.Integer({ description: "Characters of the document, or of the section" }),
  section: Nullable(SectionView),
  outline: Type.Optional(Type.Array(SectionView)),
  untrusted_text: Type.Optional(Type.String({ description: "Markdown" })),
  next_offset: NextOffset,
});
type Output = Static<typeof Output>;

export const getDocumentTool = defineTool({
  name: "get_document",
  title: "Read a stored page",
  description:
    "The Markdown of a stored page, or of a section of it (a URL's #anchor names one too); outline: true gives its headings and how long each section is. Older texts by version or at.",
  permission: "read",
  hints: READS_STORE,
  input: Fields({
    page: PageReference(),
    section: Type.Optional(Text("Its heading or anchor: Setup > Install, #install", 500)),
    outline: Type.Boolean({ default: false, description: "Headings only" }),
    offset: Offset,
    version: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "Number of an older text" }),
    ),
    at: Moment("What it said then"),
    max_tokens: MaxTokens(),
  }),
  output: Output,
  run: async ({ store }, input, { principal }) => {
    const { page: reference, outline: isOutline, offset, version, max_tokens: maxTokens } = input;
    const at = readMoment(input.at, "at");
    if (at && version !== undefined) throw badInput("at", "can't stand beside version");
    const found = await store.read((db) => findDocument(db, toViewer(principal), reference, { at, version }));
    const readable = { markdown: found.document.markdown, headings: found.document.details.headings };
    const sections = () => readOutline(readable.markdown, readable.headings);
    if (isOutline) return tellOutline(found, sections(), maxTokens);
    const anchor = input.section === undefined ? anchorIn(reference) : undefined;
    const isSection = anchor !== undefined && sections().some((section) => section.anchor === anchor);
    const section = input.section ?? (isSection ? `#${anchor}` : undefined);
    return tellText(found, readPart(readable, { section, offset, maxTokens }));
  },
});

async function findDocument(
  db: Db,
  viewer: Viewer,
  reference: string,
  { at, version }: { at: Date | undefined; version: number | undefined },
): Promise<PageDocument> {
  const { id } = await getPageBy(db, viewer, reference);
  if (at) return getVersionAt(db, viewer, id, at);
  return version === undefined ? getDocument(db, viewer, id) : getVersion(db, viewer, id, version);
}

/** A URL's fragment, which may be of something other than a heading. */
function anchorIn(reference: string): string | undefined {
  const hash = URL.parse(reference.trim())?.hash.slice(1);
  if (!hash) return undefined;
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

function tellOutline(found: PageDocument, sections: readonly Section[], maxTokens: number) {
  const { shown, isAll } = takeFitting(sections.map(viewSection), maxTokens, (each) => JSON.stringify(each));
  const lines = shown.map(({ path, anchor, tokens }) => {
    const name = shorten(path.at(-1) ?? "", 200);
    return `${"  ".repeat(path.length - 1)}- ${name}${anchor === null ? "" : ` #${anchor}`} (${tokens} tokens)`;
  });
  const rest = isAll ? "" : `\nand ${sections.length - shown.length} more`;
  const list = lines.length === 0 ? "It has no headings." : fence(lines.join("\n"), found.page.url) + rest;
  const structured: Output = { ...viewFound(found), section: null, outline: shown, next_offset: null };
  return { structured, text: `${describeFound(found)}\n${list}` };
}

function tellText(found: PageDocument, reading: Reading) {
  const { text, length, section, nextOffset } = reading;
  const structured: Output = {
    ...viewFound(found),
    ...{ length, section: section ? viewSection(section) : null, untrusted_text: text, next_offset: nextOffset },
  };
  return {
    structured,
    text: `${describeFound(found)}\n${fence(text, found.page.url)}${describeRest(reading)}`,
  };
}

function viewFound({ page, document }: PageDocument) {
  const { id, websiteId, url, state } = page;
  const { title, language, version, fetchedAt, markdown } = document;
  return {
    ...{ notice: NOTICE, page_id: id, website_id: websiteId, url, language, version, state },
    ...{ title: title === null ? null : shorten(title, 300), fetched_at: fetchedAt.toISOString() },
    length: markdown.length,
  };
}

function viewSection({ path, anchor, tokens }: Section) {
  return { path: path.map((each) => shorten(each, 200)), anchor: anchor ?? null, tokens };
}

function describeFound({ page, document }: PageDocument): string {
  const { url, id, state } = page;
  const odd = state === "live" ? "" : `; the page is ${state} now`;
  return `${url} (id ${id}; version ${document.version}, fetched ${document.fetchedAt.toISOString()}${odd})`;
}
