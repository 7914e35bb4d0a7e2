import type { Static, TSchema } from "@sinclair/typebox";
import type { Db } from "../db/db.ts";
import { enqueueMany } from "./enqueue.ts";
import { jobsOf } from "./jobs.ts";
import type { JobKind } from "./kind.ts";

/** How much later another look is taken when one was under way already. */
const NEXT_LOOK_MS = 1_000;

/**
 * Has each key looked after soon. A job that runs may have taken its last look already, in which case no new one of its
 * key can be made: then another follows a moment later.
 */
export async function lookAfter<Payload extends TSchema>(
  db: Db,
  kind: JobKind<Payload>,
  list: readonly { key: string; payload: Static<Payload> }[],
): Promise<void> {
  const asked = list.map((each) => ({ ...each, id: Bun.randomUUIDv7() }));
  const made = new Set(await enqueueMany(db, kind, asked));
  const startAt = new Date(jobsOf(db).clock.now().getTime() + NEXT_LOOK_MS);
  const others = asked.filter(({ id }) => !made.has(id));
  await enqueueMany(
    db,
    kind,
    others.map(({ key, payload }) => ({ key: `${key}/next`, payload, startAt })),
  );
}
