import { type SQL, sql } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { type FoundExtension, findExtensions, nameIn, operatorIn } from "../db/extensions.ts";
import { indexedWebsites, passages } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import type { Embedder } from "./embedder.ts";
import { type Embedding, EmbeddingError } from "./embedding-answer.ts";
import { type EmbeddingModel, findServing } from "./models.ts";
import {
  EXACT_UP_TO,
  indexedVector,
  isWithoutVectors,
  modelLiteral,
  passageVectors,
  writeVector,
} from "./vector-table.ts";

export type NearPassage = { passageId: string; pageId: string /** Cosine distance, 0 to 2. */; distance: number };

/** Why vectors can't be searched, in a sentence. */
export type NoVectors = { reason: string };

/** `undefined` for all websites; none for an empty list. */
export type NearScope = { websiteIds: readonly string[] | undefined; limit: number; exceptPageId?: string };

type Context = { db: Db; clock: Clock; embedder?: Embedder | undefined; cache?: Cache };

/**
 * The passages nearest to a text, nearest first, by the model that serves.
 * @returns the reason where vectors are not to be had: no endpoint, no extension, nothing embedded yet, or no answer in time
 */
export async function findNearestTo(
  context: Context,
  text: string,
  scope: NearScope,
  signal?: AbortSignal,
): Promise<NearPassage[] | NoVectors> {
  const { db, clock, embedder } = context;
  if (!embedder) return { reason: "No endpoint is set that makes vectors (EMBEDDINGS_URL)" };
  const ready = await findReady(db, clock);
  if ("reason" in ready) return ready;
  const { found, model } = ready;
  if (model.endpoint !== embedder.endpoint)
    return { reason: "The vectors that are there are another endpoint's, and those of the new one are being made" };
  const vector = await embedQuery({ ...context, embedder }, model, text, signal);
  return vector instanceof Float32Array ? findNear(db, found, model, vector, scope) : vector;
}

/** The passages nearest to a vector that is known. */
export async function findNearest(
  { db, clock }: Pick<Context, "db" | "clock">,
  vector: Embedding,
  scope: NearScope,
): Promise<NearPassage[] | NoVectors> {
  const ready = await findReady(db, clock);
  if ("reason" in ready) return ready;
  if (vector.length !== ready.model.dimensions) return { reason: "The vector is not one of the model that serves" };
  return findNear(db, ready.found, ready.model, vector, scope);
}

/** The middle of a page's vectors; `undefined` where it has none. */
export async function findPageVector(
  { db, clock }: Pick<Context, "db" | "clock">,
  pageId: string,
): Promise<Embedding | undefined> {
  const ready = await findReady(db, clock);
  if ("reason" in ready) return undefined;
  const { found, model } = ready;
  const result = await unlessWithout(async () =>
    db.execute(sql`
      select ${nameIn(found, "avg")}(v.embedding)::text as mean
      from ${passages} p join ${passageVectors} v on v.passage_id = p.id and v.model_id = ${model.id}
      where p.page_id = ${pageId} and p.to_at is null`),
  );
  if ("reason" in result) return undefined;
  const mean = rowsOf<{ mean: string | null }>(result.rows)[0]?.mean;
  return mean ? Float32Array.from(JSON.parse(mean) as number[]) : undefined;
}

type Ready = { found: FoundExtension; model: EmbeddingModel };

async function findReady(db: Db, clock: Clock): Promise<Ready | NoVectors> {
  const found = (await findExtensions(db, clock)).get("vector");
  if (!found) return { reason: "The database has no pgvector" };
  const model = await findServing(db);
  return model ? { found, model } : { reason: "No passage has a vector yet" };
}

/** Queries are often asked again: with the next page, or by others. */
const REMEMBERED_MS = 3_600_000;

async function embedQuery(
  { embedder, cache }: Context & { embedder: Embedder },
  model: EmbeddingModel,
  text: string,
  signal: AbortSignal | undefined,
): Promise<Embedding | NoVectors> {
  const digest = new Bun.CryptoHasher("sha256").update(`${model.id} ${text}`).digest("base64url");
  const key = `query-vector:${digest}`;
  const known = await cache?.get(key);
  if (known !== undefined) return new Float32Array(new Uint8Array(Buffer.from(known, "base64")).buffer);
  try {
    const [vector] = await embedder.embed([text], { model: model.model, purpose: "query", signal });
    if (vector?.length !== model.dimensions)
      return { reason: "The endpoint's vectors have another size now, and are being made anew" };
    await cache?.set(key, Buffer.from(vector.buffer).toString("base64"), REMEMBERED_MS);
    return vector;
  } catch (error) {
    if (!(error instanceof EmbeddingError)) throw error;
    return { reason: describeFailure(error, model.model !== embedder.model) };
  }
}

/** The endpoint's own words are for the operator, and stand in its status: whoever searches may be anybody. */
function describeFailure({ code }: EmbeddingError, isFormer: boolean): string {
  if (isFormer && code === "refused")
    return "The endpoint has the former model no more, and the new one has not all passages yet";
  if (code === "timeout") return "The endpoint that makes vectors gave no answer in time";
  if (code === "resting") return "The endpoint that makes vectors failed a moment ago";
  return `The endpoint that makes vectors failed (${code})`;
}

