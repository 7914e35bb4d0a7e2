import { eq } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import type { Db } from "../db/db.ts";
import { websites } from "../db/schema/websites.ts";

const CHANNEL = "websites";

/** `list`: there is one more or one less, or one has another name. `index`: what is built from its pages is up to them. */
export type WebsiteNews = { kind: "list" | "index"; userId: string; websiteId: string };

/** Tells all instances, after the commit; of a deleted website too. */
export async function announceWebsite(
  { db, cache }: { db: Db; cache: Cache },
  kind: WebsiteNews["kind"],
  websiteId: string,
): Promise<void> {
  const { id, userId } = websites;
  const [website] = await db.select({ userId }).from(websites).where(eq(id, websiteId));
  if (website) await cache.publish(CHANNEL, `${kind}:${website.userId}:${websiteId}`);
}

/** Returns how to stop listening. News may be missed, as those of any cache. */
export function listenForWebsites(cache: Cache, listener: (news: WebsiteNews) => void): () => void {
  return cache.subscribe(CHANNEL, (message) => {
    const [kind, userId = "", websiteId = ""] = message.split(":");
    if (kind === "list" || kind === "index") listener({ kind, userId, websiteId });
  });
}
