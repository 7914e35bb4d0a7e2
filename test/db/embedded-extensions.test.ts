import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { restoreBackup } from "../../src/db/backup/restore.ts";
import { openEmbeddedStore, startPostgres } from "../../src/db/embedded.ts";
import { type ExtensionFiles, findExtensionFiles, unpackArchives } from "../../src/db/embedded-extensions.ts";
import { findExtensions } from "../../src/db/extensions.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { prepareDataFolder } from "../testing/stores.ts";
import { explain, findNearest, getExtension, makePoints, nearest } from "./points.ts";

const log = createLog("error", systemClock, () => {});

describe("the embedded database", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "orbweaver-extensions-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("of before has extensions once the service has been started", async () => {
    const folder = await prepareDataFolder(join(root, "before"), { isMigrated: true });
    const store = await openEmbeddedStore(folder);
    await store.execute("drop extension vector; drop extension pg_trgm");
    await store.close();

    const app = await openApp(readConfig({ DATA_DIR: folder }), { clock: systemClock, log });
    const found = await findExtensions(app.db, app.clock);
    await app.close();

    expect([...found.keys()]).toEqual(["vector", "pg_trgm"]);
  });

  test("keeps vectors and their index through a backup", async () => {
    const store = await openEmbeddedStore(await prepareDataFolder(join(root, "kept"), { isMigrated: true }));
    const vector = await getExtension(store.db, "vector");
    await makePoints(store.db, vector);
    await store.execute("create index points_at on points using hnsw (at halfvec_cosine_ops)");
    const restored = join(root, "restored");
    await restoreBackup(await store.backup(), restored, { namespace: "orbweaver" });
    await store.close();

    const copy = await openEmbeddedStore(restored);
    await copy.execute("set enable_seqscan = off; set enable_sort = off; set hnsw.iterative_scan = strict_order");
    const plan = await explain(copy.db, nearest(vector));
    const ids = await findNearest(copy.db, vector);
    await copy.close();

    expect(plan).toContain("points_at");
    expect(ids).toEqual([40, 80, 120, 160, 200]);
  });

  test("opens without the files of an extension that it has tables of", async () => {
    const folder = await prepareDataFolder(join(root, "lost"), { isMigrated: true });
    const store = await openEmbeddedStore(folder);
    await makePoints(store.db, await getExtension(store.db, "vector"));
    await store.close();
    const broken = join(root, "broken.tar.gz");
    writeFileSync(broken, "no archive");
    const files = await unpackArchives([broken, join(root, "absent.tar.gz")]);

    const client = await startPostgres(join(folder, "postgres"), files);
    const listed = await client.query("select name from pg_available_extensions where name in ('vector', 'pg_trgm')");
    const points = await client.query("select count(*)::int as count from points");
    const code = await codeOf(client, "select at <=> at from points");
    const after = await client.query("select 1 as one");
    await client.close();

    expect(listed.rows).toEqual([]);
    expect(points.rows).toEqual([{ count: 200 }]);
    expect(code).toBe("58P01");
    expect(after.rows).toEqual([{ one: 1 }]);
  });

  test("survives a library that is damaged", async () => {
    const folder = await prepareDataFolder(join(root, "damaged"));
    const files: ExtensionFiles = new Map(
      [...(await findExtensionFiles())].map(([name, bytes]) =>
        name.endsWith("vector.so") ? [name, bytes.slice(0, 5_000)] : [name, bytes],
      ),
    );

    const client = await startPostgres(join(folder, "postgres"), files);
    await client.exec("drop extension if exists vector");
    const code = await codeOf(client, "create extension vector");
    const alike = await client.query("select similarity('orb', 'orb') as share");
    await client.close();

    expect(code).toBe("58P01");
    expect(alike.rows).toEqual([{ share: 1 }]);
  });
});

async function codeOf(client: PGlite, statement: string): Promise<string | undefined> {
  return client.query(statement).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
}
