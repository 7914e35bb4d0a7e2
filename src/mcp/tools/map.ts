import { type Static, Type } from "@sinclair/typebox";
import { type Principal, refuseUnlessMay, toViewer } from "../../access/principal.ts";
import { AppError } from "../../errors.ts";
import { listPages } from "../../pages/pages.ts";
import { shorten, takeFitting } from "../budget.ts";
import type { Call, McpContext } from "../call.ts";
import { idCursors } from "../cursors.ts";
import { agreeOnHost, followWithin } from "../hosts.ts";
import { findStored, mapLive } from "../live-map.ts";
import { badInput } from "../moments.ts";
import { readPathPrefix } from "../paths.ts";
import { findWebsiteBy, readUrl } from "../references.ts";
import { fence, NOTICE } from "../untrusted.ts";
import {
  AllowNewHost,
  Cursor,
  Fields,
  Limit,
  MaxTokens,
  NextCursor,
  Notice,
  Nullable,
  PathPrefix,
  Text,
} from "./fields.ts";
import { READS_WEB } from "./hints.ts";
import { writeList } from "./lists.ts";
import { defineTool } from "./tool.ts";

const MappedView = Fields({ url: Type.String(), title: Nullable(Type.String()), is_stored: Type.Boolean() });
type MappedView = Static<typeof MappedView>;

const Input = Fields({
  website: Text("Registered website (id, URL, host or name); with live: true any URL", 2_048),
  live: Type.Boolean({
    default: false,
    description: "Ask the website now: its sitemaps and the links of the URL's page. Stored pages otherwise",
  }),
  path_prefix: PathPrefix,
  limit: Limit(200, 1_000),
  cursor: Cursor,
  allow_new_host: AllowNewHost,
  max_tokens: MaxTokens(),
});
type Input = Static<typeof Input>;

const cursors = idCursors("map");

export const mapTool = defineTool({
  name: "map",
  title: "Map a website's URLs",
  description:
    "URLs of a website: those of its stored pages, or with live: true those that its sitemaps and one of its pages name now.",
  permission: "read",
  hints: READS_WEB,
  input: Input,
  output: Fields({
    notice: Notice,
    urls: Type.Array(MappedView),
    next_cursor: NextCursor,
    is_complete: Type.Boolean({ description: "Whether that is all there is from here on" }),
    problems: Type.Array(Type.String()),
  }),
  run: (context, input, call) => (input.live ? mapFromWeb(context, input, call) : mapStored(context, input, call)),
});

async function mapStored({ store }: McpContext, input: Input, { principal }: Call) {
  const { limit, max_tokens: maxTokens, path_prefix: prefix } = input;
  const viewer = toViewer(principal);
  const filter = { viewer, limit: limit + 1, after: cursors.read(input.cursor), pathPrefix: readPathPrefix(prefix) };
  const { website, rows } = await store.read(async (db) => {
    const found = await findWebsiteBy(db, viewer, input.website);
    if (!found)
      throw new AppError(
        "not_found",
        `There is no website ${JSON.stringify(shorten(input.website, 200))}; list_websites names those that there are, and live: true asks any URL`,
      );
    return { website: found, rows: await listPages(db, { ...filter, websiteId: found.id }) };
  });
  const { items, nextCursor, text } = writeList(rows, {
    ...{ limit, maxTokens, describe, cursors, keyOf: ({ id }) => id, source: website.url, empty: "No page is stored" },
    view: ({ url, title }) => ({ url, title: title === null ? null : shorten(title, 100), is_stored: true }),
  });
  const rest = { next_cursor: nextCursor, is_complete: nextCursor === null, problems: [] };
  return { structured: { notice: NOTICE, urls: items, ...rest }, text };
}

async function mapFromWeb(context: McpContext, input: Input, call: Call) {
  const { principal } = call;
  refuseUnlessMay(principal, "write", "live");
  if (input.cursor !== undefined) throw badInput("cursor", "does not go with live; narrow by path_prefix instead");
  const { db, fetch } = context;
  const { limit, max_tokens: maxTokens, path_prefix: prefix } = input;
  const viewer = toViewer(principal);
  const url = await findStart(context, input, principal);
  await agreeOnHost(db, viewer, url, { call, isSaidToBeWanted: input.allow_new_host });
  using _place = call.enterScrape();
  const guarded = { ...context, fetch: followWithin(fetch, db, viewer, call) };
  const map = await mapLive(guarded, { url, pathPrefix: readPathPrefix(prefix), limit }, call);
  const stored = await findStored(
    db,
    viewer,
    map.urls.map((each) => each.url),
  );
  const viewed = map.urls.map(({ url: each, title }): MappedView => {
    const shown = title === null ? null : shorten(title, 100);
    return { url: each, title: shown, is_stored: stored.has(each) };
  });
  const { shown, isAll } = takeFitting(viewed, maxTokens, (each) => JSON.stringify(each));
  const isComplete = map.isComplete && isAll;
  const hidden = viewed.length - shown.length;
  const problems = map.problems.map((problem) => shorten(problem, 300));
  const rest = [
    ...(hidden > 0 ? [`${hidden} more were found; narrow by path_prefix, or raise max_tokens`] : []),
    ...(map.isComplete ? [] : ["There are more than were looked at"]),
    ...(problems.length > 0 ? [`Not read:\n${fence(problems.join("\n"), url)}`] : []),
  ];
  const text = shown.length === 0 ? "No URL was found" : fence(shown.map(describe).join("\n"), url);
  return {
    structured: { notice: NOTICE, urls: shown, next_cursor: null, is_complete: isComplete, problems },
    text: [text, ...rest].join("\n"),
  };
}

/** Any URL, or that of a website's start. */
async function findStart({ db }: McpContext, { website: reference }: Input, principal: Principal): Promise<string> {
  if (/^https?:/i.test(reference.trim())) return readUrl(reference, "website");
  const website = await findWebsiteBy(db, toViewer(principal), reference);
  if (website) return website.url;
  throw badInput("website", "must be a registered website or, with live, an http or https URL");
}

const describe = ({ url, title, is_stored: isStored }: MappedView) =>
  `${url}${title === null ? "" : ` ${title}`}${isStored ? "" : " (not stored)"}`;
