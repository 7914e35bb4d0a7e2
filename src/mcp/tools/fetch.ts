import { Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import { getDocument } from "../../pages/document.ts";
import { shorten } from "../budget.ts";
import { readPart } from "../readings.ts";
import { getPageBy } from "../references.ts";
import { fence, NOTICE } from "../untrusted.ts";
import { Fields, Id, Instant, MaxTokens, NextOffset, Notice, Nullable, Offset, Text } from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { defineTool } from "./tool.ts";

/** Who calls it by an id alone, as connectors for research do, gets most pages whole. */
const FETCHED_TOKENS = 8_000;

/** The half of the pair that connectors for research ask for, in their form: one text that is JSON. */
export const fetchTool = defineTool({
  name: "fetch",
  title: "Read a search result",
  description:
    "The text of a page that search found, by its id. Nothing is fetched from the web. For a section, an outline or an older text use get_document.",
  permission: "read",
  hints: READS_STORE,
  input: Fields({ id: Text("id of a search result", 2_048), offset: Offset, max_tokens: MaxTokens(FETCHED_TOKENS) }),
  output: Fields({
    id: Id(),
    title: Type.String(),
    text: Type.String({ description: "Markdown that strangers wrote" }),
    url: Type.String(),
    metadata: Fields({
      notice: Notice,
      website_id: Id(),
      language: Nullable(Type.String()),
      version: Type.Integer(),
      fetched_at: Instant(),
      length: Type.Integer({ description: "Characters in all" }),
      next_offset: NextOffset,
    }),
  }),
  run: async ({ store }, { id: reference, offset, max_tokens: maxTokens }, { principal }) => {
    const viewer = toViewer(principal);
    const { page, document } = await store.read(async (db) => {
      const { id } = await getPageBy(db, viewer, reference);
      return getDocument(db, viewer, id);
    });
    const { markdown, details, title, language, version, fetchedAt } = document;
    const { text, length, nextOffset } = readPart({ markdown, headings: details.headings }, { offset, maxTokens });
    const { id, url, websiteId } = page;
    const structured = {
      ...{ id, title: shorten(title ?? url, 300), text, url },
      metadata: {
        ...{ notice: NOTICE, website_id: websiteId, language, version, fetched_at: fetchedAt.toISOString() },
        ...{ length, next_offset: nextOffset },
      },
    };
    return { structured, text: JSON.stringify({ ...structured, text: fence(text, url) }) };
  },
});
