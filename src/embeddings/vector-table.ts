import { type SQL, sql } from "drizzle-orm";
import { text, uuid } from "drizzle-orm/pg-core";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { type FoundExtension, findExtensions, nameIn } from "../db/extensions.ts";
import { namespaceOf } from "../db/namespace.ts";
import { orbweaver } from "../db/schema/columns.ts";
import { embeddingModels, passages } from "../db/schema/passages.ts";
import type { Embedding } from "./embedding-answer.ts";
import type { EmbeddingModel } from "./models.ts";

/**
 * Vectors of passages, one for each model. Its type belongs to an extension, so that no migration can make it; columns
 * are as `makeTable` has them. A passage without a row is yet to be embedded; one whose row has no vector can't be.
 */
export const passageVectors = orbweaver.table("passage_vectors", {
  passageId: uuid().notNull(),
  modelId: uuid().notNull(),
  websiteId: uuid().notNull(),
  /** Of the passage's heading path and text: what has the same needs not be asked for again. */
  hash: uuid().notNull(),
  /** `halfvec`: half the bytes of `vector`, and no worse to search by. */
  embedding: text(),
});

/** What the extension's indexes take. */
const MAX_INDEXED_DIMENSIONS = 4_000;

/** Below it a look at each vector is as fast, and exact. */
export const EXACT_UP_TO = 20_000;

/** The extension for vectors with our table beside it, made if it is lacking; `undefined` where there is no extension. */
export async function openVectorTable(db: Db, clock: Clock): Promise<FoundExtension | undefined> {
  const found = (await findExtensions(db, clock)).get("vector");
  if (!found || (await hasTable(db))) return found;
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${namespaceOf(db)} vectors`}, 0))`);
    if (!(await hasTable(tx))) await makeTable(tx, found);
  });
  return found;
}

/** Without its column the extension was dropped, and the vectors with it. */
async function hasTable(db: Db): Promise<boolean> {
  const result = await db.execute(sql`
    select 1 from pg_attribute where attrelid = to_regclass(${`"${namespaceOf(db)}".passage_vectors`})
      and attname = 'embedding' and not attisdropped`);
  return rowsOf(result).length > 0;
}

async function makeTable(tx: Db, found: FoundExtension): Promise<void> {
  const name = sql.raw("passage_vectors");
  await tx.execute(sql`drop table if exists ${passageVectors}`);
  await tx.execute(sql`create table ${passageVectors} (
    passage_id uuid not null
      constraint ${name}_passage_id_passages_id_fk references ${passages} (id) on delete cascade,
    model_id uuid not null
      constraint ${name}_model_id_embedding_models_id_fk references ${embeddingModels} (id) on delete cascade,
    website_id uuid not null,
    hash uuid not null,
    embedding ${nameIn(found, "halfvec")},
    constraint ${name}_pkey primary key (passage_id, model_id)
  ) with (toast_tuple_target = 8160)`);
  await tx.execute(sql`create index ${name}_website_idx on ${passageVectors} (model_id, website_id)`);
  await tx.execute(sql`create index ${name}_hash_idx on ${passageVectors} (model_id, hash)`);
  // Whatever they had is gone.
  await tx.update(embeddingModels).set({ state: "retired" });
}

/** As a literal of the extension's types. */
export function writeVector(vector: Embedding): string {
  // Half a float holds four digits at the most.
  return `[${Array.from(vector, (number) => number.toPrecision(5)).join(",")}]`;
}

/** The vector as the model's index has it; another spelling of it is not found by the index. */
export function indexedVector(found: FoundExtension, column: SQL, { dimensions }: EmbeddingModel): SQL {
  return sql`(${column}::${nameIn(found, "halfvec")}(${sql.raw(String(dimensions))}))`;
}

/** A model's id in a statement's text: that an index is of this model can't be told from a parameter. */
export function modelLiteral({ id }: EmbeddingModel): SQL {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`${id} is no id`);
  return sql.raw(`'${id}'::uuid`);
}

const indexName = ({ id }: EmbeddingModel) => `passage_vectors_${id.replaceAll("-", "")}_idx`;

async function hasIndex(db: Db, model: EmbeddingModel): Promise<boolean> {
  const result = await db.execute(
    sql`select to_regclass(${`"${namespaceOf(db)}".${indexName(model)}`}) is not null as is_there`,
  );
  return rowsOf<{ is_there: boolean }>(result)[0]?.is_there === true;
}

/**
 * Gives a model an index of its own once it has so many vectors that it is worth it. While it is made, which takes some
 * twenty seconds, vectors can be read and not written. For a server alone: embedded, a row costs some 10 ms, in which
 * the whole process stands still, while a look at 10,000 vectors takes 40 ms.
 */
export async function indexVectors(db: Db, found: FoundExtension, model: EmbeddingModel): Promise<void> {
  if (model.dimensions > MAX_INDEXED_DIMENSIONS || (await hasIndex(db, model))) return;
  const counted = await db.execute(sql`
    select count(*)::int as count from (
      select 1 from ${passageVectors} where model_id = ${model.id} limit ${EXACT_UP_TO}) counted`);
  if ((rowsOf<{ count: number }>(counted)[0]?.count ?? 0) < EXACT_UP_TO) return;
  await db.transaction(async (tx) => {
    // Two that make it at once would both take the time, and one fail.
    const locked = await tx.execute(
      sql`select pg_try_advisory_xact_lock(hashtextextended(${indexName(model)}, 0)) as is_ours`,
    );
    if (!rowsOf<{ is_ours: boolean }>(locked)[0]?.is_ours) return;
    await tx.execute(sql`set local statement_timeout = 0`);
    await tx.execute(sql`set local maintenance_work_mem = '256MB'`);
    await tx.execute(sql`
      create index if not exists ${sql.identifier(indexName(model))} on ${passageVectors}
      using hnsw (${indexedVector(found, sql.raw("embedding"), model)} ${nameIn(found, "halfvec_cosine_ops")})
      where model_id = ${modelLiteral(model)}`);
  });
}

/** Takes from a model that is no longer of use what it holds, a batch at a time. @returns whether there is more */
export async function dropVectors(db: Db, model: EmbeddingModel, batch: number): Promise<boolean> {
  if (await hasIndex(db, model))
    await db.execute(sql`drop index ${orbweaverName(db)}.${sql.identifier(indexName(model))}`);
  const result = await db.execute(sql`
    delete from ${passageVectors} where model_id = ${model.id} and passage_id in (
      select passage_id from ${passageVectors} where model_id = ${model.id} limit ${batch})
    returning 1`);
  return rowsOf(result).length === batch;
}

const orbweaverName = (db: Db) => sql.identifier(namespaceOf(db));

/** Whether a statement failed for lack of the extension, or of what we keep by it. */
export function isWithoutVectors(error: unknown): boolean {
  const { code = "" } = (error as { cause?: { code?: string } }).cause ?? {};
  return ["42P01", "42703", "42704", "42883", "58P01"].includes(code);
}
