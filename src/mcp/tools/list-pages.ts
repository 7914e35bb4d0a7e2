import { type Static, Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import { PAGE_TYPES } from "../../content/document.ts";
import { PAGE_STATES } from "../../db/schema/pages.ts";
import { listPages, type Page } from "../../pages/pages.ts";
import { shorten } from "../budget.ts";
import { idCursors } from "../cursors.ts";
import { readMoment } from "../moments.ts";
import { readPathPrefix } from "../paths.ts";
import { getWebsiteBy } from "../references.ts";
import { NOTICE } from "../untrusted.ts";
import {
  Cursor,
  Fields,
  Id,
  Instant,
  Limit,
  MaxTokens,
  Moment,
  NextCursor,
  Notice,
  Nullable,
  OneOf,
  PathPrefix,
  WebsiteReference,
} from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { writeList } from "./lists.ts";
import { defineTool } from "./tool.ts";

const PageItem = Fields({
  id: Id(),
  url: Type.String(),
  title: Nullable(Type.String()),
  page_type: Nullable(OneOf(PAGE_TYPES)),
  words: Type.Integer(),
  status: Type.Integer({ description: "HTTP status of its last answer" }),
  state: OneOf(PAGE_STATES),
  changed_at: Instant("When its text was first found as it is"),
  version: Type.Integer({ description: "How many texts it has had" }),
});
type PageItem = Static<typeof PageItem>;

const cursors = idCursors("pages");

export const listPagesTool = defineTool({
  name: "list_pages",
  title: "List pages",
  description:
    "Stored pages of a website in the order they were first seen, by path, type, state or change. For what they say use search, for URLs alone map.",
  permission: "read",
  hints: READS_STORE,
  input: Fields({
    website: WebsiteReference(),
    path_prefix: PathPrefix,
    type: Type.Optional(OneOf(PAGE_TYPES, { description: "What the page is for" })),
    state: Type.Optional(OneOf(PAGE_STATES, { description: "All when left out" })),
    changed_since: Moment("Pages whose text changed then or later"),
    limit: Limit(50, 200),
    cursor: Cursor,
    max_tokens: MaxTokens(),
  }),
  output: Fields({ notice: Notice, website_id: Id(), pages: Type.Array(PageItem), next_cursor: NextCursor }),
  run: async ({ store }, input, { principal }) => {
    const { limit, max_tokens: maxTokens, type: pageType, state } = input;
    const viewer = toViewer(principal);
    const filter = {
      ...{ viewer, pageType, state, limit: limit + 1, after: cursors.read(input.cursor) },
      pathPrefix: readPathPrefix(input.path_prefix),
      changedSince: readMoment(input.changed_since, "changed_since"),
    };
    const { website, rows } = await store.read(async (db) => {
      const found = await getWebsiteBy(db, viewer, input.website);
      return { website: found, rows: await listPages(db, { ...filter, websiteId: found.id }) };
    });
    const { items, nextCursor, text } = writeList(rows, {
      ...{ limit, maxTokens, view: viewPage, describe: describePage, cursors },
      ...{ keyOf: ({ id }) => id, source: website.url, empty: `No page of ${website.url} is so` },
    });
    return {
      structured: { notice: NOTICE, website_id: website.id, pages: items, next_cursor: nextCursor },
      text,
    };
  },
});

function viewPage(page: Page): PageItem {
  const { id, url, title, pageType, wordCount, status, state, lastChangedAt, version } = page;
  return {
    ...{ id, url, title: title === null ? null : shorten(title, 200), page_type: pageType, words: wordCount },
    ...{ status, state, changed_at: lastChangedAt.toISOString(), version },
  };
}

function describePage({ id, url, title, words, status, state, changed_at: at }: PageItem): string {
  const odd = [state === "live" ? "" : state, status === 200 ? "" : `status ${status}`].filter(Boolean);
  const facts = [`id ${id}`, `${words} words`, `changed ${at}`, ...odd].join("; ");
  return `- ${title ?? "(untitled)"}: ${url} (${facts})`;
}
