import { eq } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Db, Store } from "../db/db.ts";
import type { FoundExtension } from "../db/extensions.ts";
import { websites } from "../db/schema/websites.ts";
import type { Log } from "../telemetry/log.ts";
import { askForVectors, PROBE } from "./ask.ts";
import type { Embedder } from "./embedder.ts";
import { type Embedding, EmbeddingError } from "./embedding-answer.ts";
import { claimDimensions, claimModel, type EmbeddingModel, noteFailure, serveWhenReady } from "./models.ts";
import {
  addVectors,
  copyVectors,
  countMissing,
  deleteFormerVectors,
  listMissing,
  type MissingPassage,
} from "./passage-vectors.ts";
import { indexVectors, openVectorTable } from "./vector-table.ts";

export type EmbeddingContext = { db: Db; kind: Store["kind"]; clock: Clock; log: Log; embedder: Embedder };

export type EmbeddingProgress = { embedded: number; copied: number; missing: number };

export type EmbeddingResult = {
  /** Asked of the endpoint, taken from passages that say the same, and taken by the endpoint in no length. */
  embedded: number;
  copied: number;
  skipped: number;
  /** Of passages that are not current any more. */
  deleted: number;
  /** When to go on; absent when all is done. */
  laterMs?: number;
  /** Why there is nothing to be done, or why it goes on later. */
  reason?: string;
};

/** After so long others have their turn: there are few places for work of this kind. */
const TURN_MS = 10_000;
/** Until the endpoint is asked again that failed: by how. */
const WAIT_MS = { unreachable: 60_000, timeout: 60_000, rate_limited: 30_000, refused: 300_000, unusable: 300_000 };
const MAX_WAIT_MS = 600_000;

/**
 * Embeds the current passages of a website that the model of the settings has not embedded yet, for a while. Safe to
 * repeat and to end at any moment: what was stored is not asked for again. An endpoint that fails is no error here, but a
 * reason to go on later.
 */
export async function embedWebsite(
  context: EmbeddingContext,
  websiteId: string,
  run: { signal: AbortSignal; onProgress?: (progress: EmbeddingProgress) => void },
): Promise<EmbeddingResult> {
  const { db, clock, embedder } = context;
  const result: EmbeddingResult = { embedded: 0, copied: 0, skipped: 0, deleted: 0 };
  const [website] = await db.select({ deletedAt: websites.deletedAt }).from(websites).where(eq(websites.id, websiteId));
  if (website?.deletedAt !== null) return { ...result, reason: "The website is deleted" };
  const found = await openVectorTable(db, clock);
  if (!found) return { ...result, reason: "The database has no pgvector" };
  const work: Work = { context, found, websiteId, run, result, model: await claimModel(db, embedder) };
  result.deleted = await deleteFormerVectors(db, websiteId);
  try {
    if (!(await embedMissing(work))) result.laterMs = 0;
  } catch (error) {
    if (!(error instanceof EmbeddingError)) throw error;
    Object.assign(result, await noteAndWait(work, error));
  }
  const { model } = work;
  if (model.dimensions > 0 && context.kind === "postgres") await indexVectors(db, found, model);
  if (model.dimensions > 0 && result.laterMs === undefined) await serveWhenReady(db, model);
  return result;
}

type Work = {
  context: EmbeddingContext;
  found: FoundExtension;
  websiteId: string;
  run: Parameters<typeof embedWebsite>[2];
  result: EmbeddingResult;
  model: EmbeddingModel;
};

