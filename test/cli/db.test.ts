import { afterAll, describe, expect, test } from "bun:test";
import { withDatabase } from "../../src/db/connection-url.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

const tags = MIGRATIONS.map(({ tag }) => tag);
const newest = tags.at(-1) as string;

describe.skipIf(!hasPostgres)("the database on a server", () => {
  const workplace = openWorkplace();
  const name = `orbweaver_test_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  const url = withDatabase(POSTGRES.url.href, name);
  const run = (command: string, environment: Record<string, string> = {}) =>
    workplace.run(command.split(" "), { DATABASE_URL: url, DATABASE_SCHEMA: "custom", ...environment });
  const production = { ENVIRONMENT: "production" };

  afterAll(async () => {
    const admin = await openPostgresStore(POSTGRES.url.href);
    await admin.execute(`drop database if exists ${name} with (force)`);
    await admin.close();
    workplace.remove();
  });

  test("is made, filled and emptied by commands, each of them safe to repeat", async () => {
    const made = await run("db init");
    const again = await run("db init");
    expect(made.stdout).toContain("database created");
    expect(made.stdout).toContain("job queue made");
    expect(tags.every((tag) => made.stdout.includes(`${tag} applied`))).toBe(true);
    expect(again.stdout).toContain("ready");

    expect((await run("db seed")).stdout).toContain("4 pages of https://sample.example/ stored");
    expect((await run("db seed")).stdout).toContain("sample data is there");
    const store = await openPostgresStore(url, { namespace: "custom" });
    expect((await store.db.select({ path: pages.path }).from(pages)).map(({ path }) => path).sort()).toEqual([
      "/",
      "/guide/",
      "/guide/politeness.html",
      "/news/orb-webs.html",
    ]);

    const unasked = await run("db reset");
    const inProduction = await run("db reset --yes", production);
    const elsewhere = await run("db reset --yes-really another", production);
    expect([unasked.code, inProduction.code, elsewhere.code]).toEqual([1, 1, 1]);
    expect(inProduction.stderr).toContain(`--yes-really ${name}`);
    expect(await store.db.$count(pages)).toBe(4);

    expect((await run(`db reset --yes-really ${name}`, production)).code).toBe(0);
    expect(await store.db.$count(pages)).toBe(0);
    await store.close();
  });

  test("is migrated down and to a tag, after a look at the SQL, and in production only when loss is agreed to", async () => {
    await run("db init");

    const dry = await run(`migrate to ${tags[0]} --dry-run`);
    const refused = await run("migrate down 99", production);
    const status = await run("migrate status");
    expect(dry.stdout).toContain(`-- ${newest} down`);
    expect(dry.stdout).toContain('"custom"');
    expect(dry.stdout).not.toContain("breakpoint");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") });
    expect(status.stdout.match(/ applied \d{4}-/g)).toHaveLength(tags.length);
    expect(status.stdout).toMatch(/job queue \(custom_jobs\) version \d+/);

    expect((await run("migrate down 99 --yes", production)).stdout).toContain(`${tags[0]} taken back`);
    expect((await run(`migrate to ${tags[0]}`)).stdout).toContain(`${tags[0]} applied`);
    expect((await run("migrate up")).stdout).toContain(`${newest} applied`);
    expect((await run("migrate down x")).stderr).toContain("x is none");
    expect((await run("migrate to")).stderr).toContain("needs a tag");
  });

  test("has its large tables spread over partitions when somebody agrees to that, and says so", async () => {
    await run("db init");

    const [dry, unasked, wrong, embedded] = await Promise.all([
      run("db partition frontier --dry-run"),
      run("db partition frontier"),
      run("db partition raw_html --partitions 1"),
      workplace.run(["db", "partition", "frontier", "--yes"]),
    ]);
    const done = await run("db partition frontier --partitions 4 --yes");
    const status = await run("db status");

    expect(dry.stdout).toMatch(/^begin;\nlock table "custom"\."frontier"/);
    expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") });
    expect(done.stdout).toContain("frontier is in 4 partitions now");
    expect(wrong.stderr).toContain("2 to 256");
    expect(embedded).toMatchObject({ code: 2, stderr: expect.stringContaining("DATABASE_URL") });
    expect(status.stdout).toMatch(/frontier +about .* rows, .* in 4 partitions/);
    expect(status.stdout).toMatch(/raw_html +about [^,]+, [\d.]+ kB\n/);
  });
});
