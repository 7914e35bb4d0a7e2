import type { Db } from "./db.ts";

type Run = () => void;

/** What waits for the commit, by transaction. */
const waiting = new WeakMap<Db, Run[]>();

/**
 * Runs when the outermost transaction of `db` has committed, and never if it, or one within it, is rolled back; at once
 * if `db` is no transaction. What it throws is its own affair: the rows are written.
 */
export function afterCommit(db: Db, run: Run): void {
  const list = waiting.get(db);
  if (list) list.push(run);
  else run();
}

/** Whether what is done here is part of a transaction. */
export function isInTransaction(db: Db): boolean {
  return waiting.has(db);
}

/** Has transactions of this database, and those within them, tell when they have committed. */
export function observeCommits<Opened extends Db>(db: Opened): Opened {
  const begin = db.transaction.bind(db);
  const transaction: Db["transaction"] = async (run, config) => {
    const list: Run[] = [];
    const result = await begin((tx) => {
      // The driver may begin anew with another transaction; what the former would have told is void.
      list.length = 0;
      waiting.set(tx, list);
      return run(observeCommits(tx));
    }, config);
    for (const each of list) afterCommit(db, each);
    return result;
  };
  return Object.assign(db, { transaction });
}
