import { and, asc, eq, gt, inArray, isNull, notExists, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { type FoundExtension, nameIn } from "../db/extensions.ts";
import { passages } from "../db/schema/passages.ts";
import type { Embedding } from "./embedding-answer.ts";
import type { EmbeddingModel } from "./models.ts";
import { passageVectors, writeVector } from "./vector-table.ts";

/** A current passage without a row for a model. */
export type MissingPassage = Pick<typeof passages.$inferSelect, "id" | "hash" | "headingPath" | "text">;

/** In the order of their ids, those after one. */
export async function findMissing(
  db: Db,
  model: EmbeddingModel,
  websiteId: string,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<MissingPassage[]> {
  const { id, hash, headingPath, text } = passages;
  return db
    .select({ id, hash, headingPath, text })
    .from(passages)
    .where(and(isMissing(db, model, websiteId), after === undefined ? undefined : gt(id, after)))
    .orderBy(asc(id))
    .limit(limit);
}

export async function countMissing(db: Db, model: EmbeddingModel, websiteId: string): Promise<number> {
  return db.$count(passages, isMissing(db, model, websiteId));
}

function isMissing(db: Db, model: EmbeddingModel, websiteId: string) {
  const known = db
    .select({ one: sql`1` })
    .from(passageVectors)
    .where(and(eq(passageVectors.passageId, passages.id), eq(passageVectors.modelId, model.id)));
  return and(eq(passages.websiteId, websiteId), isNull(passages.toAt), notExists(known));
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
    for key share of p
    on conflict do nothing
    returning passage_id as id`);
  return new Set(rowsOf<{ id: string }>(result).map((row) => row.id));
}

/** Stores vectors, null for what has none. Passages that are gone by now, or not current any more, are left out. */
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
    for key share of p
    on conflict do nothing`);
}

/** Only what is current is searched by its vector. @returns how many there were */
export async function deleteFormerVectors(db: Db, websiteId: string): Promise<number> {
  const result = await db.execute(sql`
    delete from ${passageVectors} v using ${passages} p
    where p.id = v.passage_id and p.website_id = ${websiteId} and p.to_at is not null
    returning 1`);
  return rowsOf(result).length;
}
