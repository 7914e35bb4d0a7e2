import type { App } from "../app.ts";
import { findTrackedWebsite } from "../changes/tracked-website.ts";
import { tellMoved, tellNew, tellRemoved, tellUnlinked } from "./conclusion-changes.ts";
import { countMissing, weighMissing } from "./conclusion-count.ts";
import { isMissing, type LostPage, listLostPages } from "./conclusion-log.ts";
import { findTwins, listMissing, type Twins } from "./conclusion-twins.ts";
import type { Crawl } from "./crawls.ts";

export type ConclusionContext = Pick<App, "db" | "log">;

/** How many pages were told as what. */
export type Conclusion = { new: number; moved: number; removed: number };

/**
 * Tells what only a crawl as a whole can tell: which pages are new, which are gone and which have moved. It goes by the
 * crawl's log and what is known of the pages:
 *
 * - 410 is a removal at once. 404, 451, a page that says that it is not there, and a redirect to the start page, or to where
 *   more than three others lead, are one when they last (`removed_after_visits`, `removed_after_s`). Other errors, walls
 *   and sign-ins say nothing, nor does a host that is failing as a whole; see `weighMissing`.
 * - A redirect for good (301, 308) to a page that answers, or out of the website, is a move at once; one for the time being
 *   (302, 303, 307) when it lasts.
 * - A page that is not there, while its text or nearly the same is on a new page, has moved to that one.
 * - A page that answers, and that no link, sitemap or seed leads to any more, is missing too, where a complete crawl shows it.
 * - New pages that are none of those are told as new, also those of earlier crawls that came to no conclusion.
 *
 * A website's first crawl finds nothing of this. Each step writes in transactions of its own and is safe to repeat, so a
 * conclusion that was broken off is made again as a whole.
 */
export async function concludeCrawl({ db, log }: ConclusionContext, crawl: Crawl, now: Date): Promise<Conclusion> {
  const website = await findTrackedWebsite(db, crawl.websiteId);
  if (!website) return { new: 0, moved: 0, removed: 0 };
  const lost = crawl.isBaseline ? [] : await listLostPages(db, crawl, website.url);
  const away = [
    ...lost.filter(isMissing).map(({ id }) => id),
    ...(crawl.isBaseline ? [] : await listMissing(db, website.id)),
  ];
  const twins = await findTwins(db, website, [...new Set(away)]);
  const left = withoutTwins(lost, twins);
  const missings = await weighMissing(db, crawl, left, website.tracking);
  await countMissing(db, crawl.id, missings, now);
  if (crawl.isBaseline) return { new: 0, moved: 0, removed: 0 };

  const writing = { db, scope: { website, crawlId: crawl.id }, now };
  const settled = left.filter(({ id }) => missings.settled.has(id));
  const twinIds = new Set(twins.map(({ oldId }) => oldId));
  const redirected = settled.flatMap(({ id, finding }) =>
    finding.kind === "moved" && !twinIds.has(id) ? [{ id, to: finding.to, reason: "redirect" as const }] : [],
  );
  const moved = await tellMoved(writing, [
    ...twins.map(({ oldId, newUrl }) => ({ id: oldId, to: newUrl, reason: "same_content" as const })),
    ...redirected,
  ]);
  const gone = await tellRemoved(writing, settled.filter(isMissing), website.tracking);
  const unlinked = missings.links?.unlinked.map(({ id }) => id) ?? [];
  const removed = gone.removed + (await tellUnlinked(writing, unlinked, website.tracking));
  const conclusion = { new: await tellNew(writing), moved: moved + gone.moved, removed };
  log.info("crawl concluded", { crawlId: crawl.id, ...conclusion });
  return conclusion;
}

/** Those that have moved say nothing against their host: to it they are as good as there. */
function withoutTwins(lost: readonly LostPage[], twins: readonly Twins[]): LostPage[] {
  const newUrls = new Map(twins.map(({ oldId, newUrl }) => [oldId, newUrl]));
  return lost.map((page) => {
    const to = newUrls.get(page.id);
    return to === undefined ? page : { ...page, finding: { kind: "moved", to } };
  });
}
