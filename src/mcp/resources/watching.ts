import { and, eq, gte, inArray, or } from "drizzle-orm";
import { type Principal, toViewer } from "../../access/principal.ts";
import { canonicalizeUrl, hashUrl } from "../../crawl/url.ts";
import { pages } from "../../db/schema/pages.ts";
import { listenForWebsites } from "../../websites/announcements.ts";
import type { McpContext } from "../call.ts";
import { findWebsiteBy, isId, mayMean } from "../references.ts";
import { readAddress, WEBSITES_URI } from "./addresses.ts";

export type ResourceEvent = { kind: "list" } | { kind: "updated"; uri: string };

/** More changed pages at once are not looked through for those that are subscribed to. */
const MAX_SUBSCRIBED = 1_000;

/**
 * Tells when the list of resources has changed for this principal, or one that is subscribed to. What is told may be
 * missed, as all messages between instances.
 * @returns how to stop
 */
export function watchResources(
  context: McpContext,
  principal: Principal,
  subscriptions: ReadonlySet<string>,
  tell: (event: ResourceEvent) => void,
): () => void {
  const viewer = toViewer(principal);
  const beganAt = context.clock.now();
  const lookedAt = new Map<string, Date>();
  const stopped = new AbortController();

  const tellUpdated = async (websiteId: string) => {
    const since = lookedAt.get(websiteId) ?? beganAt;
    lookedAt.set(websiteId, context.clock.now());
    const uris = [...subscriptions].slice(0, MAX_SUBSCRIBED);
    const changed = await findUpdated(context, principal, { uris, websiteId, since });
    if (!stopped.signal.aborted) for (const uri of changed) tell({ kind: "updated", uri });
  };

  const leave = listenForWebsites(context.cache, ({ kind, userId, websiteId }) => {
    if (!viewer.seesAll && viewer.userId !== userId) return;
    // What was built may be its first llms.txt.
    tell({ kind: "list" });
    if (subscriptions.has(WEBSITES_URI)) tell({ kind: "updated", uri: WEBSITES_URI });
    if (kind === "list" || subscriptions.size === 0) return;
    tellUpdated(websiteId).catch((error: unknown) => {
      context.log.warn("subscribers not told", { websiteId, error });
    });
  });
  return () => {
    stopped.abort();
    leave();
  };
}

type Asked = { uris: readonly string[]; websiteId: string; since: Date };

/** Which of some URIs are about a website, or a page of it whose text is another since then. */
async function findUpdated(
  { store }: McpContext,
  principal: Principal,
  { uris, websiteId, since }: Asked,
): Promise<string[]> {
  return store.read(async (db) => {
    const website = await findWebsiteBy(db, toViewer(principal), websiteId);
    if (!website) return [];
    const updated: string[] = [];
    const uriOfPage = new Map<string, string>();
    for (const uri of uris) {
      const address = readAddress(uri);
      if (!address || address.kind === "websites") continue;
      if (address.kind === "page") uriOfPage.set(keyOf(address.page), uri);
      else if (mayMean(website, address.website)) updated.push(uri);
    }
    const keys = [...uriOfPage.keys()];
    if (keys.length === 0) return updated;
    const { id, urlHash } = pages;
    const changed = await db
      .select({ id, urlHash })
      .from(pages)
      .where(
        and(
          eq(pages.websiteId, websiteId),
          gte(pages.lastChangedAt, since),
          or(inArray(id, keys), inArray(urlHash, keys)),
        ),
      );
    const found = changed.flatMap((page) => [page.id, page.urlHash]);
    return [...updated, ...found.flatMap((key) => uriOfPage.get(key) ?? [])];
  });
}

/** By what a page is looked up: its id, or its URL's hash, which are both UUIDs. */
function keyOf(page: string): string {
  return isId(page) ? page.toLowerCase() : hashUrl(canonicalizeUrl(page, undefined, { mode: "keep" }) ?? page);
}
