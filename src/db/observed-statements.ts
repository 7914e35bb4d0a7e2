import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Db, Store } from "./db.ts";

/** What drizzle runs every statement by, on whichever driver; not part of its types. */
type Prepared = { execute(values?: Record<string, unknown>): Promise<unknown> };
type Session = { prepareQuery(query: { sql: string }, ...rest: unknown[]): Prepared };
type Observable = { session: Session; transaction: Db["transaction"] };

/**
 * Tells of every statement: a span with its text, in which values are placeholders, and its time, waiting for a
 * connection included. In one place for both drivers, and for whatever runs in transactions.
 */
export function observeStatements<D extends Db>(db: D, telemetry: Telemetry): D {
  if (!telemetry.recorder && !telemetry.isTracing) return db;
  const { session, transaction } = db as unknown as Observable;
  const prepare = session.prepareQuery.bind(session);
  session.prepareQuery = (query, ...rest) => {
    const prepared = prepare(query, ...rest);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (values) => observe(telemetry, query.sql, () => execute(values));
    return prepared;
  };
  const begin = transaction.bind(db);
  const observed: Db["transaction"] = (run, config) =>
    telemetry.span(
      "transaction",
      { kind: "client", isPart: true, attributes: { "db.system.name": "postgresql" } },
      () => begin((tx) => run(observeStatements(tx, telemetry)), config),
    );
  return Object.assign(db, { transaction: observed });
}

/** Longer ones are many rows of placeholders. */
const MAX_TEXT = 1_000;

async function observe(telemetry: Telemetry, text: string, run: () => Promise<unknown>): Promise<unknown> {
  const startedAt = performance.now();
  const operation = operationOf(text);
  const tell = (outcome: string) =>
    telemetry.observe("db.client.operation.duration", { operation, outcome }, (performance.now() - startedAt) / 1_000);
  const timed = async () => {
    try {
      const result = await run();
      tell("ok");
      return result;
    } catch (error) {
      tell("error");
      throw error;
    }
  };
  if (!telemetry.isTracing) return timed();
  const attributes = {
    "db.system.name": "postgresql",
    "db.operation.name": operation,
    "db.query.text": text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text,
  };
  return telemetry.span(operation, { kind: "client", isPart: true, attributes }, async (span) => {
    try {
      return await timed();
    } catch (error) {
      span.set({ "error.type": codeOf(error) });
      throw error;
    }
  });
}

const OPERATIONS = new Set(["select", "insert", "update", "delete", "with", "create", "alter", "drop", "set", "lock"]);

function operationOf(text: string): string {
  const [, word = ""] = /^[\s(]*([a-z]+)/i.exec(text) ?? [];
  return OPERATIONS.has(word.toLowerCase()) ? word.toLowerCase() : "other";
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "error";
}

/** Tells how the database's pool is whenever metrics are read. */
export function watchConnections({ stats }: Store, telemetry: Telemetry): void {
  telemetry.watch("db.client.connection.count", () => {
    const { inUse, idle } = stats();
    return [
      { labels: { state: "used" }, value: inUse },
      { labels: { state: "idle" }, value: idle },
    ];
  });
  telemetry.watch("db.client.connection.pending_requests", () => [{ labels: {}, value: stats().waiting }]);
  telemetry.watch("db.client.connection.max", () => [{ labels: {}, value: stats().size }]);
}
