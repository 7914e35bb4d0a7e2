import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import {
  countNetChanges,
  eachNetChange,
  listLargest,
  listNetChanges,
  type NetChange,
  resolveSpan,
  type Span,
  type SpanRequest,
} from "../changes/website-diff.ts";
import type { Db } from "../db/db.ts";
import { CHANGE_KINDS, type ChangeKind } from "../db/schema/pages.ts";
import { getWebsite, type Website } from "../websites/websites.ts";
import { ChangePage, kindsFilter, readKinds } from "./change-view.ts";
import { answerChanges, changesQuery } from "./changes.ts";
import { STRANGER } from "./document-response.ts";
import { EXPORTABLE, type ExportForm, streamExport } from "./export-stream.ts";
import { badField, byId } from "./fields.ts";
import { asFinished, chooseType } from "./formats.ts";
import { readMoment } from "./moments.ts";
import { pagingQuery } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";
import { toWebsiteReport } from "./website-diff-report.ts";
import {
  netCursors,
  spanQuery,
  viewNetChange,
  viewWebsiteDiff,
  WEBSITE_DIFF_TYPES,
  WebsiteDiffView,
} from "./website-diff-view.ts";

/** Changes that are shown with what came and went, and pages that a report names of each kind. */
const LARGEST = 10;
const REPORTED = 100;

/** What changed on a website: one by one, and in all between two times. */
export const websiteChangesApi = ({ store: { read }, clock }: Pick<App, "store" | "clock">) =>
  new Elysia({ prefix: "/websites", tags: ["Changes"] })
    .use(permissions)
    .get(
      "/:id/changes",
      ({ params, query, request }) =>
        read(async (db) => {
          const { id } = await getWebsite(db, viewerOf(request), params.id);
          return answerChanges(db, request, query, id);
        }),
      {
        permission: "read",
        params: byId("website"),
        query: t.Object(changesQuery),
        response: { 200: ChangePage, ...problems(400, 404, 406, 500, 503) },
        detail: {
          summary: "List a website's changes",
          description: "Newest first; as JSON, or all at once as CSV or JSON lines.",
          ...EXPORTABLE,
        },
      },
    )
    .get(
      "/:id/diff",
      async ({ params, query, request }) => {
        const format = chooseType(request, WEBSITE_DIFF_TYPES, query.format, "what differs");
        const place = netCursors.read(query.cursor);
        const asked = readSpan(query);
        const kinds = readKinds(query.kind, "kind");
        return read(async (db) => {
          const website = await getWebsite(db, viewerOf(request), params.id);
          const span = place?.span ?? (await resolveSpan(db, website.id, asked, clock.now()));
          if (format === "markdown") return asFinished(respondReport(await report(db, website, span, kinds)));
          if (format !== "json")
            return asFinished(
              await streamExport(eachNetChange(db, website.id, span, { kinds }), format, NET_CHANGE_EXPORT),
            );
          const { limit } = query;
          const rows = await listNetChanges(db, website.id, span, { kinds, limit: limit + 1, after: place?.pageId });
          const items = rows.slice(0, limit);
          const last = rows.length > limit ? items.at(-1) : undefined;
          const counts = await countNetChanges(db, website.id, span);
          const largest = place ? [] : await listLargest(db, website.id, span, LARGEST);
          const cursor = last ? netCursors.write({ span, pageId: last.pageId }) : null;
          return viewWebsiteDiff(website.id, span, { counts, largest, items }, cursor);
        });
      },
      {
        permission: "read",
        params: byId("website"),
        query: t.Object({ ...pagingQuery, ...spanQuery, ...kindsFilter }),
        response: { 200: WebsiteDiffView, ...problems(400, 404, 406, 409, 500, 503) },
        detail: {
          summary: "Compare a website at two times",
          description:
            "The net effect on each page: what changed and changed back is not in it, nor what came and went. Between two instants, or the ends of two crawls; of the last two that were completed unless told otherwise. As JSON, CSV, JSON lines, or a report in Markdown. `largest` is on the first page alone.",
          ...EXPORTABLE,
        },
      },
    );

type SpanFields = { from?: string; to?: string; from_crawl?: string; to_crawl?: string };

function readSpan({ from, to, from_crawl: fromCrawl, to_crawl: toCrawl }: SpanFields): SpanRequest {
  if (from !== undefined && fromCrawl !== undefined) throw badField("from", "can't stand beside from_crawl");
  if (to !== undefined && toCrawl !== undefined) throw badField("to", "can't stand beside to_crawl");
  return { fromCrawl, toCrawl, from: readMoment(from, "from"), to: readMoment(to, "to") };
}

async function report(db: Db, website: Website, span: Span, kinds: readonly ChangeKind[] = CHANGE_KINDS) {
  const { id } = website;
  const lists = CHANGE_KINDS.map(async (kind) => {
    const limit = kinds.includes(kind) ? REPORTED : 0;
    return [kind, limit === 0 ? [] : await listNetChanges(db, id, span, { kinds: [kind], limit })] as const;
  });
  const pages = Object.fromEntries(await Promise.all(lists)) as Record<ChangeKind, NetChange[]>;
  const counts = await countNetChanges(db, id, span);
  const largest = kinds.includes("changed") ? await listLargest(db, id, span, LARGEST) : [];
  return toWebsiteReport({ website, span, counts, largest, pages });
}

function respondReport(markdown: string): Response {
  return new Response(markdown, {
    headers: {
      "content-type": `${WEBSITE_DIFF_TYPES.markdown}; charset=utf-8`,
      "content-security-policy": STRANGER,
      "cache-control": "private, no-cache",
      vary: "accept",
    },
  });
}

const NET_CHANGE_EXPORT: ExportForm<NetChange> = {
  name: "website-diff",
  columns: {
    kind: ({ kind }) => kind,
    url: ({ url }) => url,
    title: ({ title }) => title,
    to_url: ({ toUrl }) => toUrl,
    reason: ({ reason }) => reason,
    share: ({ share }) => share,
    from_version: ({ fromVersion }) => fromVersion,
    to_version: ({ toVersion }) => toVersion,
    changes: ({ changes }) => changes,
    changed_at: ({ changedAt }) => changedAt.toISOString(),
    page_id: ({ pageId }) => pageId,
  },
  view: viewNetChange,
};
