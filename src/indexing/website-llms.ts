import type { Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import type { LlmsOptions } from "../llms/llms-options.ts";
import { setLlmsOptions } from "../llms/website-llms.ts";
import { queueIndexing } from "./index-website-job.ts";

/**
 * Replaces how a website's lists are made, and has them built anew.
 * @throws AppError `not_found`, or `invalid` with the place of each fault
 */
export async function changeLlmsOptions(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  given: Record<string, unknown>,
): Promise<LlmsOptions> {
  return db.transaction(async (tx) => {
    const options = await setLlmsOptions(tx, viewer, websiteId, given);
    await queueIndexing(tx, websiteId);
    return options;
  });
}
