import type { Db } from "./db.ts";

/**
 * A statement that is asked often, put together once for each database: drizzle takes several times as long over its
 * text as PostgreSQL over a row, and only a statement that has a name is kept by the driver. Behind a pooler the driver
 * goes without the name.
 */
export function prepareOnce<Prepared extends object>(prepare: (db: Db) => Prepared): (db: Db) => Prepared {
  const prepared = new WeakMap<Db, Prepared>();
  return (db) => {
    let made = prepared.get(db);
    if (!made) {
      made = prepare(db);
      prepared.set(db, made);
    }
    return made;
  };
}
