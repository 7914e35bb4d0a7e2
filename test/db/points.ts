import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../src/db/db.ts";
import {
  type ExtensionName,
  type FoundExtension,
  findExtensions,
  nameIn,
  operatorIn,
} from "../../src/db/extensions.ts";
import { createManualClock } from "../manual-clock.ts";

let hours = 0;
/** A clock at which nothing that was found before is believed. */
export const createLaterClock = () => createManualClock(Date.UTC(2026, 0, 1, hours++));

export async function getExtension(db: Db, name: ExtensionName): Promise<FoundExtension> {
  const found = (await findExtensions(db, createLaterClock())).get(name);
  if (!found) throw new Error(`There is no ${name}.`);
  return found;
}

/** 200 points on a circle, each a little further from where the first stands. */
export async function makePoints(db: Db, vector: FoundExtension): Promise<void> {
  const type = nameIn(vector, "halfvec");
  await db.execute(sql`create table points (id int primary key, at ${type}(2))`);
  await db.execute(sql`
    insert into points select i, array[cos(i / 100.0), sin(i / 100.0)]::real[]::${type} from generate_series(1, 200) i`);
}

/** Of one in forty alone, so that an index that gives up early finds too few. */
export const nearest = (vector: FoundExtension) => sql`
  select id from points where id % 40 = 0
  order by at ${operatorIn(vector, "<=>")} ${"[1,0]"}::${nameIn(vector, "halfvec")} limit 5`;

export async function findNearest(db: Db, vector: FoundExtension): Promise<number[]> {
  return rowsOf<{ id: number }>(await db.execute(nearest(vector))).map(({ id }) => id);
}

export async function explain(db: Db, statement: ReturnType<typeof sql>): Promise<string> {
  return JSON.stringify(rowsOf(await db.execute(sql`explain (costs off) ${statement}`)));
}
