import type { Cache } from "../cache.ts";

const CHANNEL = "websites";

/** `list`: there is one more or one less, or one has another name. `index`: what is built from its pages is up to them. */
export type WebsiteNews = { kind: "list" | "index"; userId: string; websiteId: string };

/** Tells all instances, after the commit. */
export async function announceWebsite(cache: Cache, { kind, userId, websiteId }: WebsiteNews): Promise<void> {
  await cache.publish(CHANNEL, `${kind}:${userId}:${websiteId}`);
}

/** Returns how to stop listening. News may be missed, as those of any cache. */
export function listenForWebsites(cache: Cache, listener: (news: WebsiteNews) => void): () => void {
  return cache.subscribe(CHANNEL, (message) => {
    const [kind, userId = "", websiteId = ""] = message.split(":");
    if (kind === "list" || kind === "index") listener({ kind, userId, websiteId });
  });
}
