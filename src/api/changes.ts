import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { eachChange, searchChanges } from "../changes/change-search.ts";
import { type Change, getChange } from "../changes/changes.ts";
import { comparedTexts, getChangePair } from "../changes/history.ts";
import type { Db } from "../db/db.ts";
import { getWebsite } from "../websites/websites.ts";
import {
  ChangePage,
  type ChangeQuery,
  ChangeView,
  changeCursors,
  changeFilters,
  readChangeFilter,
  viewChange,
} from "./change-view.ts";
import { DIFF_TYPES, describeDiff, diffQuery, respondDiff } from "./diff-view.ts";
import {
  EXPORT_TYPES,
  EXPORTABLE,
  type ExportForm,
  type ExportFormat,
  ExportFormatField,
  streamExport,
} from "./export-stream.ts";
import { byId, Id } from "./fields.ts";
import { answerTagged, asFinished, chooseType } from "./formats.ts";
import { pagingQuery } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, viewerOf } from "./request-context.ts";

export const changesQuery = { ...pagingQuery, ...changeFilters, format: t.Optional(ExportFormatField) };

/** What changed on all of one's websites. */
export const changesApi = ({ store: { read }, parser }: Pick<App, "store" | "parser">) =>
  new Elysia({ prefix: "/changes", tags: ["Changes"] })
    .use(permissions)
    .get(
      "",
      ({ query, request }) =>
        read(async (db) => {
          const { website_id: id } = query;
          const websiteId = id === undefined ? undefined : (await getWebsite(db, viewerOf(request), id)).id;
          return answerChanges(db, request, query, websiteId);
        }),
      {
        permission: "read",
        query: t.Object({ ...changesQuery, website_id: t.Optional(Id("Only this website's")) }),
        response: { 200: ChangePage, ...problems(400, 404, 406, 500, 503) },
        detail: {
          summary: "List changes",
          description: "On all websites, newest first; as JSON, or all at once as CSV or JSON lines.",
          ...EXPORTABLE,
        },
      },
    )
    .get(
      "/:id",
      async ({ params, request }) => viewChange(await read((db) => getChange(db, viewerOf(request), params.id))),
      {
        permission: "read",
        params: byId("change"),
        mapResponse: answerTagged,
        response: { 200: ChangeView, ...problems(400, 404, 500, 503) },
        detail: { summary: "Read a change" },
      },
    )
    .get(
      "/:id/diff",
      async ({ params, query, request }) => {
        const format = chooseType(request, DIFF_TYPES, query.format, "a diff");
        const ignoresNoise = query.ignore_noise === "true";
        return read(async (db) => {
          const pair = await getChangePair(db, viewerOf(request), params.id);
          const texts = await comparedTexts({ db, parser }, pair, { ignoresNoise }, signalOf(request));
          return respondDiff(request, pair, texts, { format, view: query.view, ignoresNoise });
        });
      },
      {
        permission: "read",
        params: byId("change"),
        query: t.Object(diffQuery),
        detail: {
          summary: "Read what a change changed",
          description:
            "Between the versions that it was found between. The problem `version_removed` (410) says that one of them is kept no longer.",
          responses: describeDiff,
        },
      },
    );

/** Changes in the form that is asked for: a page of them, or all. */
export async function answerChanges(
  db: Db,
  request: Request,
  query: ChangeQuery & { limit: number; cursor?: string; format?: ExportFormat },
  websiteId: string | undefined,
) {
  const format = chooseType(request, EXPORT_TYPES, query.format, "a list of changes");
  const filter = { viewer: viewerOf(request), websiteId, ...readChangeFilter(query) };
  if (format !== "json") return asFinished(await streamExport(eachChange(db, filter), format, CHANGE_EXPORT));
  const after = changeCursors.read(query.cursor);
  const { changes, next } = await searchChanges(db, filter, { limit: query.limit, after });
  return { items: changes.map(viewChange), next_cursor: next ? changeCursors.write(next) : null };
}

export const CHANGE_EXPORT: ExportForm<Change> = {
  name: "changes",
  columns: {
    detected_at: ({ detectedAt }) => detectedAt.toISOString(),
    kind: ({ kind }) => kind,
    url: ({ url }) => url,
    title: ({ title }) => title,
    share: ({ share }) => share,
    words_added: ({ summary }) => summary.wordsAdded ?? null,
    words_removed: ({ summary }) => summary.wordsRemoved ?? null,
    reason: ({ reason }) => reason,
    from_url: ({ fromUrl }) => fromUrl,
    to_url: ({ toUrl }) => toUrl,
    from_version: ({ fromVersion }) => fromVersion,
    to_version: ({ toVersion }) => toVersion,
    explanation: ({ explanation }) => explanation,
    id: ({ id }) => id,
    page_id: ({ pageId }) => pageId,
    website_id: ({ websiteId }) => websiteId,
    crawl_id: ({ crawlId }) => crawlId,
  },
  view: viewChange,
};
