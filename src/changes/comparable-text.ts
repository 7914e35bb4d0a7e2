import { ParseError, type ParserPool } from "../content/parser-pool.ts";
import { hasSelectors, type NoiseRules, withoutNoise } from "./tracking.ts";

/** A version of a page, as it is stored or about to be. */
export type ComparedVersion = {
  /** Of the page, canonical. */
  url: string;
  markdown: string;
  /** What the server sent; `undefined` when it is kept no longer. Asked for only where rules have selectors. */
  readRaw: () => Promise<{ body: Uint8Array<ArrayBuffer>; contentType: string | null } | undefined>;
};

/**
 * The text that is compared. Where the rules have selectors it is made from the body anew, and from the stored Markdown
 * when there is no body, or none that can be read.
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

async function readSelected(
  parser: ParserPool,
  { url, readRaw }: ComparedVersion,
  { includeSelectors, removeSelectors }: NoiseRules,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const raw = await readRaw();
  if (!raw) return undefined;
  const selectors = { includeSelectors: [...includeSelectors], excludeSelectors: [...removeSelectors] };
  try {
    return (await parser.parse({ url, ...raw, ...selectors }, signal)).document.markdown;
  } catch (error) {
    // A page that can't be parsed falls back; that there is no time or room for it now says nothing about the page.
    if (error instanceof ParseError && (error.code === "parse_failed" || error.code === "parse_timeout"))
      return undefined;
    throw error;
  }
}
