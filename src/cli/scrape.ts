import { openWeb } from "../app.ts";
import { loadSettings } from "../config/config.ts";
import { toChunks } from "../content/chunks.ts";
import { toPlainText } from "../content/plain-text.ts";
import { type ExtractFields, findSelectorFaults, toExtractOptions } from "../crawl/extract-options.ts";
import { type Scraped, scrape } from "../crawl/scrape.ts";
import { AppError } from "../errors.ts";
import { explainDocument } from "./explanation.ts";
import { listenForInterrupt, writeOut } from "./terminal.ts";

export type ScrapeFlags = {
  config?: string;
  format: "markdown" | "html" | "text" | "links" | "json";
  content: "main" | "page";
  /** Milliseconds. */
  timeout: number;
  /** False with `--no-robots`. */
  robots: boolean;
  includeSelector?: string[];
  excludeSelector?: string[];
  /** False with `--no-images`. */
  images: boolean;
  /** False with `--no-links`. */
  links: boolean;
  navigation?: boolean;
  explain?: boolean;
  chunks?: boolean;
  chunkTokens?: number;
  chunkOverlap?: number;
};

/**
 * Prints one page. Needs no database and keeps nothing.
 * @returns the exit code
 */
export async function scrapeCommand(url: string, flags: ScrapeFlags): Promise<number> {
  const options = readOptions(flags);
  const { config, origins } = loadSettings({ file: flags.config });
  // One page is fetched: nothing outlives the process that Redis could hold, and only errors are worth a line.
  const own = { PARSER_THREADS: 1, REDIS_URL: undefined, REDIS_HOST: undefined };
  const LOG_LEVEL = origins.LOG_LEVEL.startsWith("default") ? "error" : config.LOG_LEVEL;
  const host = URL.parse(url)?.host;
  const web = openWeb({ ...config, ...own, LOG_LEVEL }, { allow: host ? [host] : [] });
  const interrupt = listenForInterrupt();
  try {
    const { robots, timeout: timeoutMs, explain = false } = flags;
    const scraped = await scrape(web, { url, robots, timeoutMs, explain, ...options }, interrupt.signal);
    await writeOut(render(scraped, flags));
    return 0;
  } catch (error) {
    const code = interrupt.exitCode();
    if (code !== undefined) return code;
    throw error;
  } finally {
    interrupt.dispose();
    await web.close();
  }
}

/** @throws AppError `invalid` naming the flag of a selector that is none */
function readOptions(flags: ScrapeFlags) {
  const given: Partial<ExtractFields> = {
    content: flags.content,
    include_selectors: flags.includeSelector ?? [],
    exclude_selectors: flags.excludeSelector ?? [],
    images: flags.images,
    links: flags.links,
    navigation: flags.navigation ?? false,
  };
  const [fault] = findSelectorFaults(given);
  if (fault) {
    const flag = fault.at.startsWith("/include") ? "--include-selector" : "--exclude-selector";
    throw new AppError("invalid", `${flag}: ${fault.message}`);
  }
  return toExtractOptions(given);
}

function render(scraped: Scraped, { format, explain, chunks, chunkTokens, chunkOverlap }: ScrapeFlags): string {
  const { document, html } = scraped;
  if (chunks) {
    const { markdown, title, headings } = document;
    const passages = toChunks(markdown, { title, headings, maxTokens: chunkTokens, overlapTokens: chunkOverlap });
    return passages.map((chunk) => `${JSON.stringify(toSnakeCase(chunk))}\n`).join("");
  }
  if (explain && format === "markdown") return explainDocument(document);
  switch (format) {
    case "markdown":
      return endLine(document.markdown);
    case "text":
      return toPlainText(document.markdown);
    case "html":
      if (html === null)
        throw new AppError("unprocessable", `${scraped.finalUrl} is ${document.contentType}, which is no text`);
      return html;
    case "links":
      return document.links.map(({ url }) => `${url}\n`).join("");
    case "json":
      return `${JSON.stringify(toJson(scraped), null, 2)}\n`;
  }
}

function toJson({ document, html: _, fetchedAt, ...scraped }: Scraped): Record<string, unknown> {
  const { simhash, quality, decisions, ...rest } = document;
  return {
    url: scraped.url,
    final_url: scraped.finalUrl,
    status: scraped.status,
    fetched_at: fetchedAt.toISOString(),
    duration_ms: Math.round(scraped.durationMs),
    redirects: scraped.redirects,
    document: {
      ...toSnakeCase(rest),
      simhash: String(simhash),
      quality: toSnakeCase(quality),
      ...(decisions ? { decisions: decisions.map(toSnakeCase) } : {}),
    },
  };
}

/** The names of the first level; what lies below is the page's own. */
function toSnakeCase(object: Record<string, unknown>): Record<string, unknown> {
  const rename = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [rename(name), value]));
}

function endLine(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
