import { and, eq, isNull } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { getWebsite } from "../websites/websites.ts";
import { type LlmsOptions, readLlmsOptions, toDifferences } from "./llms-options.ts";

/** With all defaults filled in. @throws AppError `not_found` */
export async function getLlmsOptions(db: Db, viewer: Viewer, websiteId: string): Promise<LlmsOptions> {
  return readStoredOptions((await getWebsite(db, viewer, websiteId)).llms);
}

/**
 * Replaces all of them; what is not given is as by default. They hold when the website's indexes are built the next time.
 * @throws AppError `not_found`, or `invalid` with the place of each fault
 */
export async function setLlmsOptions(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  given: Record<string, unknown>,
): Promise<LlmsOptions> {
  const options = readLlmsOptions(given);
  const own = and(eq(websites.id, websiteId), isOwnedBy(viewer), isNull(websites.deletedAt));
  const [changed] = await db
    .update(websites)
    .set({ llms: toDifferences(options) })
    .where(own)
    .returning({ id: websites.id });
  if (!changed) throw new AppError("not_found", `There is no website ${websiteId}`);
  return options;
}

/** Options that were right once and are refused by now, as after an update, must not keep lists from being built. */
export function readStoredOptions(stored: Record<string, unknown>): LlmsOptions {
  try {
    return readLlmsOptions(stored);
  } catch (error) {
    if (error instanceof AppError) return readLlmsOptions();
    throw error;
  }
}
