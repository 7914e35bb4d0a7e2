import { eq, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { LOCAL_USER_ID } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";

/** On whose behalf rows are read and changed: a user's own, or everybody's for an administrator. */
export type Viewer = { userId: string; seesAll: boolean };

/** The person at the keyboard of this machine, and everybody while access control is off. */
export const LOCAL_VIEWER: Viewer = { userId: LOCAL_USER_ID, seesAll: true };

/** Condition for websites, and through a join for whatever hangs on them; or for what has another column of its user. */
export function isOwnedBy({ userId, seesAll }: Viewer, column: PgColumn = websites.userId): SQL | undefined {
  return seesAll ? undefined : eq(column, userId);
}
