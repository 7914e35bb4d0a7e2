import { type Static, Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import type { Viewer } from "../../access/viewer.ts";
import { diffMarkdown } from "../../changes/diff/block-diff.ts";
import { describeSummary } from "../../changes/diff/shown.ts";
import { toDiffText } from "../../changes/diff/text.ts";
import { comparedTexts, getChangePair, getVersionPair, type VersionPair } from "../../changes/history.ts";
import type { Db } from "../../db/db.ts";
import type { StoredDocument } from "../../pages/document.ts";
import { badInput, readMoment } from "../moments.ts";
import { describeRest, readPart } from "../readings.ts";
import { getPageBy, isId } from "../references.ts";
import { fence, NOTICE } from "../untrusted.ts";
import { Fields, Id, Instant, MaxTokens, NextOffset, Notice, Nullable, Offset, PageReference, Text } from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { defineTool } from "./tool.ts";

const End = Nullable(Fields({ version: Type.Integer(), fetched_at: Instant() }));

const Input = Fields({
  change: Type.Optional(Text("Id of a change; either this or page", 36)),
  page: Type.Optional(PageReference("Stored page: its id or URL")),
  from: Type.Optional(
    Text("Older version of the page: its number, or an instant or day. The one before when left out", 40),
  ),
  to: Type.Optional(Text("Newer version, likewise. The current one when left out", 40)),
  offset: Offset,
  max_tokens: MaxTokens(),
});

export const getDiffTool = defineTool({
  name: "get_diff",
  title: "Show what changed",
  description:
    "What differs between two versions of a stored page, by section: + new, - gone, = moved, ~ changed with [-words out-] and {+words in+}. Of a change, or of a page.",
  permission: "read",
  hints: READS_STORE,
  input: Input,
  output: Fields({
    notice: Notice,
    page_id: Id(),
    url: Type.String(),
    from: End,
    to: End,
    summary: Type.String({ description: "How much differs; empty where nothing does" }),
    length: Type.Integer({ description: "Characters of the diff" }),
    untrusted_diff: Type.String(),
    next_offset: NextOffset,
  }),
  run: async ({ store, parser }, input, { principal, signal }) => {
    const { pair, was, is } = await store.read(async (db) => {
      const found = await findPair(db, toViewer(principal), input);
      const texts = await comparedTexts({ db, parser }, found, { ignoresNoise: false }, signal);
      return { pair: found, was: texts.before, is: texts.after };
    });
    const { page, before, after } = pair;
    const diff = diffMarkdown(was, is);
    const summary = describeSummary(diff);
    const { offset, max_tokens: maxTokens } = input;
    const reading = readPart({ markdown: toDiffText(diff), headings: [] }, { offset, maxTokens });
    const [from, to] = [viewEnd(before), viewEnd(after)];
    const heading = `${page.url} (page ${page.id}), ${describeEnd(from)} → ${describeEnd(to)}: ${summary || "nothing differs"}`;
    const text = reading.text === "" ? heading : `${heading}\n${fence(reading.text, page.url)}${describeRest(reading)}`;
    return {
      structured: {
        ...{ notice: NOTICE, page_id: page.id, url: page.url, from, to, summary, length: reading.length },
        ...{ untrusted_diff: reading.text, next_offset: reading.nextOffset },
      },
      text,
    };
  },
});

async function findPair(
  db: Db,
  viewer: Viewer,
  { change, page: reference, from, to }: Static<typeof Input>,
): Promise<VersionPair> {
  if ((change === undefined) === (reference === undefined))
    throw badInput("change", "is needed, or page, and not both");
  if (change !== undefined) {
    if (!isId(change)) throw badInput("change", "must be a change's id, as list_changes gives it");
    if (from !== undefined || to !== undefined)
      throw badInput("from", "and to go with page: a change has its own ends");
    return getChangePair(db, viewer, change.toLowerCase());
  }
  const { id } = await getPageBy(db, viewer, reference ?? "");
  return getVersionPair(db, viewer, id, { from: readPoint(from, "from"), to: readPoint(to, "to") });
}

const readPoint = (text: string | undefined, field: string) =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : readMoment(text, field);

const viewEnd = (document: StoredDocument | undefined) =>
  document ? { version: document.version, fetched_at: document.fetchedAt.toISOString() } : null;

const describeEnd = (end: { version: number; fetched_at: string } | null) =>
  end === null ? "no page" : `version ${end.version} of ${end.fetched_at}`;
