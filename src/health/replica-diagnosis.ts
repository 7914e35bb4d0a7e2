import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import { replicasOf } from "../config/replicas.ts";
import type { Config } from "../config/settings.ts";
import { type Db, rowsOf, type Store } from "../db/db.ts";
import { readPosition, readReplayed } from "../db/replicas.ts";
import { AppError } from "../errors.ts";
import { type Diagnosis, describeError, type Examination, fail, pass, warn } from "./diagnosis.ts";

type Settings = Pick<Config, "DATABASE_URL" | "DATABASE_READ_URL" | "DATABASE_READ_MAX_LAG_MS">;

/** A replica that is well shows what was written at once; one that is not is not waited for. */
const MAX_WAIT_MS = 3_000;
const LOOK_MS = 20;

/** One for each replica that is configured: whether it is one, of this database, and how far it is behind. */
export function replicaExaminations(
  settings: Settings,
  open: (url: string) => Promise<Store>,
  clock: Clock,
): Examination[] {
  const urls = replicasOf(settings);
  return urls.map((url, at) => ({
    name: urls.length === 1 ? "replica" : `replica ${at + 1}`,
    examine: async () => {
      const stores: Store[] = [];
      try {
        const replica = await open(url);
        stores.push(replica);
        const primary = await open(settings.DATABASE_URL ?? "");
        stores.push(primary);
        return await examineReplica(replica, primary, settings.DATABASE_READ_MAX_LAG_MS, clock);
      } catch (error) {
        const finding = error instanceof AppError ? error.message.split(";")[0] : describeError(error);
        return fail(
          String(finding),
          "See that its server runs, and what DATABASE_READ_URL names; the primary answers meanwhile",
        );
      } finally {
        await Promise.all(stores.map(({ close }) => close()));
      }
    },
  }));
}

async function examineReplica(replica: Store, primary: Store, maxLagMs: number, clock: Clock): Promise<Diagnosis> {
  const at = `The server at ${replica.location}`;
  if ((await readReplayed(replica.db)) === undefined)
    return fail(`${at} is no replica: it takes writes`, "Name one that streams from DATABASE_URL, or none");
  const [here, there] = await Promise.all([readIdentity(replica.db), readIdentity(primary.db)]);
  if (here !== undefined && there !== undefined && here !== there)
    return fail(`${at} is a replica of another database`, "Name one that streams from DATABASE_URL, or none");
  const lagMs = await measureLag(replica.db, primary.db, clock);
  if (lagMs !== undefined) return pass(`${at} takes no writes and shows those of the primary after ${lagMs} ms`);
  const held = await readHeldBack(replica.db);
  const finding = `${at} does not show within ${MAX_WAIT_MS / 1_000} s what the primary has${held}`;
  const mend = `See that it streams (select * from pg_stat_wal_receiver;). Further than ${maxLagMs / 1_000} s behind it is not asked`;
  return warn(finding, mend);
}

/** The same for a server and its replicas; `undefined` where one may not know. */
async function readIdentity(db: Db): Promise<string | undefined> {
  try {
    const asked = await db.execute(sql`select system_identifier::text as id from pg_control_system()`);
    return rowsOf<{ id: string }>(asked)[0]?.id;
  } catch {
    return undefined;
  }
}

/** How long it takes until the replica shows what the primary has now; `undefined` for too long. */
async function measureLag(replica: Db, primary: Db, clock: Clock): Promise<number | undefined> {
  const startedAt = clock.now().getTime();
  const position = await readPosition(primary);
  for (;;) {
    const replayed = await readReplayed(replica);
    const passedMs = clock.now().getTime() - startedAt;
    if (replayed !== undefined && replayed >= position) return passedMs;
    if (passedMs > MAX_WAIT_MS) return undefined;
    await clock.sleep(LOOK_MS);
  }
}

async function readHeldBack(db: Db): Promise<string> {
  const asked = await db.execute(
    sql`select pg_is_wal_replay_paused() as paused, extract(epoch from now() - pg_last_xact_replay_timestamp())::int as age`,
  );
  const [row] = rowsOf<{ paused: boolean; age: number | null }>(asked);
  if (row?.paused) return ": its replay is paused";
  return row?.age == null ? "" : `: its last transaction is ${row.age} s old`;
}