/** More are looked at than are asked for: the index is right more often so, and not all that are found are current. */
const LOOKED_AT = { least: 100, most: 1_000 };
/** The most that the extension takes. */
const MAX_EF_SEARCH = 1_000;

async function findNear(
  db: Db,
  found: FoundExtension,
  model: EmbeddingModel,
  vector: Embedding,
  scope: NearScope,
): Promise<NearPassage[] | NoVectors> {
  const { websiteIds, limit } = scope;
  if (websiteIds?.length === 0) return [];
  const lookedAt = Math.min(Math.max(LOOKED_AT.least, 2 * limit), LOOKED_AT.most);
  const result = await unlessWithout(() =>
    db.transaction(async (tx) => {
      const isExact = (await countPassages(tx, isOf(websiteIds, sql`website_id`))) <= EXACT_UP_TO;
      if (!isExact)
        await tx.execute(sql`select set_config('hnsw.ef_search', ${String(Math.min(2 * lookedAt, MAX_EF_SEARCH))}, true),
          set_config('hnsw.iterative_scan', 'relaxed_order', true)`);
      const distance = distanceTo(vector, { found, model, isExact });
      // Looked up by the passages that are nearest of all, which mostly are current. A join of all costs twice as much.
      const first = rowsOf<FoundRow>(await tx.execute(selectNear(distance, model, scope, lookedAt)));
      if (first.length < lookedAt || first.filter(isFound).length >= limit) return first;
      return rowsOf<FoundRow>(await tx.execute(selectNear(distance, model, scope)));
    }),
  );
  if ("reason" in result) return result;
  const near = result.rows.filter(isFound).map(({ passage_id, page_id, distance }) => ({
    passageId: passage_id,
    pageId: page_id,
    distance,
  }));
  // An index that goes on searching gives what it finds later, though it may be nearer.
  return near.sort((a, b) => a.distance - b.distance).slice(0, limit);
}

/** Without a page the passage is not among those that are asked for. */
type FoundRow = { passage_id: string; page_id: string | null; distance: number };

const isFound = (row: FoundRow): row is FoundRow & { page_id: string } => row.page_id !== null;

function isOf(websiteIds: readonly string[] | undefined, column: SQL): SQL {
  return websiteIds ? sql`${column} = any(${toUuids(websiteIds)})` : sql`true`;
}

/** Spelled as the index has it, or so that no index is used. */
function distanceTo(
  vector: Embedding,
  { found, model, isExact }: { found: FoundExtension; model: EmbeddingModel; isExact: boolean },
): SQL {
  const halfvec = nameIn(found, "halfvec");
  const column = sql`v.embedding`;
  const [operand, type] = isExact
    ? [column, halfvec]
    : [indexedVector(found, column, model), sql`${halfvec}(${sql.raw(String(model.dimensions))})`];
  return sql`(${operand} ${operatorIn(found, "<=>")} ${writeVector(vector)}::${type})`;
}

/** The nearest passages; of so many vectors only, or else of as many as it takes. */
function selectNear(distance: SQL, model: EmbeddingModel, scope: NearScope, lookedAt?: number): SQL {
  const { websiteIds, limit, exceptPageId } = scope;
  const isMeant = sql`p.to_at is null
    and ${exceptPageId === undefined ? sql`true` : sql`p.page_id <> ${exceptPageId}`}
    and exists (select 1 from ${websites} w where w.id = p.website_id and w.deleted_at is null)`;
  const isModels = sql`v.model_id = ${modelLiteral(model)} and v.embedding is not null
    and ${isOf(websiteIds, sql`v.website_id`)}`;
  // By its name, since a vector that is a parameter twice would be compared twice.
  if (lookedAt === undefined)
    return sql`
      select v.passage_id, p.page_id, ${distance} as distance
      from ${passageVectors} v join ${passages} p on p.id = v.passage_id and ${isMeant}
      where ${isModels} order by distance limit ${limit}`;
  return sql`
    select near.passage_id, p.page_id, near.distance
    from (select v.passage_id, ${distance} as distance from ${passageVectors} v
      where ${isModels} order by distance limit ${lookedAt}) near
    left join ${passages} p on p.id = near.passage_id and ${isMeant}`;
}

async function countPassages(tx: Db, isInScope: SQL): Promise<number> {
  const result = await tx.execute(
    sql`select coalesce(sum(passages), 0)::float8 as count from ${indexedWebsites} where ${isInScope}`,
  );
  return rowsOf<{ count: number }>(result)[0]?.count ?? 0;
}

/** The extension may have been dropped since it was found. */
async function unlessWithout<Rows>(ask: () => Promise<Rows>): Promise<{ rows: Rows } | NoVectors> {
  try {
    return { rows: await ask() };
  } catch (error) {
    if (isWithoutVectors(error)) return { reason: "The database has lost its vectors, and they are being made anew" };
    throw error;
  }
}
