import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { readPathFilter } from "../changes/change-search.ts";
import { CHANGE_KINDS } from "../db/schema/pages.ts";
import { type Feed, readFeed } from "../notify/feed.ts";
import { FEED_MEDIA_TYPES, type FeedFormat, writeFeed } from "../notify/feed-formats.ts";
import { byId, OneOf, QueryInteger, readPathPrefix } from "./fields.ts";
import { isUnmodified, respondUnlessKnown } from "./formats.ts";
import { describeProblems } from "./openapi.ts";
import { permissions } from "./permissions.ts";
import { findContext, viewerOf } from "./request-context.ts";

const NAMES: Record<FeedFormat, string> = { rss: "RSS 2.0", atom: "Atom", json: "JSON Feed 1.1" };

const feedQuery = t.Object({
  kind: t.Optional(OneOf(CHANGE_KINDS, { description: "Only changes of this kind", examples: ["changed"] })),
  path: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 2_000,
      description: "Only pages whose path begins so, or matches a pattern such as `/docs/**` or `re:/v[0-9]+`",
      examples: ["/docs/"],
    }),
  ),
  min_share: t.Optional(
    t.Number({
      title: "min_share",
      minimum: 0,
      maximum: 1,
      description: "Least share of the text that changed, of pages that changed",
      examples: [0.05],
    }),
  ),
  limit: QueryInteger("limit", {
    default: 50,
    minimum: 1,
    maximum: 200,
    description: "Entries at the most",
    examples: [50],
  }),
});

/** What changed on a website, for feed readers. */
export const feedsApi = ({ store, clock, config }: Pick<App, "store" | "clock" | "config">) => {
  const byFormat = (format: FeedFormat) =>
    new Elysia({ prefix: "/websites", tags: ["Changes"] }).use(permissions).get(
      `/:id/feed.${format}`,
      async ({ params, query, request }) => {
        const { kind, path, min_share: minShare, limit } = query;
        const filter = {
          ...(kind ? { kinds: [kind] } : {}),
          ...(minShare === undefined ? {} : { minShare }),
          ...(path === undefined ? {} : readPathFilter(path, (prefix) => readPathPrefix(prefix) ?? prefix)),
          ...{ limit, publicUrl: config.PUBLIC_URL },
        };
        const feed = await store.read((db) => readFeed(db, viewerOf(request), params.id, filter));
        return respondFeed(request, feed, format, clock.now());
      },
      {
        permission: "read",
        params: byId("website"),
        query: feedQuery,
        detail: {
          // A dot in it would break the clients that are made by it.
          operationId: `getWebsitesByIdFeed${format[0]?.toUpperCase()}${format.slice(1)}`,
          summary: `Follow a website's changes as ${NAMES[format]}`,
          description:
            "Newest first. Feed readers that can't send headers of their own take HTTP Basic: any name, and an API key as the password.",
          responses: {
            200: {
              description: `The latest changes as ${NAMES[format]}`,
              content: { [FEED_MEDIA_TYPES[format]]: { schema: { type: format === "json" ? "object" : "string" } } },
            },
            304: { description: "Nothing is new since the answer that the request names" },
            ...describeProblems(400, 404, 500, 503),
          },
        },
      },
    );
  return new Elysia().use(byFormat("rss")).use(byFormat("atom")).use(byFormat("json"));
};

/** Instants in headers have seconds: within these, an entry may yet come that would look as old. */
const SETTLED_MS = 2_000;

function respondFeed(request: Request, feed: Feed, format: FeedFormat, now: Date): Response {
  const headers: Record<string, string> = {
    "content-type": `${FEED_MEDIA_TYPES[format]}; charset=utf-8`,
    "content-security-policy": "sandbox; default-src 'none'",
    vary: "authorization, x-api-key",
  };
  if (now.getTime() - feed.updatedAt.getTime() > SETTLED_MS) headers["last-modified"] = feed.updatedAt.toUTCString();
  if (isUnmodified(request, headers["last-modified"])) return new Response(null, { status: 304, headers });
  const body = writeFeed(feed, format, addressOf(request));
  return respondUnlessKnown(request, `"${Bun.hash(body).toString(36)}"`, headers, body);
}

/** Where the client came to, which a proxy may have taken TLS off. */
function addressOf(request: Request): string {
  const url = new URL(request.url);
  if (findContext(request)?.isSecure) url.protocol = "https:";
  return url.href;
}
