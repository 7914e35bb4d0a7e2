import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { comparedTexts, getVersionPair } from "../changes/history.ts";
import { getVersion, getVersionRaw, listVersions } from "../changes/versions.ts";
import { chunkQuery, readChunkQuery } from "./chunk-view.ts";
import { DIFF_TYPES, describeDiff, diffQuery, Point, readPoint, respondDiff } from "./diff-view.ts";
import { describeDocument, describeRaw, respondDocument, respondRaw } from "./document-response.ts";
import { byId, Id, OneOf, QueryInteger } from "./fields.ts";
import { chooseFormat, chooseType, FORMATS } from "./formats.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, viewerOf } from "./request-context.ts";
import { VersionPage, versionCursors, viewVersion } from "./version-view.ts";

const byVersion = t.Object({
  id: Id("The page's id"),
  number: QueryInteger("number", {
    minimum: 1,
    maximum: 2_147_483_647,
    description: "The version's number",
    examples: [3],
  }),
});

/** What a page said before, and what changed. */
export const versionsApi = ({ store: { read }, parser }: Pick<App, "store" | "parser">) =>
  new Elysia({ prefix: "/pages", tags: ["Changes"] })
    .use(permissions)
    .get(
      "/:id/versions",
      async ({ params, query, request }) =>
        read(async (db) => {
          const { page, versions } = await listVersions(db, viewerOf(request), params.id, {
            limit: query.limit + 1,
            before: versionCursors.read(query.cursor),
          });
          return readPage(
            query,
            versionCursors,
            async () => versions,
            ({ version }) => version,
            (version) => viewVersion(page, version),
          );
        }),
      {
        permission: "read",
        params: byId("page"),
        query: t.Object(pagingQuery),
        response: { 200: VersionPage, ...problems(400, 404, 500, 503) },
        detail: {
          summary: "List a page's versions",
          description:
            "Each text that it had, newest first. Numbers are missing where versions were given up, as `keep_versions` of the website's tracking says.",
        },
      },
    )
    .get(
      "/:id/versions/:number",
      async ({ params, query, request }) => {
        const format = chooseFormat(request, query.format ?? (query.chunks === "true" ? "json" : undefined));
        const sizes = readChunkQuery(query, format);
        const found = await read((db) => getVersion(db, viewerOf(request), params.id, params.number));
        return respondDocument(request, found, format, { sizes });
      },
      {
        permission: "read",
        params: byVersion,
        query: t.Object({
          format: t.Optional(OneOf(FORMATS, { description: "Goes before the Accept header", examples: ["markdown"] })),
          ...chunkQuery,
        }),
        detail: {
          summary: "Read a version of a page",
          description:
            "Its document as JSON, Markdown, HTML or plain text, by the Accept header or `format`. The problem `version_removed` (410) says that it is kept no longer.",
          responses: describeDocument("The version", 400, 404, 406, 410, 500, 503),
        },
      },
    )
    .get(
      "/:id/versions/:number/raw",
      async ({ params, request }) =>
        respondRaw(request, await read((db) => getVersionRaw(db, viewerOf(request), params.id, params.number))),
      {
        permission: "read",
        params: byVersion,
        detail: {
          summary: "Read the body that a version was made of",
          description: "As a download that no browser runs scripts of.",
          responses: describeRaw(400, 404, 410, 500, 503),
        },
      },
    )
    .get(
      "/:id/diff",
      async ({ params, query, request }) => {
        const format = chooseType(request, DIFF_TYPES, query.format, "a diff");
        const ends = { from: readPoint(query.from, "from"), to: readPoint(query.to, "to") };
        const ignoresNoise = query.ignore_noise === "true";
        return read(async (db) => {
          const pair = await getVersionPair(db, viewerOf(request), params.id, ends);
          const texts = await comparedTexts({ db, parser }, pair, { ignoresNoise }, signalOf(request));
          return respondDiff(request, pair, texts, { format, view: query.view, ignoresNoise });
        });
      },
      {
        permission: "read",
        params: byId("page"),
        query: t.Object({
          from: t.Optional(Point("The older version, the one before the newer unless given")),
          to: t.Optional(Point("The newer version, the current one unless given")),
          ...diffQuery,
        }),
        detail: {
          summary: "Compare two versions of a page",
          description:
            "Block by block and word by word: as JSON, Markdown, HTML or plain text, or as a unified diff (`diff`), by the Accept header or `format`. Of the last two versions unless told otherwise.",
          responses: describeDiff,
        },
      },
    );
