import { type Static, Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import { type SearchAnswer, type SearchResult, search } from "../../search/search.ts";
import { shorten, takeFitting } from "../budget.ts";
import { readMoment } from "../moments.ts";
import { getWebsiteBy } from "../references.ts";
import { NOTICE, toVisible } from "../untrusted.ts";
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
  Text,
  WebsiteReference,
} from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { defineTool } from "./tool.ts";

const PASSAGES = 3;

const Found = Fields({
  id: Id("Of the page, for fetch and get_document"),
  title: Type.String(),
  url: Type.String({ description: "With the anchor of the best passage" }),
  website_id: Id(),
  changed_at: Instant(),
  passages: Type.Array(
    Fields({ section: Type.String(), url: Type.String(), text: Type.String({ description: "Around what was found" }) }),
  ),
});
type Found = Static<typeof Found>;

/** The other half of the pair that connectors for research ask for: one text that is JSON. */
export const searchTool = defineTool({
  name: "search",
  title: "Search stored pages",
  description:
    'Searches the text of stored pages by words and, where set up, by meaning; best first. Words are all wanted; "a phrase", OR, -without, begin*, site:host, path:/docs/, lang:en, type:documentation, after:2026-01-31 and before: narrow it. Read results with fetch or get_document.',
  permission: "read",
  hints: READS_STORE,
  input: Fields({
    query: Text("What to look for"),
    website: Type.Optional(WebsiteReference("Only this website")),
    limit: Limit(8, 25),
    cursor: Cursor,
    at: Moment("What pages said then, in place of now"),
    max_tokens: MaxTokens(),
  }),
  output: Fields({
    notice: Notice,
    results: Type.Array(Found),
    next_cursor: NextCursor,
    total: Fields({ pages: Type.Integer(), is_exact: Type.Boolean() }),
    indexed_at: Nullable(Instant("How fresh what was searched is")),
    notes: Type.Array(Type.String(), { description: "What to know of this answer" }),
  }),
  run: async (context, input, { principal, signal }) => {
    const { query, limit, cursor, max_tokens: maxTokens } = input;
    const viewer = toViewer(principal);
    const website = input.website === undefined ? undefined : await getWebsiteBy(context.db, viewer, input.website);
    const at = readMoment(input.at, "at");
    const ask = (most: number) =>
      search(
        context,
        viewer,
        {
          ...{ query, limit: most, passagesPerPage: PASSAGES },
          ...(cursor === undefined ? {} : { cursor }),
          ...(at ? { at } : {}),
          ...(website ? { websiteIds: [website.id] } : {}),
        },
        signal,
      );
    let answer = await ask(limit);
    const { shown, isAll } = takeFitting(answer.results.map(viewResult), maxTokens, (each) => JSON.stringify(each));
    // Where the rest goes on is known to the search alone.
    if (!isAll) answer = await ask(shown.length);
    const structured = view(answer);
    return { structured, text: JSON.stringify(structured) };
  },
});

function view({ results, nextCursor, total, searched }: SearchAnswer) {
  return {
    notice: NOTICE,
    results: results.map(viewResult),
    next_cursor: nextCursor,
    total: { pages: total.pages, is_exact: total.isExact },
    indexed_at: searched.indexedAt?.toISOString() ?? null,
    notes: describeSearch(results.length, searched),
  };
}

function viewResult({ pageId, websiteId, url, title, summary, changedAt, passages }: SearchResult): Found {
  const found = passages.map(({ headingPath, snippet, url: at }) => ({
    section: shorten(headingPath.join(" > "), 200),
    url: at,
    text: toVisible(snippet.map(({ text }) => text).join("")),
  }));
  const told = found.length === 0 && summary !== null ? [{ section: "", url, text: shorten(summary, 300) }] : found;
  return {
    ...{ id: pageId, title: shorten(title ?? url, 200), url: found[0]?.url ?? url, website_id: websiteId },
    ...{ changed_at: changedAt.toISOString(), passages: told },
  };
}

/** What was searched is told where nothing was found, so that it is plain whether it could have been. */
function describeSearch(found: number, searched: SearchAnswer["searched"]): string[] {
  const { websites, pages, indexedAt, isLoose, corrections, notes } = searched;
  const when = indexedAt ? `as of ${indexedAt.toISOString()}` : "of which none is indexed yet";
  return [
    ...(found === 0 ? [`Nothing was found in ${pages} pages of ${websites} websites, ${when}`] : []),
    ...(isLoose ? ["Pages that have some of the words alone are among the results"] : []),
    ...corrections.map(({ from, to }) => `No page has the word ${from}; ${to.join(" or ")} was taken for it`),
    ...notes,
  ];
}
