import { type Static, Type } from "@sinclair/typebox";
import { type DocumentDecoration, t } from "elysia";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import { type DiffLayout, toDiffHtml } from "../changes/diff/html.ts";
import { DiffView, viewDiff } from "../changes/diff/json.ts";
import { toDiffMarkdown } from "../changes/diff/markdown.ts";
import { toDiffText } from "../changes/diff/text.ts";
import { toUnifiedDiff } from "../changes/diff/unified.ts";
import type { VersionPair, VersionPoint } from "../changes/history.ts";
import type { StoredDocument } from "../pages/document.ts";
import { STRANGER } from "./document-response.ts";
import { Id, Instant, Nullable, OneOf } from "./fields.ts";
import { respondUnlessKnown } from "./formats.ts";
import { readMoment } from "./moments.ts";
import { describeProblems } from "./openapi.ts";

const FORMATS = ["json", "diff", "markdown", "html", "text"] as const;
export type DiffFormat = (typeof FORMATS)[number];

export const DIFF_TYPES: Record<DiffFormat, string> = {
  json: "application/json",
  diff: "text/x-diff",
  markdown: "text/markdown",
  html: "text/html",
  text: "text/plain",
};

export const diffQuery = {
  format: t.Optional(OneOf(FORMATS, { description: "Goes before the Accept header", examples: ["html"] })),
  view: OneOf(["inline", "side_by_side"], {
    default: "inline",
    description: "How the HTML shows it: one under the other, or beside each other",
  }),
  ignore_noise: t.Optional(
    OneOf(["true", "false"], {
      description: "true leaves out what the website's tracking rules ignore, as when changes are looked for",
      examples: ["true"],
    }),
  ),
};

/** The number of a version, or when it was current. */
export const Point = (description: string) =>
  t.String({
    minLength: 1,
    maxLength: 40,
    description: `${description}: its number, or an instant or day for what was current then`,
    examples: ["2", "2026-01-31T00:00Z"],
  });

export function readPoint(text: string | undefined, at: string): VersionPoint | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : readMoment(text, at);
}

const DiffEnd = (description: string) =>
  Nullable(
    Type.Object(
      {
        version: Type.Integer({ examples: [2] }),
        page_id: Id("Its page, which is another one where a page moved"),
        fetched_at: Instant("When it was first found"),
        title: Nullable(Type.String({ examples: ["Getting started"] })),
      },
      { description },
    ),
  );

const { $id: _, ...diffOptions } = DiffView;

export const PageDiffView = Type.Object(
  {
    page_id: Id("The page"),
    url: Type.String({ examples: ["https://docs.example.com/start"] }),
    from: DiffEnd("The older version; null where there was none"),
    to: DiffEnd("The newer version; null where there is none any more"),
    ignores_noise: Type.Boolean({ description: "Whether the tracking rules were applied first", examples: [false] }),
    ...diffOptions.properties,
  },
  { $id: "PageDiff", description: "What differs between two versions of a page" },
);

type DiffForm = { format: DiffFormat; view: DiffLayout; ignoresNoise: boolean };

/** A diff in the form that is asked for. */
export function respondDiff(
  request: Request,
  pair: VersionPair,
  texts: { before: string; after: string },
  form: DiffForm,
): Response {
  const body = writeDiff(pair, texts, form);
  const headers = {
    "content-type": `${DIFF_TYPES[form.format]}; charset=utf-8`,
    "content-security-policy": `${STRANGER}; style-src 'unsafe-inline'`,
    vary: "accept",
  };
  return respondUnlessKnown(request, `"${Bun.hash(body).toString(36)}"`, headers, body);
}

export function writeDiff(
  pair: VersionPair,
  { before: was, after: is }: { before: string; after: string },
  { format, view, ignoresNoise }: DiffForm,
): string {
  const { page, before, after } = pair;
  if (format === "diff")
    return toUnifiedDiff(was, is, { before: nameOf(page.url, before), after: nameOf(page.url, after) });
  const diff = diffMarkdown(was, is);
  const title = after?.title ?? before?.title ?? page.url;
  const written: Record<typeof format, () => string> = {
    json: () => JSON.stringify(viewPageDiff(pair, ignoresNoise, viewDiff(diff))),
    markdown: () => toDiffMarkdown(diff),
    html: () => toPage(title, toDiffHtml(diff, view, title)),
    text: () => toDiffText(diff),
  };
  return written[format]();
}

/** The responses of a route that answers with a diff. */
export const describeDiff: NonNullable<DocumentDecoration["responses"]> = {
  200: {
    description: "What differs",
    content: {
      [DIFF_TYPES.json]: { schema: PageDiffView as object },
      [DIFF_TYPES.diff]: {
        schema: { type: "string" },
        example: "--- …\n+++ …\n@@ -1,1 +1,1 @@\n-It costs 10 €.\n+It costs 12 €.\n",
      },
      [DIFF_TYPES.markdown]: { schema: { type: "string" } },
      [DIFF_TYPES.html]: { schema: { type: "string" } },
      [DIFF_TYPES.text]: { schema: { type: "string" } },
    },
  },
  304: { description: "The diff is the one that If-None-Match names" },
  ...describeProblems(400, 404, 406, 410, 500, 503),
};

function viewPageDiff({ page, before, after }: VersionPair, ignoresNoise: boolean, diff: Static<typeof DiffView>) {
  const body: Static<typeof PageDiffView> = {
    ...{ page_id: page.id, url: page.url, from: viewEnd(before), to: viewEnd(after) },
    ...{ ignores_noise: ignoresNoise, ...diff },
  };
  return body;
}

function viewEnd(document: StoredDocument | undefined) {
  if (!document) return null;
  const { version, pageId, fetchedAt, title } = document;
  return { version, page_id: pageId, fetched_at: fetchedAt.toISOString(), title };
}

/** As `patch` would name a file; there is none where there was no page. */
const nameOf = (url: string, document: StoredDocument | undefined) =>
  document ? `${url} version ${document.version}` : "/dev/null";

function toPage(title: string, content: string): string {
  const name = Bun.escapeHTML(title);
  return `<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n<title>${name}</title>\n</head>\n<body>\n${content}</body>\n</html>\n`;
}
