import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import { isProven } from "../access/principal.ts";
import type { App } from "../app.ts";
import { countChangesOf } from "../changes/changes.ts";
import {
  type CrawlRequest,
  cancelCrawl,
  getCrawl,
  listCrawls,
  listCrawlUrls,
  pauseCrawl,
  resumeCrawl,
  startCrawl,
} from "../crawl/crawls.ts";
import { AppError } from "../errors.ts";
import { announceWebsite } from "../websites/announcements.ts";
import {
  CrawlPage,
  CrawlUrlPage,
  CrawlView,
  crawlCursors,
  crawlUrlCursors,
  crawlUrlFilters,
  stateFilter,
  viewCrawl,
  viewCrawlUrl,
} from "./crawl-view.ts";
import { openEventStream } from "./events.ts";
import { byId, checkOptions, Id, OptionsBody, readPathPrefix, readUrl, UrlField } from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { describeProblems } from "./openapi.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { principalOf, viewerOf } from "./request-context.ts";

const NewCrawl = Type.Object(
  {
    url: Type.Optional(UrlField("Website to crawl, registered when it is not yet; either this or website_id")),
    website_id: Type.Optional(Id("Registered website to crawl; either this or url")),
    options: Type.Optional(OptionsBody),
  },
  {
    additionalProperties: false,
    description: "What to crawl, and how",
    examples: [{ url: "https://docs.example.com/", options: { max_pages: 500 } }],
  },
);

/** What crawls need of the outside world. `closing` ends the event streams. */
export type CrawlsContext = Pick<App, "config" | "db" | "store" | "cache" | "clock" | "log"> & {
  closing: AbortSignal;
};

export const crawlsApi = (context: CrawlsContext) =>
  new Elysia({ prefix: "/crawls", tags: ["Crawls"] })
    .use(permissions)
    .use(idempotency(context))
    .post(
      "",
      async ({ body, request, status, set }) => {
        const asked = { viewer: viewerOf(request), apiKeyId: principalOf(request).keyId, ...readRequest(body) };
        const maxUnfinished = isProven(principalOf(request)) ? context.config.MAX_CRAWLS_PER_KEY : 0;
        const crawl = await startCrawl(context.db, { ...asked, maxUnfinished });
        // It may have been registered for this crawl.
        if (body.url !== undefined) await announceWebsite(context, "list", crawl.websiteId);
        const view = viewCrawl(crawl, context.clock.now());
        set.headers.location = view.links.self;
        return status(202, view);
      },
      {
        permission: "write",
        idempotent: true,
        body: NewCrawl,
        response: { 202: CrawlView, ...problems(400, 403, 404, 409, 413, 415, 500, 503) },
        detail: {
          summary: "Start a crawl",
          description:
            "Answers at once; watch the crawl at its `self` or `events` link. One crawl a website at a time.",
        },
      },
    )
    .get(
      "",
      async ({ query, request }) => {
        const { website_id: websiteId, user_id: userId, state } = query;
        const filter = { viewer: viewerOf(request), userId, websiteId, state };
        return context.store.read((db) =>
          readPage(
            query,
            crawlCursors,
            (limit, before) => listCrawls(db, { ...filter, limit, before }),
            ({ id }) => id,
            (crawl) => viewCrawl(crawl, context.clock.now()),
          ),
        );
      },
      {
        permission: "read",
        query: t.Object({ ...pagingQuery, ...crawlFilters }),
        response: { 200: CrawlPage, ...problems(400, 500, 503) },
        detail: { summary: "List crawls" },
      },
    )
    .get(
      "/:id",
      async ({ params, request }) => {
        const crawl = await getCrawl(context.db, viewerOf(request), params.id);
        return viewCrawl(crawl, context.clock.now(), await countChangesOf(context.db, crawl.id));
      },
      {
        permission: "read",
        params: byId("crawl"),
        response: { 200: CrawlView, ...problems(400, 404, 500, 503) },
        detail: { summary: "Read a crawl", description: "With what it found to have changed, by kind." },
      },
    )
    .get("/:id/events", ({ params, request }) => openEventStream(context, viewerOf(request), params.id, request), {
      permission: "read",
      params: byId("crawl"),
      detail: {
        summary: "Watch a crawl",
        description:
          "Server-sent events: `progress` with the crawl now and whenever it has changed, at last `end` with its final state. A comment every 15 seconds keeps the connection open.",
        responses: {
          200: {
            description: "The crawl, over and over",
            content: { "text/event-stream": { schema: { type: "string" }, example: EXAMPLE_EVENT } },
          },
          204: { description: "To a client that comes back after `end`" },
          ...describeProblems(400, 404, 500, 503),
        },
      },
    })
    .post("/:id/pause", ({ params, request }) => steer(context, pauseCrawl, request, params.id), {
      permission: "write",
      ...steering,
      detail: { summary: "Pause a crawl", description: "Requests in flight finish and count. Safe to repeat." },
    })
    .post("/:id/resume", ({ params, request }) => steer(context, resumeCrawl, request, params.id), {
      permission: "write",
      ...steering,
      detail: { summary: "Resume a paused crawl", description: "It goes on where it was. Safe to repeat." },
    })
    .post("/:id/cancel", ({ params, request }) => steer(context, cancelCrawl, request, params.id), {
      permission: "write",
      ...steering,
      detail: { summary: "Cancel a crawl", description: "For good; the pages it brought stay. Safe to repeat." },
    })
    .get(
      "/:id/pages",
      async ({ params, query, request }) => {
        const { state, outcome, status } = query;
        const pathPrefix = readPathPrefix(query.path_prefix);
        return context.store.read(async (db) => {
          const { id } = await getCrawl(db, viewerOf(request), params.id);
          return readPage(
            query,
            crawlUrlCursors,
            (limit, after) => listCrawlUrls(db, id, { state, outcome, status, pathPrefix, limit, after }),
            ({ seq }) => seq,
            viewCrawlUrl,
          );
        });
      },
      {
        permission: "read",
        params: byId("crawl"),
        query: t.Object({ ...pagingQuery, ...crawlUrlFilters }),
        response: { 200: CrawlUrlPage, ...problems(400, 404, 500, 503) },
        detail: {
          summary: "List a crawl's URLs",
          description: "Each URL it found and what became of it; `?state=failed` lists its errors.",
        },
      },
    );

const crawlFilters = {
  ...stateFilter,
  website_id: t.Optional(Id("Only this website's")),
  user_id: t.Optional(Id("Only this user's; for administrators, as others see their own alone")),
};

const steering = {
  params: byId("crawl"),
  response: { 200: CrawlView, ...problems(400, 403, 404, 409, 500, 503) },
};

const EXAMPLE_EVENT = 'event: progress\nid: 1\ndata: {"id":"…","state":"running",…}\n\n';

async function steer(context: CrawlsContext, turn: typeof pauseCrawl, request: Request, id: string) {
  const crawl = await turn(context, viewerOf(request), id);
  return viewCrawl(crawl, context.clock.now());
}

function readRequest({
  url,
  website_id: websiteId,
  options,
}: Static<typeof NewCrawl>): Omit<CrawlRequest, "viewer" | "apiKeyId"> {
  if ((url === undefined) === (websiteId === undefined)) {
    const message = "is needed, or website_id, and not both";
    throw new AppError("invalid", `url ${message}`, { faults: [{ at: "/url", message }] });
  }
  const target = url === undefined ? { websiteId } : { url: readUrl(url, "/url") };
  return { ...target, options: checkOptions(options) };
}
