import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { testStores } from "../testing/stores.ts";
import { type Entry, readCatalog } from "./catalog.ts";

/** The rule of names: the table's, what it is about, and what it is. A foreign key names both of its ends. */
const SUFFIXES: Record<string, RegExp> = {
  "constraint p": /^_pkey$/,
  "constraint f": /^_[a-z_]+_id_[a-z_]+_id_fk$/,
  "constraint c": /^_[a-z_]+_check$/,
  "constraint u": /^_[a-z_]+_key$/,
  "unique index": /^_[a-z_]+_key$/,
  index: /^_[a-z_]+_idx$/,
  trigger: /^_updated_at$/,
};

let store: Store;
let catalog: Entry[];

beforeAll(async () => {
  const [kind] = testStores;
  if (!kind) throw new Error("There is always the embedded store");
  store = await kind.open();
  catalog = await readCatalog(store.db);
});
afterAll(() => store.close());

const columns = () => catalog.filter(({ kind }) => kind === "column");

test("constraints, indexes and triggers are named by one rule", () => {
  const named = catalog.filter(({ kind }) => kind !== "column" && kind !== "function");

  const wrong = named.filter(({ kind, table, name }) => {
    const suffix = SUFFIXES[kind];
    return !name.startsWith(`${table}_`) || suffix === undefined || !suffix.test(name.slice(table.length));
  });

  expect(named.length).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

test("names fit into PostgreSQL's 63 bytes, so that none is cut short into another", () => {
  expect(catalog.filter(({ name }) => name.length >= 63)).toEqual([]);
});

test("every table has a primary key, and an id is a UUID", () => {
  const keyed = new Set(catalog.filter(({ kind }) => kind === "constraint p").map(({ table }) => table));
  const ids = columns().filter(({ name }) => name === "id" || name.endsWith("_id"));

  expect([...new Set(columns().map(({ table }) => table))].filter((table) => !keyed.has(table))).toEqual([]);
  expect(ids.filter(({ definition }) => !definition.startsWith("uuid "))).toEqual([]);
});

test("instants have time zones, and only instants are named so", () => {
  const times = columns().filter(({ definition }) => definition.startsWith("timestamp"));
  const named = columns().filter(({ name }) => /_(?:at|until|before)$/.test(name));

  expect(times.filter(({ definition }) => !definition.startsWith("timestamp with time zone"))).toEqual([]);
  expect(named.filter(({ definition }) => !definition.startsWith("timestamp with time zone"))).toEqual([]);
});

test("updated_at is kept by the database wherever there is one", () => {
  const having = columns().filter(({ name }) => name === "updated_at");
  const kept = catalog.filter(({ kind, definition }) => kind === "trigger" && definition.includes("set_updated_at"));

  expect(kept.map(({ table }) => table)).toEqual(having.map(({ table }) => table));
  expect(
    columns().filter(({ name, definition }) => /^(?:created|updated)_at$/.test(name) && !definition.includes("now()")),
  ).toEqual([]);
});

test("every foreign key can be followed backwards by an index", () => {
  const indexed = catalog
    .filter(({ kind }) => /index|constraint [pu]/.test(kind))
    .map(({ table, definition }) => `${table} ${/\("?(\w+)/.exec(definition)?.[1]}`);
  const foreign = catalog
    .filter(({ kind }) => kind === "constraint f")
    .map(({ table, definition }) => `${table} ${/FOREIGN KEY \("?(\w+)/.exec(definition)?.[1]}`);

  expect(foreign.filter((key) => !indexed.includes(key))).toEqual([]);
});
