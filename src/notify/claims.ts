import { and, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { deliveries } from "../db/schema/notifications.ts";

export type Delivery = typeof deliveries.$inferSelect;

/** Deliveries that are sent by one claim, so many of them at a time. */
const CLAIMED = 16;
export const SIDE_BY_SIDE = 4;

/** Beyond the time that all of a claim may take to be sent. */
const MARGIN_MS = 30_000;

/** Until when a claim holds. */
export function claimUntil(now: Date, timeoutMs: number): Date {
  return new Date(now.getTime() + timeoutMs * Math.ceil(CLAIMED / SIDE_BY_SIDE) + MARGIN_MS);
}

/**
 * Takes what is due to a channel, of each page the first alone: the next one's turn is when that has arrived or was given
 * up. Nobody else takes the same before `until`. A process that dies meanwhile has made an attempt: what it had taken is
 * sent again then.
 */
export async function claimDue(db: Db, channelId: string, now: Date, until: Date): Promise<Delivery[]> {
  const d = deliveries;
  const at = now.toISOString();
  // Row by row along two indexes: very many may wait for a channel.
  const due = sql`
    select ${d.id} as id from ${d}
    where ${d.channelId} = ${channelId} and ${d.state} = 'pending' and ${d.nextAttemptAt} <= ${at}::timestamptz
      and (${d.pageId} is null or not exists (
        select 1 from ${d} earlier
        where earlier.channel_id = ${d.channelId} and earlier.page_id = ${d.pageId} and earlier.state = 'pending'
          and earlier.event_id < ${d.eventId}))
    order by ${d.eventId} limit ${CLAIMED}`;
  const result = await db.execute(sql`
    with due as (${due}),
    taken as (
      select ${d.id} from ${d}
      where ${d.id} in (select id from due) and ${d.state} = 'pending' and ${d.nextAttemptAt} <= ${at}::timestamptz
      for update skip locked)
    update ${d} set attempts = ${d.attempts} + 1, next_attempt_at = ${until.toISOString()}::timestamptz
    where ${d.id} in (select id from taken) returning ${d.id} as id`);
  const ids = rowsOf<{ id: string }>(result).map(({ id }) => id);
  if (ids.length === 0) return [];
  const rows = await db.select(getTableColumns(d)).from(d).where(inArray(d.id, ids));
  return rows.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
}

/** Gives back what was taken and not sent, as if it had not been taken. */
export async function handBack(db: Db, taken: readonly Delivery[], now: Date): Promise<void> {
  if (taken.length === 0) return;
  const ids = taken.map(({ id }) => id);
  await db
    .update(deliveries)
    .set({ nextAttemptAt: now, attempts: sql`greatest(${deliveries.attempts} - 1, 0)` })
    .where(and(inArray(deliveries.id, ids), eq(deliveries.state, "pending")));
}
