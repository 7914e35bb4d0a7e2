import { sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { findExtensions } from "../db/extensions.ts";
import { indexedWebsites } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import type { Embedder } from "./embedder.ts";
import { type EmbeddingModel, listModels } from "./models.ts";
import { isWithoutVectors, passageVectors } from "./vector-table.ts";

/** What a model has of the passages that are asked about. */
export type ModelStatus = {
  model: EmbeddingModel;
  embedded: number;
  /** The endpoint took them in no length. */
  skipped: number;
};

export type EmbeddingStatus = {
  /** What the settings name; null where they name nothing. */
  configured: { endpoint: string; model: string } | null;
  /** Whether the viewer may know where the endpoint is and what it answered: a place of the operator's network. */
  isOperator: boolean;
  /** Of pgvector; null where the database has none, and so no vectors. */
  extension: string | null;
  /** Current passages that are indexed. */
  passages: number;
  /** Those that serve or will first. */
  models: ModelStatus[];
};

/** How far passages have vectors: those of all websites that the viewer sees, or of one. */
export async function readEmbeddingStatus(
  { db, clock, embedder }: { db: Db; clock: Clock; embedder?: Embedder | undefined },
  viewer: Viewer,
  websiteId?: string,
): Promise<EmbeddingStatus> {
  const found = (await findExtensions(db, clock)).get("vector");
  const isInScope = sql`w.deleted_at is null
    and ${viewer.seesAll ? sql`true` : sql`w.user_id = ${viewer.userId}`}
    and ${websiteId === undefined ? sql`true` : sql`w.id = ${websiteId}`}`;
  const indexed = await db.execute(sql`
    select coalesce(sum(i.passages), 0)::int as passages
    from ${indexedWebsites} i join ${websites} w on w.id = i.website_id where ${isInScope}`);
  const models = await listModels(db);
  const counts = found && models.length > 0 ? await countVectors(db, isInScope) : new Map();
  return {
    configured: embedder ? { endpoint: embedder.endpoint, model: embedder.model } : null,
    isOperator: viewer.seesAll,
    extension: found?.version ?? null,
    passages: rowsOf<{ passages: number }>(indexed)[0]?.passages ?? 0,
    models: models.map((model) => ({ model, ...(counts.get(model.id) ?? { embedded: 0, skipped: 0 }) })),
  };
}

type Counts = { embedded: number; skipped: number };

async function countVectors(db: Db, isInScope: ReturnType<typeof sql>): Promise<Map<string, Counts>> {
  try {
    const result = await db.execute(sql`
      select v.model_id as id, count(v.embedding)::int as embedded, (count(*) - count(v.embedding))::int as skipped
      from ${passageVectors} v join ${websites} w on w.id = v.website_id where ${isInScope} group by v.model_id`);
    return new Map(rowsOf<Counts & { id: string }>(result).map(({ id, ...counts }) => [id, counts]));
  } catch (error) {
    // It is made with the first vector.
    if (isWithoutVectors(error)) return new Map();
    throw error;
  }
}

/** Websites that have more passages than a model has vectors for, or fewer. */
export async function findUnembedded(db: Db, model: EmbeddingModel): Promise<string[]> {
  const result = await db.execute(sql`
    select i.website_id as id from ${indexedWebsites} i
    join ${websites} w on w.id = i.website_id and w.deleted_at is null
    left join (
      select website_id, count(*) as count from ${passageVectors} where model_id = ${model.id} group by website_id
    ) v on v.website_id = i.website_id
    where coalesce(v.count, 0) <> i.passages
    order by i.website_id`);
  return rowsOf<{ id: string }>(result).map(({ id }) => id);
}
