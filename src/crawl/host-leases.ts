import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { hosts } from "../db/schema/crawls.ts";
import type { HostPoliteness, KeptPoliteness } from "./host-politeness.ts";

/**
 * How long a holder that died keeps others from its host; a living one renews well before. By the database's clock, so
 * that machines whose own clocks differ, or are set, agree.
 */
export const LEASE_MS = 10_000;

/** A host that is held, and the token that proves it: whoever takes the host next gets another. */
export type HostLease = { host: string; token: string };

export type HostClaim = HostLease & { crawlId: string; sliceId: string };

/** By the database's clock, too. */
const nowMs = sql`extract(epoch from clock_timestamp()) * 1000`;
const withTime = sql`jsonb_build_object('writtenAtMs', ${nowMs})`;
const withAge = sql`jsonb_build_object('ageMs', ${nowMs} - (h.politeness ->> 'writtenAtMs')::numeric)`;

/**
 * After so long without a renewal somebody else may have the host soon: its holder sends no request before it is renewed.
 * There is time for two renewals to be missed.
 */
export const SURE_MS = 4_000;

/** A lease that ends before was not renewed for so long. */
const unsure = sql`clock_timestamp() + ${`${LEASE_MS - SURE_MS} milliseconds`}::interval`;

const until = sql`clock_timestamp() + ${`${LEASE_MS} milliseconds`}::interval`;

/**
 * Takes a host that nobody holds, or whose holder is dead; or has this very slice, which is run anew since its process was
 * believed dead, unless that has just renewed the lease: then it lives, and sends requests. Either way the host's row stays
 * locked until the transaction ends.
 * @returns how the host was when it was last worked; `undefined` while somebody else holds it
 */
export async function takeHost(
  tx: Db,
  { host, token, crawlId, sliceId }: HostClaim,
): Promise<{ politeness: KeptPoliteness | null } | undefined> {
  const result = await tx.execute(sql`
    insert into ${hosts} as h (host, lease_token, leased_until, slice_id, crawl_id)
    values (${host}, ${token}::uuid, ${until}, ${sliceId}::uuid, ${crawlId}::uuid)
    on conflict (host) do update set lease_token = excluded.lease_token, leased_until = excluded.leased_until,
      slice_id = excluded.slice_id, crawl_id = excluded.crawl_id
    where h.lease_token is null or h.leased_until < clock_timestamp() or (h.slice_id = excluded.slice_id and h.leased_until < ${unsure})
    returning h.politeness || ${withAge} as politeness`);
  return rowsOf<{ politeness: KeptPoliteness | null }>(result)[0];
}

/** Whether the slice's host is held by the very same one, which another process runs. */
export async function isHeldBySame(tx: Db, { host, sliceId }: HostClaim): Promise<boolean> {
  const result = await tx.execute(sql`
    select 1 from ${hosts} h where h.host = ${host} and h.slice_id = ${sliceId}::uuid limit 1`);
  return rowsOf(result).length > 0;
}

/** Keeps hosts, and what is known of them. @returns the tokens that still hold */
export async function renewHosts(
  db: Db,
  leases: readonly (HostLease & { politeness: HostPoliteness | undefined })[],
): Promise<Set<string>> {
  const result = await db.execute(sql`
    update ${hosts} h set leased_until = ${until}, politeness = coalesce(v.politeness || ${withTime}, h.politeness)
    from json_to_recordset(${JSON.stringify(leases)}::text::json) as v(host text, token uuid, politeness jsonb)
    where h.host = v.host and h.lease_token = v.token
    returning h.lease_token as token`);
  return new Set(rowsOf<{ token: string }>(result).map(({ token }) => token));
}

/**
 * Which of these leases hold, and keeps them from being taken until the transaction ends. An expired one holds for as
 * long as nobody else has taken the host.
 */
export async function lockLeases(tx: Db, leases: readonly HostLease[]): Promise<Set<string>> {
  const result = await tx.execute(sql`
    select h.lease_token as token from ${hosts} h
    where (h.host, h.lease_token) in (
      select v.host, v.token from json_to_recordset(${JSON.stringify(leases)}::text::json) as v(host text, token uuid)
    )
    order by h.host for share`);
  return new Set(rowsOf<{ token: string }>(result).map(({ token }) => token));
}

/** Lets go of a host, writing down how it is. @returns false when the lease was lost before */
export async function freeHost(
  tx: Db,
  { host, token }: HostLease,
  politeness: HostPoliteness | undefined,
): Promise<boolean> {
  const result = await tx.execute(sql`
    update ${hosts} h set lease_token = null, leased_until = null, slice_id = null, crawl_id = null,
      politeness = coalesce(${politeness ? JSON.stringify(politeness) : null}::text::jsonb || ${withTime}, h.politeness)
    where h.host = ${host} and h.lease_token = ${token}::uuid
    returning h.host`);
  return rowsOf(result).length > 0;
}

/** Whether slices of a crawl are at work somewhere. */
export async function hasLeases(db: Db, crawlId: string): Promise<boolean> {
  const result = await db.execute(sql`
    select 1 from ${hosts} h
    where h.crawl_id = ${crawlId}::uuid and h.lease_token is not null and h.leased_until > clock_timestamp() limit 1`);
  return rowsOf(result).length > 0;
}

/** Frees every host. Only where no other process can be alive, as with the embedded database. */
export async function freeAllHosts(db: Db): Promise<void> {
  await db.execute(sql`
    update ${hosts} set lease_token = null, leased_until = null, slice_id = null, crawl_id = null
    where lease_token is not null`);
}
