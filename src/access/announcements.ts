import type { Cache } from "../cache.ts";
import type { Principal } from "./principal.ts";

const CHANNEL = "access";

/** Whose access changed: a user's altogether, or that of one key. */
export type AccessChange = { userId: string } | { keyId: string };

/**
 * Tells all instances to forget what they remember of a user or a key. To be called once the change is committed: an
 * instance that looks before would remember the old state again.
 */
export async function announceChange(cache: Cache, change: AccessChange): Promise<void> {
  await cache.publish(CHANNEL, "userId" in change ? `user:${change.userId}` : `key:${change.keyId}`);
}

/** Whether a change is of what this principal may do. */
export function concerns(change: AccessChange, { userId, keyId }: Principal): boolean {
  return "userId" in change ? change.userId === userId : change.keyId === keyId;
}

/** Returns how to stop listening. */
export function listenForChanges(cache: Cache, listener: (change: AccessChange) => void): () => void {
  return cache.subscribe(CHANNEL, (message) => {
    const [kind, id = ""] = message.split(":");
    if (kind === "user") listener({ userId: id });
    if (kind === "key") listener({ keyId: id });
  });
}
