import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { listCrawls, tellOrders } from "../crawl/crawls.ts";
import { announceWebsite } from "../websites/announcements.ts";
import {
  addWebsite,
  changeWebsite,
  deleteWebsite,
  getWebsite,
  listWebsites,
  restoreWebsite,
  type Website,
} from "../websites/websites.ts";
import { CrawlPage, crawlCursors, stateFilter, viewCrawl } from "./crawl-view.ts";
import {
  byId,
  checkOptions,
  exampleId,
  Id,
  Instant,
  Nullable,
  OneOf,
  OptionsBody,
  readUrl,
  UrlField,
} from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { PagePage, pageFilters, readPages } from "./page-view.ts";
import { idCursors, PageOf, pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";

const Name = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: "\\S",
  description: "What people call it; its host unless given",
  examples: ["Docs"],
});

const WebsiteView = Type.Object(
  {
    id: Id("The website's id"),
    user_id: Id("Whose it is"),
    url: Type.String({ description: "Where its crawls start", examples: ["https://docs.example.com/"] }),
    name: Type.String({ description: "What people call it", examples: ["Docs"] }),
    options: Type.Record(Type.String(), Type.Unknown(), {
      description: "What its crawls do other than by default",
      examples: [{ max_pages: 500 }],
    }),
    created_at: Instant("When it was registered"),
    updated_at: Instant("When its name or options last changed"),
    deleted_at: Nullable(Instant("When it was deleted; it can be restored for a time")),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/websites/${exampleId}`] }),
      pages: Type.String({ examples: [`/api/v1/websites/${exampleId}/pages`] }),
      crawls: Type.String({ examples: [`/api/v1/websites/${exampleId}/crawls`] }),
    }),
  },
  { $id: "Website", description: "A registered website" },
);

const NewWebsite = Type.Object(
  { url: UrlField("Where its crawls start"), name: Type.Optional(Name), options: Type.Optional(OptionsBody) },
  {
    additionalProperties: false,
    description: "A website to register",
    examples: [{ url: "https://docs.example.com/", name: "Docs", options: { max_pages: 500 } }],
  },
);

const WebsiteChange = Type.Object(
  { name: Type.Optional(Name), options: Type.Optional(OptionsBody) },
  {
    additionalProperties: false,
    minProperties: 1,
    description: "What to change; `options` replaces all options there were",
    examples: [{ name: "Documentation", options: {} }],
  },
);

const cursors = idCursors("websites");

const websiteFilters = {
  user_id: t.Optional(Id("Only this user's; for administrators, as others see their own alone")),
  deleted: t.Optional(
    OneOf(["true", "false"], {
      description: "true for the websites that can be restored, in place of those that are there",
      examples: ["true"],
    }),
  ),
};

const readFilter = ({ user_id: userId, deleted }: { user_id?: string; deleted?: "true" | "false" }) => ({
  userId,
  isDeleted: deleted === "true",
});

export const websitesApi = ({
  db,
  store,
  cache,
  clock,
  config,
}: Pick<App, "db" | "store" | "cache" | "clock" | "config">) =>
  new Elysia({ prefix: "/websites", tags: ["Websites"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .post(
      "",
      async ({ body, request, status, set }) => {
        const { url, name, options } = body;
        const added = {
          userId: viewerOf(request).userId,
          url: readUrl(url, "/url"),
          name,
          options: checkOptions(options),
        };
        const website = viewWebsite(await addWebsite(db, added));
        await announceWebsite({ db, cache }, "list", website.id);
        set.headers.location = website.links.self;
        return status(201, website);
      },
      {
        permission: "write",
        idempotent: true,
        body: NewWebsite,
        response: { 201: WebsiteView, ...problems(400, 403, 409, 413, 415, 500, 503) },
        detail: { summary: "Register a website", description: "Each URL once; crawling it is another request." },
      },
    )
    .get(
      "",
      async ({ query, request }) =>
        store.read((db) =>
          readPage(
            query,
            cursors,
            (limit, after) => listWebsites(db, { ...readFilter(query), viewer: viewerOf(request), limit, after }),
            ({ id }) => id,
            viewWebsite,
          ),
        ),
      {
        permission: "read",
        query: t.Object({ ...pagingQuery, ...websiteFilters }),
        response: { 200: PageOf(WebsiteView, "Websites, newest first"), ...problems(400, 500, 503) },
        detail: { summary: "List websites" },
      },
    )
    .get("/:id", async ({ params, request }) => viewWebsite(await getWebsite(db, viewerOf(request), params.id)), {
      permission: "read",
      params: byId("website"),
      response: { 200: WebsiteView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read a website" },
    })
    .patch(
      "/:id",
      async ({ params, body: { name, options }, request }) => {
        const change = { name, options: checkOptions(options) };
        const website = viewWebsite(await changeWebsite(db, viewerOf(request), params.id, change));
        await announceWebsite({ db, cache }, "list", website.id);
        return website;
      },
      {
        permission: "write",
        params: byId("website"),
        body: WebsiteChange,
        response: { 200: WebsiteView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Change a website",
          description: "Its name, or its crawl options. A crawl that has begun keeps the options it began with.",
        },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        const cancelled = await deleteWebsite(db, viewerOf(request), params.id, clock.now());
        await tellOrders(cache, cancelled);
        await announceWebsite({ db, cache }, "list", params.id);
        return status(204, undefined);
      },
      {
        permission: "write",
        params: byId("website"),
        response: { 204: t.Void({ description: "It is gone" }), ...problems(400, 403, 404, 500, 503) },
        detail: {
          summary: "Delete a website",
          description: "With its pages; its crawls are cancelled. For a time it can be restored.",
        },
      },
    )
    .post(
      "/:id/restore",
      async ({ params, request }) => {
        const limits = { now: clock.now(), retentionDays: config.DELETED_RETENTION_DAYS };
        const website = viewWebsite(await restoreWebsite(db, viewerOf(request), params.id, limits));
        await announceWebsite({ db, cache }, "list", website.id);
        return website;
      },
      {
        permission: "write",
        params: byId("website"),
        response: { 200: WebsiteView, ...problems(400, 403, 404, 409, 410, 500, 503) },
        detail: {
          summary: "Restore a deleted website",
          description: "With its pages; its crawls stay cancelled. A conflict when its URL is registered anew.",
        },
      },
    )
    .get(
      "/:id/pages",
      async ({ params, query, request }) =>
        store.read(async (db) => {
          const { id: websiteId } = await getWebsite(db, viewerOf(request), params.id);
          return readPages(db, viewerOf(request), query, websiteId);
        }),
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({ ...pagingQuery, ...pageFilters }),
        response: { 200: PagePage, ...problems(400, 404, 500, 503) },
        detail: { summary: "List a website's pages" },
      },
    )
    .get(
      "/:id/crawls",
      async ({ params, query, request }) =>
        store.read(async (db) => {
          const { id: websiteId } = await getWebsite(db, viewerOf(request), params.id);
          const filter = { viewer: viewerOf(request), websiteId, state: query.state };
          return readPage(
            query,
            crawlCursors,
            (limit, before) => listCrawls(db, { ...filter, limit, before }),
            ({ id }) => id,
            (crawl) => viewCrawl(crawl, clock.now()),
          );
        }),
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({ ...pagingQuery, ...stateFilter }),
        response: { 200: CrawlPage, ...problems(400, 404, 500, 503) },
        detail: { summary: "List a website's crawls" },
      },
    );

function viewWebsite({
  id,
  userId,
  url,
  name,
  options,
  createdAt,
  updatedAt,
  deletedAt,
}: Website): Static<typeof WebsiteView> {
  const self = `/api/v1/websites/${id}`;
  return {
    id,
    user_id: userId,
    url,
    name,
    options,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
    deleted_at: deletedAt?.toISOString() ?? null,
    links: { self, pages: `${self}/pages`, crawls: `${self}/crawls` },
  };
}