/** @returns whether all is embedded; otherwise time is up, or the endpoint has another model by now */
async function embedMissing(work: Work): Promise<boolean> {
  const { context, websiteId, run, result } = work;
  const { db, clock } = context;
  const until = clock.now().getTime() + TURN_MS;
  let missing = await countMissing(db, work.model, websiteId);
  const tell = () => run.onProgress?.({ embedded: result.embedded, copied: result.copied, missing });
  tell();
  const { model } = work;
  for await (const looked of listMissing(db, model, websiteId)) {
    run.signal.throwIfAborted();
    const copied = await copyVectors(db, model, looked);
    result.copied += copied.size;
    missing -= copied.size;
    tell();
    const wanted = looked.filter(({ id }) => !copied.has(id));
    for (let at = 0; at < wanted.length; at += context.embedder.batchSize) {
      run.signal.throwIfAborted();
      missing -= await embedBatch(work, wanted.slice(at, at + context.embedder.batchSize));
      tell();
      // Another model lacks what came before, too.
      if (work.model.id !== model.id || clock.now().getTime() >= until) return false;
    }
  }
  return true;
}

async function embedBatch(work: Work, batch: readonly MissingPassage[]): Promise<number> {
  const { context, found, run, result } = work;
  const { db, clock } = context;
  // What several pages have is asked for once.
  const distinct = [...new Map(batch.map((passage) => [passage.hash, passage])).values()];
  const texts = distinct.map(toInput);
  let vectors = await askForVectors(context, texts, run.signal);
  const { dimensions } = work.model;
  if (isOfAnotherSize(vectors, dimensions)) {
    // Once may be a slip, of which it would cost too much to make another model of.
    if (dimensions > 0) vectors = await askForVectors(context, texts, run.signal);
    const size = sizeOf(vectors) ?? sizeOf(await askForVectors(context, [PROBE], run.signal));
    if (size !== undefined && size !== dimensions) work.model = await claimDimensions(db, work.model, size);
  }
  const byHash = new Map(distinct.map(({ hash }, place) => [hash, vectors[place] ?? null]));
  const stored = batch.map(({ id, hash }) => ({ id, vector: byHash.get(hash) ?? null }));
  await addVectors(db, found, work.model, stored);
  if (work.model.lastFailure) {
    await noteFailure({ db, clock }, work.model, undefined);
    work.model = { ...work.model, lastFailure: null };
  }
  const skipped = stored.filter(({ vector }) => vector === null).length;
  if (skipped > 0) context.log.warn("passages not embedded", { passages: skipped, websiteId: work.websiteId });
  result.skipped += skipped;
  result.embedded += stored.length - skipped;
  return stored.length;
}

const sizeOf = (vectors: readonly (Embedding | null)[]) => vectors.find((vector) => vector !== null)?.length;

/** Also where no text was taken, and the model's size is yet to be learnt. */
function isOfAnotherSize(vectors: readonly (Embedding | null)[], dimensions: number): boolean {
  const size = sizeOf(vectors);
  return size === undefined ? dimensions === 0 : size !== dimensions;
}

async function noteAndWait(work: Work, error: EmbeddingError): Promise<Pick<EmbeddingResult, "laterMs" | "reason">> {
  const { code, message, retryAfterMs = 0 } = error;
  const { db, clock, log } = work.context;
  // While it rests it was not asked, so that what it failed by stands already.
  if (code === "resting" || code === "unfit") return { laterMs: Math.max(1_000, retryAfterMs), reason: message };
  await noteFailure({ db, clock }, work.model, error);
  // Nobody but the operator can mend what is refused.
  const tell = code === "refused" || code === "unusable" ? log.error : log.warn;
  tell("passages not embedded for now", { code, message, websiteId: work.websiteId });
  return { laterMs: Math.min(Math.max(WAIT_MS[code], retryAfterMs), MAX_WAIT_MS), reason: message };
}

/** No passage is longer by far; what is, would be cut by the endpoint, or refused. */
const MAX_INPUT_CHARACTERS = 16_000;

/** What is embedded of a passage: where it stands, the page's title first, and what it says. */
function toInput({ headingPath, text }: MissingPassage): string {
  const input = headingPath.length === 0 ? text : `${headingPath.join(" › ")}\n\n${text}`;
  return input.slice(0, MAX_INPUT_CHARACTERS).toWellFormed();
}
