import { ParseError, type ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import { getRawOf, type StoredDocument } from "../pages/document.ts";
import type { Page } from "../pages/pages.ts";
import { hasSelectors, type NoiseRules, withoutNoise } from "./tracking.ts";

/** A version of a page, as it is stored or about to be. */
export type ComparedVersion = {
  /** Of the page, canonical. */
  url: string;
  markdown: string;
  /** What the server sent; `undefined` when it is kept no longer. Asked for only where rules have selectors. */
  readRaw: () => Promise<{ body: Uint8Array<ArrayBuffer>; contentType: string | null } | undefined>;
};

/** A stored version, whose body is read when it is needed. */
export function toCompared(db: Db, page: Page, document: StoredDocument): ComparedVersion {
  const readRaw = () =>
    getRawOf(db, page, document).catch((error) => {
      if (error instanceof AppError && error.reason === "not_found") return undefined;
      throw error;
    });
  return { url: page.url, markdown: document.markdown, readRaw };
}

/**
 * The text that is compared. Where the rules have selectors it is made from the body anew, and from the stored Markdown
 * when there is no body, or none that can be read.
 * @throws AppError `unavailable` when there is no room or time to read a body now
 */
export async function comparableText(
  { parser }: { parser: ParserPool },
  version: ComparedVersion,
  rules: NoiseRules,
  signal?: AbortSignal,
): Promise<string> {
  const markdown = hasSelectors(rules) ? await readSelected(parser, version, rules, signal) : undefined;
  return withoutNoise(markdown ?? version.markdown, rules);
}

/**
 * The texts of two versions, made the same way: when one of them can't be made from its body, neither is, since all that
 * the selectors leave out would count as changed.
 * @throws AppError as `comparableText`
 */
export async function comparableTexts(
  { parser }: { parser: ParserPool },
  before: ComparedVersion,
  after: ComparedVersion,
  rules: NoiseRules,
  signal?: AbortSignal,
): Promise<[before: string, after: string]> {
  const stored = (version: ComparedVersion) => withoutNoise(version.markdown, rules);
  if (!hasSelectors(rules)) return [stored(before), stored(after)];
  const was = await readSelected(parser, before, rules, signal);
  const is = was === undefined ? undefined : await readSelected(parser, after, rules, signal);
  if (was === undefined || is === undefined) return [stored(before), stored(after)];
  return [withoutNoise(was, rules), withoutNoise(is, rules)];
}

/**
 * All that the page says, by the same rules: its main content, and what it is chosen from. `undefined` when its body is
 * not there, or can't be read.
 */
export async function wholeText(
  { parser }: { parser: ParserPool },
  version: ComparedVersion,
  rules: NoiseRules,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const markdown = await readSelected(parser, version, rules, signal, "page");
  return markdown === undefined ? undefined : withoutNoise(markdown, rules);
}

async function readSelected(
  parser: ParserPool,
  { url, readRaw }: ComparedVersion,
  { includeSelectors, removeSelectors }: NoiseRules,
  signal: AbortSignal | undefined,
  content: "main" | "page" = "main",
): Promise<string | undefined> {
  const raw = await readRaw();
  if (!raw) return undefined;
  const selectors = { includeSelectors: [...includeSelectors], excludeSelectors: [...removeSelectors] };
  try {
    return (await parser.parse({ url, ...raw, ...selectors, content }, signal)).document.markdown;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    // That there is no room or time for it now says nothing of the page.
    if (error.code !== "queue_full" && error.code !== "cancelled") return undefined;
    throw new AppError("unavailable", error.message, { code: error.code, cause: error });
  }
}
