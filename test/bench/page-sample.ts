import { SQL } from "bun";
import { createSite } from "../site.ts";
import type { ServerProcess } from "./server-process.ts";

type Page = Record<string, unknown>;

/** Enough that an index is worth its while, and few enough to wait for. */
const PAGES = 200;

/**
 * Has the service's own crawler fetch a website into the database, and copies what the service answers for one of its
 * pages, column by column, into the table that the bare server selects from.
 * @returns the path of the page on either
 */
export async function samplePage(options: {
  binary: string;
  databaseUrl: string;
  folder: string;
  service: ServerProcess;
}): Promise<{ ours: string; bare: string }> {
  const { binary, databaseUrl, folder, service } = options;
  const site = createSite({ pages: PAGES, minBytes: 2_000, maxBytes: 4_000 }).serve();
  const command = [binary, "crawl", `${site.origin}/`, "--no-files", "--delay", "0", "--quiet"];
  const crawl = Bun.spawn(command, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, DATABASE_URL: databaseUrl },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 60_000,
  });
  await crawl.exited;
  await site.stop();
  const { items } = await readPages(`${service.url}/api/v1/pages?limit=100`);
  const [page] = items;
  if (!page) throw new Error("The crawl stored no page.");
  await copyIntoTable(databaseUrl, page, items);
  return { ours: `/api/v1/pages/${page.id}`, bare: `/pages/${page.id}` };
}

async function copyIntoTable(databaseUrl: string, shape: Page, pages: Page[]): Promise<void> {
  const columns = Object.entries(shape).map(([name, value]) => `"${name}" ${typeOf(name, value)}`);
  const sql = new SQL(databaseUrl, { max: 1 });
  await sql.unsafe(`create table bare_pages (${columns.join(", ")})`);
  await sql.unsafe("insert into bare_pages select * from jsonb_populate_recordset(null::bare_pages, $1::text::jsonb)", [
    JSON.stringify(pages),
  ]);
  await sql.unsafe("analyze bare_pages");
  await sql.close();
}

function typeOf(name: string, value: unknown): string {
  if (name === "id") return "uuid primary key";
  if (typeof value === "number") return "integer";
  return typeof value === "string" || value === null ? "text" : "jsonb";
}

async function readPages(url: string): Promise<{ items: Page[] }> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { items: Page[] };
}
