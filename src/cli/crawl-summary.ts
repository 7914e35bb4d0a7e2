import { relative } from "node:path";
import { type Crawl, listCrawlUrls } from "../crawl/crawls.ts";
import type { Db } from "../db/db.ts";
import type { WrittenList } from "../export/llms-files.ts";
import type { MarkdownFolderResult } from "../export/markdown-folder.ts";
import { formatBytes, formatCount, formatDuration } from "./quantity.ts";

/** Failed pages that are named one by one. */
const SHOWN_FAILURES = 5;

export type CrawlSummary = {
  crawl_id: string;
  url: string;
  state: Crawl["state"];
  end_reason: string | null;
  pages: Pick<Crawl, "done" | "created" | "changed" | "unchanged" | "redirected" | "failed" | "skipped" | "pending">;
  by_status: Record<string, number>;
  by_failure: Record<string, number>;
  by_skip: Record<string, number>;
  failures: { url: string; code: string | null; message: string | null }[];
  bytes: number;
  /** Of this run of the command. */
  elapsed_ms: number;
  /** Of this run too. */
  pages_per_second: number;
  /** Where the files are; absent when none were asked for. */
  folder?: string;
  files?: { written: number; unchanged: number; removed: number; renamed: number; bytes: number };
  /** `llms.txt` and what goes with it, by the names of their files. */
  lists?: WrittenList[];
};

type Output = { folder: string; files: MarkdownFolderResult | undefined; lists?: WrittenList[] | undefined };

export async function summarize(
  db: Db,
  crawl: Crawl,
  run: {
    url: string;
    output: Output | undefined;
    elapsedMs: number;
    /** What the crawl had done when this run began. */
    doneBefore: number;
  },
): Promise<CrawlSummary> {
  const failed = crawl.failed > 0 ? await listCrawlUrls(db, crawl.id, { state: "failed", limit: SHOWN_FAILURES }) : [];
  const { done, created, changed, unchanged, redirected, failed: failures, skipped, pending } = crawl;
  return {
    crawl_id: crawl.id,
    url: run.url,
    state: crawl.state,
    end_reason: crawl.endReason,
    pages: { done, created, changed, unchanged, redirected, failed: failures, skipped, pending },
    by_status: crawl.byStatus,
    by_failure: crawl.byFailure,
    by_skip: crawl.bySkip,
    failures: failed.map(({ url, outcome, message }) => ({ url, code: outcome, message })),
    bytes: crawl.bytes,
    elapsed_ms: Math.round(run.elapsedMs),
    pages_per_second: Math.round((done - run.doneBefore) / (run.elapsedMs / 10_000)) / 10,
    ...(run.output ? describeOutput(run.output) : {}),
  };
}

function describeOutput({ folder, files: written, lists }: Output): Pick<CrawlSummary, "folder" | "files" | "lists"> {
  if (!written) return { folder, ...(lists ? { lists } : {}) };
  const { displaced, ...files } = written;
  return { folder, files: { ...files, renamed: displaced.length }, ...(lists ? { lists } : {}) };
}

/** The summary for people. */
export function describeSummary(summary: CrawlSummary): string {
  const { pages, files, folder, lists = [] } = summary;
  const seconds = summary.elapsed_ms / 1_000;
  const rows: [string, string][] = [
    [
      "pages",
      [
        formatCount(pages.created, "new", "new"),
        ...named(pages, ["changed", "unchanged", "redirected", "failed"]),
      ].join(", "),
    ],
    ["answers", listCounts(summary.by_status, (status) => status)],
    ["bytes", `${formatBytes(summary.bytes)} read${files ? `, ${formatBytes(files.bytes)} of Markdown` : ""}`],
    ["files", files && folder ? `${countFiles(files)} in ${showPath(folder)}` : ""],
    ["lists", folder && lists.length > 0 ? `${describeLists(lists)} in ${showPath(folder)}` : ""],
    ["left out", listCounts(summary.by_skip, (reason) => SKIP_WORDS[reason] ?? reason.replaceAll("_", " "))],
    ["ended by", describeLimit(summary.end_reason)],
  ];
  const lines = rows.filter(([, text]) => text !== "").map(([name, text]) => `  ${name.padEnd(9)} ${text}`);
  const verb =
    summary.state === "completed" ? "Crawled" : summary.state === "failed" ? "Could not crawl" : "Crawled a part of";
  return [
    `${verb} ${summary.url} in ${formatDuration(summary.elapsed_ms)}${seconds >= 1 ? ` (${summary.pages_per_second.toFixed(1)} pages/s)` : ""}`,
    ...lines,
    ...describeFailures(summary),
  ].join("\n");
}

