import { type SQL, sql } from "drizzle-orm";
import { type ChangeKind, markdownDocuments, pageChanges, pages } from "../db/schema/pages.ts";

/**
 * What is left of a website's changes between two times, a row a page; those whose `kind` is null are as they were. Where
 * a page was and is, is told by the first and the last of its changes: one that is new or restored was not there before,
 * one that is removed or moved is not there after. Texts are compared by the documents that these changes name, since a
 * page may have changed and changed back. A page to which another one moved is a part of that move.
 */
export function netChanges(websiteId: string, { from, to }: { from: { at: Date }; to: { at: Date } }) {
  const net = sql`(
    with found as materialized (
      select page_id, kind, from_document_id, to_document_id, from_version, to_version, to_url, reason, share,
        detected_at, id
      from ${pageChanges}
      where website_id = ${websiteId}::uuid
        and detected_at > ${from.at.toISOString()}::timestamptz and detected_at <= ${to.at.toISOString()}::timestamptz
    ), of_page as materialized (
      select page_id,
        ${first("kind")} as first_kind, ${last("kind")} as last_kind,
        ${first("from_document_id", true)} as from_document_id, ${first("from_version", true)} as from_version,
        ${last("to_document_id", true)} as to_document_id, ${last("to_version", true)} as to_version,
        ${last("to_url")} as to_url, ${last("reason")} as reason,
        bool_or(kind = 'changed') as has_changed, max(share) as share, count(*)::int as changes,
        max(detected_at) as changed_at
      from found group by page_id
    ), arrival as (
      select distinct of_page.to_url from of_page
      where of_page.last_kind = 'moved' and of_page.first_kind not in ('new', 'restored')
    ), placed as (
      select of_page.*, page.url, page.title,
        first_kind not in ('new', 'restored') and (arrival.to_url is null or page.first_seen_at <= ${from.at.toISOString()}::timestamptz) as was_there,
        last_kind not in ('removed', 'moved') as is_there,
        arrival.to_url is not null as is_arrival
      from of_page
      join ${pages} page on page.id = of_page.page_id
      left join arrival on arrival.to_url = page.url
    )
    select placed.page_id, placed.url, placed.title, placed.from_version, placed.from_document_id,
      coalesce(target.to_version, placed.to_version) as to_version,
      coalesce(target.to_document_id, placed.to_document_id) as to_document_id,
      case
        when placed.last_kind <> 'moved' or target.last_kind = 'removed' then null
        when target.last_kind = 'moved' then target.to_url
        else placed.to_url
      end as to_url,
      case when target.last_kind = 'removed' then target.reason else placed.reason end as reason, greatest(placed.share, target.share) as share, placed.changes,
      greatest(placed.changed_at, target.changed_at) as changed_at,
      case
        when placed.was_there and placed.is_there then
          case when placed.from_version = placed.to_version or former.content_hash = latter.content_hash then null
            when former.id is null and latter.id is null and not placed.has_changed then null
            else 'changed' end
        when placed.was_there then
          case when placed.last_kind = 'moved' and target.last_kind = 'removed' then 'removed' else placed.last_kind end
        when placed.is_there and not placed.is_arrival then placed.first_kind
        when placed.last_kind = 'moved' and target.last_kind is distinct from 'removed' then placed.first_kind
      end as kind
    from placed
    left join placed target on placed.last_kind = 'moved' and target.url = placed.to_url and target.page_id <> placed.page_id
    left join ${markdownDocuments} former on former.id = placed.from_document_id
    left join ${markdownDocuments} latter on latter.id = placed.to_document_id
  ) as net`;
  return { from: net, columns };
}

const columns = {
  pageId: sql<string>`net.page_id`,
  url: sql<string>`net.url`,
  title: sql<string | null>`net.title`,
  // Those without one are left out by whoever asks.
  kind: sql<ChangeKind>`net.kind`,
  fromVersion: sql<number | null>`net.from_version`,
  toVersion: sql<number | null>`net.to_version`,
  fromDocumentId: sql<string | null>`net.from_document_id`,
  toDocumentId: sql<string | null>`net.to_document_id`,
  toUrl: sql<string | null>`net.to_url`,
  reason: sql<string | null>`net.reason`,
  share: sql<number | null>`net.share`,
  changes: sql<number>`net.changes`,
  changedAt: sql<Date>`net.changed_at`.mapWith(pageChanges.detectedAt),
};

/** A column of a page's first change, or of the first that has it. All go by one order, so that rows are sorted once. */
function first(column: string, hasIt = false): SQL {
  return pick(column, "1", hasIt);
}

function last(column: string, hasIt = false): SQL {
  return pick(column, hasIt ? `count(${column})::int` : "count(*)::int", hasIt);
}

function pick(column: string, place: string, hasIt: boolean): SQL {
  const filter = hasIt ? ` filter (where ${column} is not null)` : "";
  return sql.raw(`(array_agg(${column} order by detected_at, id)${filter})[${place}]`);
}
