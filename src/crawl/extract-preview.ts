import type { Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import type { Diff } from "../changes/diff/diff.ts";
import type { Decision, Document, DocumentInput, ExtractOptions } from "../content/document.ts";
import { getRaw } from "../pages/document.ts";
import { getWebsite } from "../websites/websites.ts";
import { type ExtractFields, toExtractOptions } from "./extract-options.ts";
import { fetchPage, withinTime } from "./scrape.ts";

/** What to make Markdown of: a page to fetch, HTML as given, or the stored body of a page. */
export type PreviewSource = { url: string; robots?: boolean } | { html: string; baseUrl: string } | { pageId: string };

export type PreviewRequest = {
  source: PreviewSource;
  /** Whose options hold where none is given; a stored page's website does so by itself. */
  websiteId?: string | undefined;
  options: Partial<ExtractFields>;
  /** Further options to hold the result against. */
  compare: readonly Partial<ExtractFields>[];
  /** For everything together. */
  timeoutMs?: number;
};

export type Preview = {
  /** After redirects. */
  url: string;
  options: ExtractOptions;
  document: Document;
  /** At most `MAX_DECISIONS` of them. */
  decisions: readonly Decision[];
  decisionCount: number;
  /** Characters of text by what became of them, white space left out; only where decisions are told. */
  characters: { kept: number; removed: number } | null;
  comparisons: Comparison[];
};

export type Comparison = {
  /** The website's as they are now, or what the request gave. */
  of: "website" | "request";
  options: ExtractOptions;
  document: Document;
  /** From the preview to this one. */
  difference: Diff;
};

export const MAX_DECISIONS = 500;

type Context = Pick<App, "db" | "fetch" | "parser" | "robots" | "clock">;

/**
 * Shows what options would make of a page, and why; nothing is stored.
 * @throws AppError as `scrape` does; `not_found` for a page or website that is not the viewer's
 */
export async function previewExtraction(
  context: Context,
  viewer: Viewer,
  request: PreviewRequest,
  signal?: AbortSignal,
): Promise<Preview> {
  const { source, options, compare, timeoutMs } = request;
  const what = "url" in source ? source.url : "The preview";
  return withinTime(what, timeoutMs, signal, async (ended) => {
    const { input, websiteId } = await readSource(context, viewer, source, ended);
    const ofWebsite = await findWebsiteOptions(context, viewer, request.websiteId ?? websiteId);
    const parse = async (given: ExtractOptions, explain: boolean) =>
      (await context.parser.parse({ ...input, ...given, explain }, ended)).document;
    const chosen = toExtractOptions({ ...ofWebsite, ...options });
    const document = await parse(chosen, true);
    const others = [
      ...(ofWebsite ? [{ of: "website" as const, options: toExtractOptions(ofWebsite) }] : []),
      ...compare.map((given) => ({ of: "request" as const, options: toExtractOptions({ ...ofWebsite, ...given }) })),
    ];
    // One after the other: a preview takes no more threads than a scrape does.
    const comparisons: Comparison[] = [];
    for (const other of others) {
      const compared = await parse(other.options, false);
      const difference = diffMarkdown(document.markdown, compared.markdown);
      comparisons.push({ ...other, document: compared, difference });
    }
    const { decisions } = document;
    return {
      url: input.url,
      options: chosen,
      document,
      decisions: decisions?.slice(0, MAX_DECISIONS) ?? [],
      decisionCount: decisions?.length ?? 0,
      characters: decisions ? { kept: sumOf(decisions, true), removed: sumOf(decisions, false) } : null,
      comparisons,
    };
  });
}

async function readSource(
  context: Context,
  viewer: Viewer,
  source: PreviewSource,
  signal: AbortSignal,
): Promise<{ input: DocumentInput; websiteId?: string }> {
  if ("url" in source) return { input: (await fetchPage(context, source, signal)).input };
  if ("html" in source) {
    const body = new TextEncoder().encode(source.html);
    return { input: { url: source.baseUrl, body, contentType: "text/html; charset=utf-8" } };
  }
  const { page, body, contentType } = await getRaw(context.db, viewer, source.pageId);
  return { input: { url: page.url, body, contentType }, websiteId: page.websiteId };
}

async function findWebsiteOptions({ db }: Context, viewer: Viewer, id: string | undefined) {
  return id === undefined ? undefined : ((await getWebsite(db, viewer, id)).options as Partial<ExtractFields>);
}

function sumOf(decisions: readonly Decision[], isKept: boolean): number {
  return decisions.reduce((sum, decision) => sum + (decision.isKept === isKept ? decision.characters : 0), 0);
}
