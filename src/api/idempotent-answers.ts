import { and, eq, isNull, lt, or } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { idempotencyKeys } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";
import { HttpError } from "./problems.ts";

/** The right to answer a request for the first time. */
export type IdempotentClaim = {
  /** Keeps the answer for those who repeat the request, unless it says that nothing was done; then they may try anew. */
  keep(answer: Response): Promise<void>;
};

export type IdempotentRequest = {
  userId: string;
  key: string;
  /** SHA-256 of what was asked. */
  requestHash: string;
  /** Fields at the top of the answer that only the first to ask may see. */
  hidden: readonly string[];
  /** After so long a request without an answer has died with its process. */
  lockMs: number;
};

const KEPT_MS = 24 * 3_600_000;
/** What a client needs of an answer beside its body; the rest is said anew of every answer. */
const KEPT_HEADERS = ["content-type", "location"];
/** Answers that say nothing of the request itself: asked again, it may well be done. */
const TRANSIENT = [401, 403, 408, 429];

/**
 * Claims the request, or gives the answer of whoever did before (draft-ietf-httpapi-idempotency-key-header-07).
 * @throws HttpError 409 while the first request is being worked, 422 when the key was used for another one
 */
export async function claimAnswer(
  { db, clock }: { db: Db; clock: Clock },
  request: IdempotentRequest,
): Promise<IdempotentClaim | Response> {
  const { userId, key, requestHash, lockMs } = request;
  const now = clock.now();
  const lockedUntil = new Date(now.getTime() + lockMs);
  const fresh = { requestHash, lockedUntil, expiresAt: new Date(now.getTime() + KEPT_MS), createdAt: now };
  const { requestHash: storedHash, status, lockedUntil: storedLock, expiresAt } = idempotencyKeys;
  const isAbandoned = and(isNull(status), lt(storedLock, now), eq(storedHash, requestHash));
  const claimed = await db
    .insert(idempotencyKeys)
    .values({ userId, key, ...fresh })
    .onConflictDoUpdate({
      target: [idempotencyKeys.userId, idempotencyKeys.key],
      set: { ...fresh, status: null, headers: null, body: null },
      setWhere: or(lt(expiresAt, now), isAbandoned),
    })
    .returning({ key: idempotencyKeys.key });
  const isThis = and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.key, key));
  if (claimed.length === 0) return replayAnswer(db, isThis, requestHash);
  // Whoever was taken for dead and took over from finds another lock here, and keeps nothing.
  const isOurs = and(isThis, isNull(status), eq(storedLock, lockedUntil));
  return {
    keep: async (answer) => {
      if (answer.status >= 500 || TRANSIENT.includes(answer.status)) {
        await db.delete(idempotencyKeys).where(isOurs);
        return;
      }
      const body = new Uint8Array(await answer.clone().arrayBuffer());
      const headers = Object.fromEntries([...answer.headers].filter(([name]) => KEPT_HEADERS.includes(name)));
      const kept = { status: answer.status, headers, body: hideFields(body, request.hidden) };
      await db.update(idempotencyKeys).set(kept).where(isOurs);
    },
  };
}

async function replayAnswer(db: Db, isThis: ReturnType<typeof and>, requestHash: string): Promise<Response> {
  const [stored] = await db.select().from(idempotencyKeys).where(isThis);
  // Between the two statements the first request has failed and let go of its claim.
  if (!stored) throw stillWorking();
  if (stored.requestHash !== requestHash) {
    throw new AppError("unprocessable", "The Idempotency-Key was used for another request; use a new one for each", {
      code: "idempotency_key_reused",
    });
  }
  if (stored.status === null) throw stillWorking();
  const headers = { ...stored.headers, "idempotent-replayed": "true" };
  return new Response(stored.body ? new Uint8Array(stored.body) : null, { status: stored.status, headers });
}

function stillWorking(): HttpError {
  const message = "The first request with this Idempotency-Key is still being worked; ask again for its answer";
  return new HttpError(409, "idempotency_key_in_use", message, { "retry-after": "1" });
}

function hideFields(body: Uint8Array, hidden: readonly string[]): Uint8Array {
  if (hidden.length === 0 || body.length === 0) return body;
  const { ...value } = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
  for (const name of hidden) delete value[name];
  return new TextEncoder().encode(JSON.stringify(value));
}
