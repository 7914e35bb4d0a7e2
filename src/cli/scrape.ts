import { openWeb } from "../app.ts";
import { loadSettings } from "../config/config.ts";
import { toPlainText } from "../content/plain-text.ts";
import { type Scraped, scrape } from "../crawl/scrape.ts";
import { AppError } from "../errors.ts";
import { listenForInterrupt, writeOut } from "./terminal.ts";

export type ScrapeFlags = {
  config?: string;
  format: "markdown" | "html" | "text" | "links" | "json";
  content: "main" | "page";
  /** Milliseconds. */
  timeout: number;
  /** False with `--no-robots`. */
  robots: boolean;
};

/**
 * Prints one page. Needs no database and keeps nothing.
 * @returns the exit code
 */
export async function scrapeCommand(url: string, flags: ScrapeFlags): Promise<number> {
  const { config, origins } = loadSettings({ file: flags.config });
  // One page is fetched: nothing outlives the process that Redis could hold, and only errors are worth a line.
  const own = { PARSER_THREADS: 1, REDIS_URL: undefined, REDIS_HOST: undefined };
  const LOG_LEVEL = origins.LOG_LEVEL.startsWith("default") ? "error" : config.LOG_LEVEL;
  const host = URL.parse(url)?.host;
  const web = openWeb({ ...config, ...own, LOG_LEVEL }, { allow: host ? [host] : [] });
  const interrupt = listenForInterrupt();
  try {
    const { content, robots, timeout: timeoutMs } = flags;
    const scraped = await scrape(web, { url, content, robots, timeoutMs }, interrupt.signal);
    await writeOut(render(scraped, flags.format));
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

function render(scraped: Scraped, format: ScrapeFlags["format"]): string {
  const { document, html } = scraped;
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
  const { simhash, ...rest } = document;
  return {
    url: scraped.url,
    final_url: scraped.finalUrl,
    status: scraped.status,
    fetched_at: fetchedAt.toISOString(),
    duration_ms: Math.round(scraped.durationMs),
    redirects: scraped.redirects,
    document: { ...toSnakeCase(rest), simhash: String(simhash) },
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