function countFiles(files: NonNullable<CrawlSummary["files"]>): string {
  return [formatCount(files.written, "written", "written"), ...named(files, ["unchanged", "removed"])].join(", ");
}

/** Those of a text in very many parts are not named one by one. */
function describeLists(lists: readonly WrittenList[]): string {
  const shown = lists.slice(0, 5).map(({ path, bytes }) => `${path} (${formatBytes(bytes)})`);
  const more = lists.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

/** Why nothing could be fetched, in a sentence. */
export async function describeFailure(db: Db, crawl: Crawl, url: string): Promise<string> {
  if (crawl.lastError) return `Nothing of ${url} could be fetched: ${crawl.lastError.message}`;
  const [skipped] = await listCrawlUrls(db, crawl.id, { state: "skipped", limit: 1 });
  const reason = skipped?.message ?? SKIP_WORDS[skipped?.outcome ?? ""] ?? crawl.endReason ?? "the reason is not known";
  return `Nothing of ${url} could be fetched: ${reason}`;
}

const SKIP_WORDS: Record<string, string> = {
  scope: "on other hosts",
  excluded: "excluded",
  not_included: "not included",
  depth: "too many links away",
  type: "of a type that is no page",
  robots: "disallowed by robots.txt",
  nofollow: "marked nofollow",
  noindex: "marked noindex",
  too_long: "with too long an address",
  bad_url: "with no usable address",
  path_repetition: "with repeating paths",
  path_depth: "with too deep paths",
  query_growth: "with ever-growing queries",
  calendar: "in a calendar without end",
  pattern_budget: "of one pattern with too many pages",
  duplicate_farm: "of a pattern that repeats the same content",
  host_budget: "over the budget of their host",
  host_stopped: "on hosts that failed too often",
  limit: "over the crawl's limit",
  canonical: "known under their canonical address",
};

const LIMIT_WORDS: Record<string, string> = {
  max_pages: "the limit of pages; --max-pages sets it",
  max_bytes: "the limit of bytes; --max-bytes sets it",
  max_duration: "the limit of time; --max-duration sets it",
};

function describeLimit(reason: string | null): string {
  return LIMIT_WORDS[reason ?? ""] ?? "";
}

function describeFailures({ failures, pages }: CrawlSummary): string[] {
  if (failures.length === 0) return [];
  const more = pages.failed - failures.length;
  return [
    "Failed:",
    ...failures.map(({ url, message, code }) => `  ${message?.includes(url) ? message : `${url}: ${message ?? code}`}`),
    ...(more > 0 ? [`  and ${formatCount(more, "more", "more")}`] : []),
  ];
}

function listCounts(counts: Record<string, number>, wordOf: (name: string) => string): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) =>
      /^\d+$/.test(name) ? `${name} × ${count.toLocaleString("en")}` : `${count.toLocaleString("en")} ${wordOf(name)}`,
    )
    .join(", ");
}

function named<Name extends string>(counts: Record<Name, number>, names: readonly Name[]): string[] {
  return names.filter((name) => counts[name] > 0).map((name) => `${counts[name].toLocaleString("en")} ${name}`);
}

function showPath(folder: string): string {
  const path = relative(process.cwd(), folder) || ".";
  return path.startsWith("..") ? folder : `./${path.replace(/^\.\/?/, "")}`;
}
