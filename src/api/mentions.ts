import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { canonicalizeUrl, hashUrl } from "../crawl/url.ts";
import { listMentions, type Mention } from "../search/mentions.ts";
import { byId, exampleUrl, Id, Nullable } from "./fields.ts";
import { idCursors, PageOf, pagingQuery } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, viewerOf } from "./request-context.ts";
import { readWebsiteIds, websitesQuery } from "./search-view.ts";

const MentionView = Type.Object({
  page_id: Id("The page's id"),
  website_id: Id("Its website"),
  url: Type.String({
    description: "The page's, with the anchor of the heading under which the text stands first",
    examples: [`${exampleUrl}#install`],
  }),
  title: Nullable(Type.String({ examples: ["Getting started"] })),
  language: Nullable(Type.String({ description: "BCP 47", examples: ["en"] })),
  occurrences: Type.Integer({ description: "How often its text has it; 0 where it only links to it", examples: [3] }),
  is_linking: Type.Boolean({ description: "Whether it links to the URL that was asked about", examples: [false] }),
  heading_path: Type.Array(Type.String(), {
    description: "The headings under which it stands first, outermost first",
    examples: [["Getting started", "Install"]],
  }),
  excerpt: Type.Array(
    Type.Object({
      text: Type.String({ examples: ["advisory lock"] }),
      is_match: Type.Boolean({ description: "Whether it is the text that was asked about", examples: [true] }),
    }),
    { description: "Plain text around where it stands first, in parts; never markup" },
  ),
});

const MentionPage = PageOf(
  MentionView,
  "Pages by their ids, in the order in which they were first seen. A page of the list may have fewer items than were asked for, and none at all, though more come after it: go on until next_cursor is null.",
);

const query = {
  q: t.String({
    minLength: 1,
    maxLength: 2_048,
    description:
      "A text as it is written, in any case, of 300 characters at the most; or a URL, and then also pages that link to it are found",
    examples: ["advisory lock"],
  }),
  ...pagingQuery,
};

const detail = {
  summary: "List the pages that mention a text",
  description:
    "All pages whose text has the words just as they are written, not the best of them; counted, with the place where each has it first. Of a URL of a website also its pages that link to it.",
};

const response = { 200: MentionPage, ...problems(400, 404, 500, 503) };

/** Who says something on any of the websites that the caller may see, or links to it. */
export const mentionsApi = ({ store }: Pick<App, "store">) =>
  new Elysia({ prefix: "/mentions", tags: ["Search"] })
    .use(permissions)
    .get("", ({ query, request }) => answerMentions(store, request, query, readWebsiteIds(query.website_id)), {
      permission: "read",
      query: t.Object({ ...query, ...websitesQuery }),
      response,
      detail,
    });

/** The same on one website. */
export const websiteMentionsApi = ({ store }: Pick<App, "store">) =>
  new Elysia({ prefix: "/websites", tags: ["Search"] })
    .use(permissions)
    .get("/:id/mentions", ({ params, query, request }) => answerMentions(store, request, query, [params.id]), {
      ...{ permission: "read", params: byId("website"), query: t.Object(query), response },
      detail: { ...detail, summary: "List a website's pages that mention a text" },
    });

const cursors = idCursors("mentions");

async function answerMentions(
  { read }: App["store"],
  request: Request,
  { q, limit, cursor }: { q: string; limit: number; cursor?: string },
  websiteIds: string[] | undefined,
): Promise<Static<typeof MentionPage>> {
  const url = /^https?:\/\//i.test(q.trim()) ? canonicalizeUrl(q.trim(), undefined, { mode: "keep" }) : undefined;
  const asked = {
    ...{ text: q, websiteIds, limit, after: cursors.read(cursor) },
    ...(url === undefined ? {} : { target: { url, hash: hashUrl(url) } }),
  };
  const { mentions, next } = await read((db) => listMentions(db, viewerOf(request), asked, signalOf(request)));
  return { items: mentions.map(viewMention), next_cursor: next === undefined ? null : cursors.write(next) };
}

function viewMention({ pageId, websiteId, url, isLinking, first, ...mention }: Mention): Static<typeof MentionView> {
  const anchor = first?.anchor ?? null;
  return {
    ...{ page_id: pageId, website_id: websiteId, title: mention.title, language: mention.language },
    ...{ occurrences: mention.occurrences, is_linking: isLinking, heading_path: first?.headingPath ?? [] },
    url: anchor === null ? url : `${url}#${encodeURI(anchor)}`,
    excerpt: (first?.excerpt ?? []).map(({ text, isMatch }) => ({ text, is_match: isMatch })),
  };
}
