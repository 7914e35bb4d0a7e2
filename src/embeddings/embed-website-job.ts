import type { Db } from "../db/db.ts";

/** Has the passages of a website embedded that are not yet. Commits with the transaction; nothing without an endpoint. */
export async function queueEmbedding(_tx: Db, _websiteId: string): Promise<void> {
  throw new Error("to be written");
}
