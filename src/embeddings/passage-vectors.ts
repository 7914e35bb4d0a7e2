import { and, asc, eq, gt, inArray, isNull, lte, notExists, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { type FoundExtension, nameIn } from "../db/extensions.ts";
import { indexedWebsites, passages } from "../db/schema/passages.ts";
import type { Embedding } from "./embedding-answer.ts";
import type { EmbeddingModel } from "./models.ts";
import { passageVectors, writeVector } from "./vector-table.ts";

/** A current passage without a row for a model. */
export type MissingPassage = Pick<typeof passages.$inferSelect, "id" | "hash" | "headingPath" | "text">;

/** Vectors that one statement deletes, at least: a passage may have several. */
const DELETED = 2_000;

/** Passages that are looked over at a time, as the embedded database answers nobody else meanwhile. */
const WINDOW = 500;

/** Goes over a website's passages by their ids, and gives those that lack a vector. */
export async function* listMissing(db: Db, model: EmbeddingModel, websiteId: string): AsyncIterable<MissingPassage[]> {
  const { id, hash, headingPath, text, toAt } = passages;
  const known = db
    .select({ one: sql`1` })
    .from(passageVectors)
    .where(and(eq(passageVectors.passageId, id), eq(passageVectors.modelId, model.id)));
  for (let after: string | undefined; ; ) {
    const isLater = and(eq(passages.websiteId, websiteId), after === undefined ? undefined : gt(id, after));
    const ids = db.select({ id }).from(passages).where(isLater).orderBy(asc(id));
    const [last] = await ids.offset(WINDOW - 1).limit(1);
    const missing = await db
      .select({ id, hash, headingPath, text })
      .from(passages)
      .where(and(isLater, last && lte(id, last.id), isNull(toAt), notExists(known)))
      .orderBy(asc(id));
    if (missing.length > 0) yield missing;
    if (!last) return;
    after = last.id;
    // The embedded database answers without a turn for others.
    await new Promise(setImmediate);
  }
}

/** By what was counted when the website was indexed: about how many there are to go. */
export async function countMissing(db: Db, model: EmbeddingModel, websiteId: string): Promise<number> {
  const result = await db.execute(sql`
    select coalesce((select passages from ${indexedWebsites} where website_id = ${websiteId}), 0)::float8
      - (select count(*) from ${passageVectors} where model_id = ${model.id} and website_id = ${websiteId}) as count`);
  return Math.max(0, rowsOf<{ count: number }>(result)[0]?.count ?? 0);
}

/** Gives passages the vectors of others that say the same. @returns the ids of those that got one */
export async function copyVectors(
  db: Db,
  { id }: EmbeddingModel,
  missing: readonly MissingPassage[],
): Promise<ReadonlySet<string>> {
  const ids = missing.map((passage) => passage.id);
  const result = await db.execute(sql`
    insert into ${passageVectors} (passage_id, model_id, website_id, hash, embedding)
    select p.id, ${id}, p.website_id, p.hash, known.embedding
    from ${passages} p cross join lateral (
      select v.embedding from ${passageVectors} v where v.model_id = ${id} and v.hash = p.hash limit 1) known
    where ${inArray(sql`p.id`, ids)} and p.to_at is null
    for key share of p skip locked
    on conflict do nothing
    returning passage_id as id`);
  return new Set(rowsOf<{ id: string }>(result).map((row) => row.id));
}

/**
 * Stores vectors, null for what has none. Passages that are gone by now, or not current any more, are left out, and so are
 * those that somebody is just deleting: two that wait for each other's passages would be a deadlock.
 */
export async function addVectors(
  db: Db,
  found: FoundExtension,
  model: EmbeddingModel,
  vectors: readonly { id: string; vector: Embedding | null }[],
): Promise<void> {
  const rows = vectors.map(({ id, vector }) => ({ id, embedding: vector && writeVector(vector) }));
  await db.execute(sql`
    insert into ${passageVectors} (passage_id, model_id, website_id, hash, embedding)
    select p.id, ${model.id}, p.website_id, p.hash, given.embedding::${nameIn(found, "halfvec")}
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as given(id uuid, embedding text)
    join ${passages} p on p.id = given.id
    where p.to_at is null
    for key share of p skip locked
    on conflict do nothing`);
}

/** Only what is current is searched by its vector. @returns how many there were */
export async function deleteFormerVectors(db: Db, websiteId: string): Promise<number> {
  for (let deleted = 0; ; ) {
    const result = await db.execute(sql`
      delete from ${passageVectors} where passage_id in (
        select v.passage_id from ${passageVectors} v join ${passages} p on p.id = v.passage_id
        where p.website_id = ${websiteId} and p.to_at is not null limit ${DELETED})
      returning 1`);
    const { length } = rowsOf(result);
    deleted += length;
    if (length < DELETED) return deleted;
  }
}
