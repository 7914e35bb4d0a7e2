import { and, between, eq, inArray, or, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { frontier } from "../db/schema/crawls.ts";
import { type PageState, pages } from "../db/schema/pages.ts";
import type { Crawl } from "./crawls.ts";
import { hashUrl } from "./url.ts";

/** Rows of one query. */
const BATCH = 1_000;
/** A chain that the crawl followed is no longer. */
const MAX_HOPS = 12;
/** A page that so many others lead to in one crawl is where the website sends whatever it does not have. */
const MAX_PREDECESSORS = 3;

/** A page that was known before the crawl and did not answer well in it. */
export type LostPage = {
  id: string;
  urlHash: string;
  url: string;
  host: string;
  state: PageState;
  missingSince: Date | null;
  missingVisits: number;
  visitedAt: Date;
  finding: Finding;
};

/** What the crawl's log says of a page. */
export type Finding =
  /** Gone for good, as its server says (RFC 9110 §15.5.11). */
  | { kind: "gone"; reason: "http_410" }
  /** Not there; `to` is where a redirect that is not for good leads. */
  | { kind: "absent"; reason: "http_404" | "http_451" | "soft_404" | "redirect"; to?: string }
  /** For good, as its server says, to another page that answers, or to another website. */
  | { kind: "moved"; to: string }
  /** An error, or something in the page's place: it says nothing about the page itself. */
  | { kind: "failing" }
  /** Where its redirect leads was not looked at. */
  | { kind: "unknown" };

/** It is not there, as far as the crawl can tell. */
export const isMissing = ({ finding: { kind } }: LostPage): boolean => kind === "absent" || kind === "gone";

type LogRow = {
  urlHash: string;
  url: string;
  state: string;
  status: number | null;
  outcome: string | null;
  message: string | null;
};

const logColumns = {
  urlHash: frontier.urlHash,
  url: frontier.url,
  state: frontier.state,
  status: frontier.status,
  outcome: frontier.outcome,
  message: frontier.message,
};

const ANSWERED = ["created", "changed", "unchanged"];
/** The server speaks of the page, and not of itself or of whoever asks (401, 403, 429) or how (400, 405). */
const ABSENT = { http_404: "http_404", http_451: "http_451", soft_404: "soft_404" } as const;
const ELSEWHERE = "Redirects to ";

/**
 * Pages that the website had before, with a document, and that did not answer well in this crawl, and what that means.
 * Pages that were told as removed or moved are none of them, nor those whose appearance is yet to be told.
 */
export async function listLostPages(db: Db, crawl: Crawl, startUrl: string): Promise<LostPage[]> {
  const rows: (Omit<LostPage, "finding"> & { log: LogRow })[] = [];
  let after: number | undefined;
  do {
    const batch = await listBatch(db, crawl, after);
    after = batch.length === BATCH ? batch.at(-1)?.seq : undefined;
    for (const { page, log, visitedAt } of batch) rows.push({ ...page, log, visitedAt: visitedAt ?? crawl.createdAt });
  } while (after !== undefined);
  const targets = await readTargets(
    db,
    crawl.id,
    rows.map(({ log }) => log),
  );
  const starts = new Set([startUrl, ...crawl.seeds]);
  const found = rows.map(({ log, ...page }) => ({ ...page, finding: judge(log, targets, starts) }));
  return withoutCatchAlls(found);
}

function listBatch(db: Db, crawl: Crawl, after: number | undefined) {
  const { id, urlHash, url, host, state, missingSince, missingVisits } = pages;
  return db
    .select({
      page: { id, urlHash, url, host, state, missingSince, missingVisits },
      log: logColumns,
      seq: frontier.seq,
      visitedAt: frontier.settledAt,
    })
    .from(frontier)
    .innerJoin(pages, and(eq(pages.websiteId, crawl.websiteId), eq(pages.urlHash, frontier.urlHash)))
    .where(
      and(
        eq(frontier.crawlId, crawl.id),
        after === undefined ? undefined : sql`${frontier.seq} > ${after}`,
        or(
          ...[eq(frontier.state, "failed"), eq(frontier.outcome, "redirected")],
          // Of others that were skipped the crawl knows nothing, and at its limit they are most of a large website.
          and(eq(frontier.state, "skipped"), between(frontier.status, 300, 399)),
        ),
        inArray(pages.state, ["live", "missing"]),
        sql`${pages.documentId} is not null and not ${pages.isNew}`,
      ),
    )
    .orderBy(frontier.seq)
    .limit(BATCH);
}

/** What became of the URLs that redirects lead to, hop by hop; by URL. */
async function readTargets(db: Db, crawlId: string, rows: readonly LogRow[]): Promise<Map<string, LogRow>> {
  const known = new Map(rows.map((row) => [row.url, row]));
  let open = rows;
  for (let hop = 0; hop < MAX_HOPS && open.length > 0; hop++) {
    const asked = new Set(open.flatMap((row) => (row.outcome === "redirected" ? (row.message ?? []) : [])));
    const unknown = [...asked].filter((url) => !known.has(url));
    const found: LogRow[] = [];
    for (let start = 0; start < unknown.length; start += BATCH) {
      const hashes = unknown.slice(start, start + BATCH).map(hashUrl);
      const isOne = and(eq(frontier.crawlId, crawlId), inArray(frontier.urlHash, hashes));
      found.push(...(await db.select(logColumns).from(frontier).where(isOne)));
    }
    for (const row of found) known.set(row.url, row);
    open = found;
  }
  return known;
}

function judge(row: LogRow, targets: ReadonlyMap<string, LogRow>, starts: ReadonlySet<string>): Finding {
  const { state, status, outcome } = row;
  if (outcome === "redirected") return judgeRedirect(row, targets, starts);
  const isRedirect = status !== null && status >= 300 && status < 400;
  if (state === "skipped") return isRedirect ? judgeLeaving(row) : { kind: "unknown" };
  if (outcome === "http_410") return { kind: "gone", reason: "http_410" };
  const reason = ABSENT[outcome as keyof typeof ABSENT];
  return reason ? { kind: "absent", reason } : { kind: "failing" };
}

const isPermanent = (status: number | null) => status === 301 || status === 308;

/** To a page of the crawl. Where only the first hops are for good, the page is where these lead. */
function judgeRedirect(first: LogRow, targets: ReadonlyMap<string, LogRow>, starts: ReadonlySet<string>): Finding {
  let at = first;
  let home = first.url;
  let isForGood = true;
  for (let hop = 0; hop < MAX_HOPS && at.outcome === "redirected"; hop++) {
    const next = targets.get(at.message ?? "");
    isForGood &&= isPermanent(at.status);
    if (!next) return { kind: "unknown" };
    if (isForGood) home = next.url;
    at = next;
  }
  if (isStartPage(at.url, starts) && !isStartPage(first.url, starts) && !isIndexOf(first.url, at.url)) {
    return { kind: "absent", reason: "soft_404", to: at.url };
  }
  if (ANSWERED.includes(at.outcome ?? "") || at.outcome === "noindex") {
    return home === first.url ? { kind: "absent", reason: "redirect", to: at.url } : { kind: "moved", to: home };
  }
  const end = at.outcome === "redirected" ? undefined : judge(at, targets, starts);
  if (end?.kind === "moved") return isForGood ? end : { kind: "absent", reason: "redirect", to: end.to };
  if (end?.kind === "gone" || end?.kind === "absent") return { ...end, kind: "absent", reason: asAbsent(end.reason) };
  return end ?? { kind: "failing" };
}

/** That a redirect's target is gone for good says as much of the page as that it is not there. */
const asAbsent = (reason: (Finding & { kind: "gone" | "absent" })["reason"]) =>
  reason === "http_410" ? "http_404" : reason;

/** To where the crawl does not go. */
function judgeLeaving({ url, status, message }: LogRow): Finding {
  const to = message?.startsWith(ELSEWHERE) ? message.slice(ELSEWHERE.length) : "";
  if (!URL.canParse(to) || to === url) return { kind: "unknown" };
  return isPermanent(status) ? { kind: "moved", to } : { kind: "absent", reason: "redirect", to };
}

function isStartPage(url: string, starts: ReadonlySet<string>): boolean {
  return starts.has(url) || new URL(url).pathname === "/";
}

/** `/index.html` and its like are the start page by another name. */
function isIndexOf(url: string, start: string): boolean {
  const [one, other] = [new URL(url), new URL(start)];
  const folder = one.pathname.replace(/\/(?:index|default|home)(?:\.[a-z]{2,5})?\/?$/i, "/");
  return folder === other.pathname || folder === `${other.pathname}/`;
}

/** Where a website sends whatever it does not have is no page's new place, however permanent it calls that. */
function withoutCatchAlls(found: LostPage[]): LostPage[] {
  const predecessors = new Map<string, number>();
  for (const { url, finding } of found) {
    if (finding.kind !== "moved" || isSamePath(url, finding.to)) continue;
    predecessors.set(finding.to, (predecessors.get(finding.to) ?? 0) + 1);
  }
  return found.map((page) => {
    const { finding } = page;
    if (finding.kind !== "moved" || (predecessors.get(finding.to) ?? 0) <= MAX_PREDECESSORS) return page;
    return { ...page, finding: { kind: "absent", reason: "soft_404", to: finding.to } };
  });
}

function isSamePath(a: string, b: string): boolean {
  const path = (url: string) => new URL(url).pathname.replace(/\/$/, "");
  return path(a) === path(b);
}
