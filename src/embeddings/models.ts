import { and, eq, ne, sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { namespaceOf } from "../db/namespace.ts";
import { embeddingModels, indexedWebsites } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import type { EmbeddingError } from "./embedding-answer.ts";
import { passageVectors } from "./vector-table.ts";

export type EmbeddingModel = typeof embeddingModels.$inferSelect;

/** Names a model among all: at another endpoint the same name may be another model. */
export type ModelName = { endpoint: string; model: string };

const ORDER = ["serving", "building", "retired"] as const;

/** Of what is indexed, the share that a model must have before it takes the place of the one that serves. */
const ENOUGH = 0.99;

export async function findServing(db: Db): Promise<EmbeddingModel | undefined> {
  const [serving] = await db.select().from(embeddingModels).where(eq(embeddingModels.state, "serving"));
  return serving;
}

/** Those that serve or will, then former ones. */
export async function listModels(db: Db): Promise<EmbeddingModel[]> {
  const models = await db.select().from(embeddingModels).orderBy(embeddingModels.createdAt);
  return ORDER.flatMap((state) => models.filter((model) => model.state === state));
}

/**
 * The model that passages are embedded by from now on. One that was being built for other settings is given up, and one
 * that was given up before begins anew. Its dimensions are 0 until the endpoint has answered.
 */
export async function claimModel(db: Db, name: ModelName): Promise<EmbeddingModel> {
  const models = await db.select().from(embeddingModels);
  const found = pick(models, name);
  if (found && found.state !== "retired" && !models.some((other) => isGivenUp(other, found))) return found;
  return changeModels(db, async (tx, all) => {
    const { id } = pick(all, name) ?? {};
    return id === undefined ? addModel(tx, { ...name, dimensions: 0 }) : buildModel(tx, id);
  });
}

/** The same model by the size of the vectors that it was found to make: one of another size is another model. */
export async function claimDimensions(db: Db, model: EmbeddingModel, dimensions: number): Promise<EmbeddingModel> {
  return changeModels(db, async (tx, all) => {
    const isSame = (other: EmbeddingModel) => other.endpoint === model.endpoint && other.model === model.model;
    const known = all.find((other) => isSame(other) && other.dimensions === dimensions);
    const unknown = all.find((other) => isSame(other) && other.dimensions === 0);
    if (known && unknown) await tx.delete(embeddingModels).where(eq(embeddingModels.id, unknown.id));
    if (known) return buildModel(tx, known.id);
    if (unknown) {
      await tx.update(embeddingModels).set({ dimensions }).where(eq(embeddingModels.id, unknown.id));
      return buildModel(tx, unknown.id);
    }
    return addModel(tx, { endpoint: model.endpoint, model: model.model, dimensions });
  });
}

/** Lets a model serve once it has what is indexed; at once where none does. @returns whether it serves now */
export async function serveWhenReady(db: Db, model: EmbeddingModel): Promise<boolean> {
  if (model.state === "serving") return true;
  const serving = await findServing(db);
  if (serving && !(await isReady(db, model))) return false;
  return changeModels(db, async (tx, all) => {
    if (all.find(({ id }) => id === model.id)?.state !== "building") return false;
    await tx.update(embeddingModels).set({ state: "retired" }).where(eq(embeddingModels.state, "serving"));
    await tx.update(embeddingModels).set({ state: "serving" }).where(eq(embeddingModels.id, model.id));
    return true;
  });
}

/** Keeps what a model's endpoint answered amiss; nothing, once it answered well. */
export async function noteFailure(
  { db, clock }: { db: Db; clock: Clock },
  { id }: EmbeddingModel,
  failure: Pick<EmbeddingError, "code" | "message"> | undefined,
): Promise<void> {
  const { code = "", message = "" } = failure ?? {};
  const lastFailure = failure ? { code, message, at: clock.now().toISOString() } : null;
  await db.update(embeddingModels).set({ lastFailure }).where(eq(embeddingModels.id, id));
}

async function isReady(db: Db, { id }: EmbeddingModel): Promise<boolean> {
  const result = await db.execute(sql`
    select
      (select count(*) from ${passageVectors} where model_id = ${id})::float8 as embedded,
      (select coalesce(sum(i.passages), 0) from ${indexedWebsites} i join ${websites} w on w.id = i.website_id
        where w.deleted_at is null)::float8 as indexed`);
  const { embedded = 0, indexed = 0 } = rowsOf<{ embedded: number; indexed: number }>(result)[0] ?? {};
  return embedded >= indexed * ENOUGH;
}

/** The one that was begun last comes first: of an endpoint whose vectors have another size by now there are two. */
function pick(models: readonly EmbeddingModel[], { endpoint, model }: ModelName): EmbeddingModel | undefined {
  const named = models.filter((one) => one.endpoint === endpoint && one.model === model);
  const byTime = named.toSorted((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  return ["building", "serving", "retired"].flatMap((state) => byTime.find((one) => one.state === state) ?? [])[0];
}

const isGivenUp = (other: EmbeddingModel, { id }: EmbeddingModel) => other.state === "building" && other.id !== id;

/** One at a time among all processes. */
async function changeModels<Result>(
  db: Db,
  change: (tx: Db, all: EmbeddingModel[]) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${namespaceOf(db)} models`}, 0))`);
    return change(tx, await tx.select().from(embeddingModels));
  });
}

async function addModel(tx: Db, values: ModelName & { dimensions: number }): Promise<EmbeddingModel> {
  const [model] = await tx.insert(embeddingModels).values(values).returning();
  if (!model) throw new Error("An insertion returns its row");
  return buildModel(tx, model.id);
}

async function buildModel(tx: Db, id: string): Promise<EmbeddingModel> {
  const { state } = embeddingModels;
  await tx
    .update(embeddingModels)
    .set({ state: "retired" })
    .where(and(eq(state, "building"), ne(embeddingModels.id, id)));
  await tx
    .update(embeddingModels)
    .set({ state: "building" })
    .where(and(eq(embeddingModels.id, id), eq(state, "retired")));
  const [model] = await tx.select().from(embeddingModels).where(eq(embeddingModels.id, id));
  if (!model) throw new Error("What was changed is there");
  return model;
}
