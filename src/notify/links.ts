import type { CrawlPayload, DigestEntry, DigestPayload, PagePayload } from "./payload.ts";

/** Absolute URLs by name. */
export type Links = Record<string, string>;

/** Leads from what is told to what the service knows of it; nowhere while it does not know its own address. */
export type Linker = {
  /** `page`, and `change` for people: what it was and is, side by side. */
  ofPage(payload: { page: { id: string }; change: { id: string | undefined } }): Links;
  /** `crawl`; of one that may have found changes also `changes`, and `report` for people. */
  ofCrawl(type: string, payload: Pick<CrawlPayload, "website" | "crawl">): Links;
  /** `changes`; of a single website also `report` for people. */
  ofDigest(payload: DigestPayload): Links;
};

/** @param publicUrl the setting PUBLIC_URL, which may have a path that a proxy puts before the service's own */
export function createLinker(publicUrl: string | undefined): Linker {
  if (publicUrl === undefined) return { ofPage: () => ({}), ofCrawl: () => ({}), ofDigest: () => ({}) };
  const base = publicUrl.endsWith("/") ? publicUrl : `${publicUrl}/`;
  const link = (path: string, query: Record<string, string> = {}) => {
    const url = new URL(`api/v1/${path}`, base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  };
  return {
    ofPage: ({ page, change }) => ({
      page: link(`pages/${page.id}`),
      ...(change.id === undefined ? {} : { change: link(`changes/${change.id}/diff`, SIDE_BY_SIDE) }),
    }),
    ofCrawl: (type, { website, crawl: { id, is_baseline: isBaseline } }) => ({
      crawl: link(`crawls/${id}`),
      // The first crawl finds no changes, and there is nothing before it to compare with.
      ...(ENDS.includes(type) && isBaseline !== true
        ? { changes: link(`websites/${website.id}/changes`, { crawl_id: id }) }
        : {}),
      ...(type === "crawl.completed" && isBaseline === false
        ? { report: link(`websites/${website.id}/diff`, { to_crawl: id, format: "markdown" }) }
        : {}),
    }),
    ofDigest: (payload): Links => {
      const { since, until } = spanOf(payload);
      const { website } = payload;
      if (!website) return { changes: link("changes", { since, until }) };
      return {
        changes: link(`websites/${website.id}/changes`, { since, until }),
        report: link(`websites/${website.id}/diff`, { from: since, to: until, format: "markdown" }),
      };
    },
  };
}

/** A payload as channels are given it; the same where there are no links. */
export function withLinks<Payload extends object>(payload: Payload, links: Links): Payload & { links?: Links } {
  return Object.keys(links).length === 0 ? payload : { ...payload, links };
}

const SIDE_BY_SIDE = { format: "html", view: "side_by_side" };
const ENDS = ["crawl.completed", "crawl.failed"];

/**
 * In which all changes lie that a digest tells of. They were found a little before their events were written down, and
 * the two routes differ in which of their ends count.
 */
function spanOf({ from, to, events }: DigestPayload): { since: string; until: string } {
  const found = events.flatMap((entry) => Date.parse(detectedAtOf(entry) ?? "") || []);
  const first = Math.min(Date.parse(from), ...found);
  return { since: new Date(first - 1).toISOString(), until: new Date(Date.parse(to) + 1).toISOString() };
}

function detectedAtOf({ change }: DigestEntry): string | undefined {
  return (change as Partial<PagePayload["change"]> | undefined)?.detected_at;
}
