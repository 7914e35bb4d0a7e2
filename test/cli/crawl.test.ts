import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { createSite, type ServedSite } from "../site.ts";
import { prepareDataFolder } from "../testing/stores.ts";
import { listFiles, openWorkplace } from "./command.ts";

const workplace = openWorkplace();
const fast = ["--delay", "0", "--concurrency", "4", "--data", "data"];

beforeAll(async () => void (await prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true })));
afterAll(workplace.remove);

const inFolder = (path: string) => join(workplace.folder, path);
const pagesIn = (folder: string) => listFiles(inFolder(folder)).filter((file) => file.endsWith(".md"));

describe("a folder", () => {
  const site = createSite({ pages: 40, minBytes: 3_000, maxBytes: 6_000 });

  test("becomes Markdown files without a network, with links that all lead to files", async () => {
    await site.writeTo(workplace.makeFolder("site"));

    const ended = await workplace.run([
      "crawl",
      "site",
      "--base-url",
      "https://docs.invalid",
      "--out",
      "docs",
      "--data",
      "data",
    ]);

    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toStartWith("Crawled https://docs.invalid/ in ");
    expect(ended.stdout).toContain("\n  pages     40 new\n  answers   200 × 40\n");
    expect(ended.stdout).toContain("\n  files     40 written in ./docs\n");
    expect(pagesIn("docs")).toHaveLength(40);
    const links = pagesIn("docs").flatMap((file) => relativeLinksOf("docs", file));
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter(({ target }) => !existsSync(inFolder(join("docs", target))))).toEqual([]);
  });

  test("crawled again changes only what changed, and prints nothing when it is to be quiet", async () => {
    site.revise(7);
    await site.writeTo(inFolder("site"));
    const before = new Map(pagesIn("docs").map((file) => [file, readFileSync(inFolder(`docs/${file}`), "utf8")]));

    const ended = await workplace.run([
      "crawl",
      "site",
      "--base-url",
      "https://docs.invalid",
      "--out",
      "docs",
      "--data",
      "data",
      "--quiet",
    ]);

    const changed = pagesIn("docs").filter(
      (file) => before.get(file) !== readFileSync(inFolder(`docs/${file}`), "utf8"),
    );
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(changed).toHaveLength(1);
    expect(readFileSync(inFolder(`docs/${changed[0]}`), "utf8")).toContain("Revision 2 of page 7.");
  });

  test("without a page is named", async () => {
    workplace.makeFolder("empty");

    const ended = await workplace.run(["crawl", "empty", "--base-url", "https://empty.invalid", "--data", "data"]);

    expect(ended).toMatchObject({ code: 2, stderr: "orbweaver: There is no HTML file in empty\n" });
  });
});

describe("a website", () => {
  const site = createSite({ pages: 60, minBytes: 2_000, maxBytes: 4_000 });
  let served: ServedSite;
  beforeAll(() => {
    served = site.serve({ latencyMs: 20 });
  });
  afterAll(() => served.stop());

  test("is left by Ctrl-C with what is done, and the same command goes on where it was", async () => {
    const command = ["crawl", `${served.origin}/`, "--out", "out site", ...fast, "--no-sitemaps"];
    const child = workplace.start(command);
    await untilRequests(served, 20);
    child.kill("SIGINT");
    const stderr = await child.stderr.text();
    const stopped = { code: await child.exited, stdout: await child.stdout.text() };
    const kept = pagesIn("out site");

    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toStartWith(`Crawled a part of ${served.origin}/ in `);
    expect(stderr).toContain("Stopping; press Ctrl-C again to stop at once\n");
    expect(stderr).toContain(
      `  orbweaver crawl ${served.origin}/ --out 'out site' --delay 0 --concurrency 4 --data data --no-sitemaps\n`,
    );
    expect(kept.length).toBeWithin(1, 60);

    const other = await workplace.run([...command, "--max-depth", "3"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("is unfinished and had another max_depth: give the same options");

    const resumed = await workplace.run(command);

    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain(`Going on with the crawl of ${served.origin}/ that was left: `);
    expect(pagesIn("out site")).toHaveLength(60);
    const again = [...served.requests].filter(([path, visits]) => visits > 1 && path !== "/robots.txt");
    expect(again.length).toBeLessThanOrEqual(4);
    expect(resumed.stdout).toContain("\n  pages     60 new");
  });

  test("is left at once by a second Ctrl-C, whatever is still on its way", async () => {
    await prepareDataFolder(workplace.makeFolder("slow-data"), { isMigrated: true });
    const slow = site.serve({ latencyMs: 30_000 });
    const child = workplace.start([
      "crawl",
      `${slow.origin}/`,
      "--out",
      "slow",
      "--data",
      "slow-data",
      "--no-robots",
      "--no-sitemaps",
    ]);
    await untilRequests(slow, 1);
    const reader = child.stderr.getReader();
    const startedAt = performance.now();

    child.kill("SIGINT");
    for (let told = ""; !told.includes("Stopping"); ) told += new TextDecoder().decode((await reader.read()).value);
    child.kill("SIGINT");

    expect(await child.exited).toBe(130);
    // In-flight pages would have had 5 s.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    await slow.stop();
  });

  test("tells programs each step in an object a line, the summary last", async () => {
    const command = ["crawl", `${served.origin}/`, "--out", "json", ...fast, "--json", "--max-pages", "5"];

    const { code, stdout, stderr } = await workplace.run(command);

    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(events[0]).toMatchObject({ type: "started", url: `${served.origin}/`, is_resumed: false });
    expect(events.slice(1, -1).every(({ type }) => type === "progress")).toBe(true);
    expect(events.at(-1)).toMatchObject({
      type: "summary",
      state: "completed",
      end_reason: "max_pages",
      pages: { done: 5, unchanged: 5 },
      files: { written: 5 },
    });
  });

  test("of which nothing can be fetched ends with code 1 and the reason", async () => {
    const closed = site.serve({ robots: "User-agent: *\nDisallow: /\n" });
    const forbidden = await workplace.run(["crawl", `${closed.origin}/`, "--out", "none", ...fast]);
    await closed.stop();
    const away = await workplace.run([
      "crawl",
      `${closed.origin}/`,
      "--out",
      "none",
      ...fast,
      "--max-retries",
      "0",
      "--no-robots",
    ]);

    expect(forbidden.code).toBe(1);
    expect(forbidden.stderr).toContain(`orbweaver: Nothing of ${closed.origin}/ could be fetched: `);
    expect(forbidden.stderr).toContain("robots.txt");
    expect(away.code).toBe(1);
    expect(away.stderr).toContain(`orbweaver: Nothing of ${closed.origin}/ could be fetched: `);
    expect(pagesIn("none")).toEqual([]);
  });

  test("is not crawled when the files could not be written", async () => {
    writeFileSync(inFolder("taken"), "mine");
    const before = served.requests.size;

    const ended = await workplace.run(["crawl", `${served.origin}/`, "--out", "taken", ...fast]);

    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe(
      `orbweaver: ${inFolder("taken")} can't be written: a file is in its place; choose another folder\n`,
    );
    expect(served.requests.size).toBe(before);
  });
});

test("migrate says what the database has, and applies what is missing once", async () => {
  const folder = workplace.makeFolder("fresh");
  await prepareDataFolder(folder);

  const before = await workplace.run(["migrate", "status", "--data", "fresh"]);
  const applied = await workplace.run(["migrate", "--data", "fresh"]);
  const after = await workplace.run(["migrate", "--data", "fresh"]);

  expect(before.stdout).toContain("0000_initial missing; orbweaver migrate applies it\n");
  expect(applied.stdout).toContain("0000_initial applied\n");
  expect(after.stdout).toContain("up to date\n");
});

/** Links of a Markdown file that lead to files, as paths in the folder. */
function relativeLinksOf(folder: string, file: string): { file: string; target: string }[] {
  const text = readFileSync(inFolder(join(folder, file)), "utf8");
  const links: { file: string; target: string }[] = [];
  const rewriter = new HTMLRewriter().on("a[href]", {
    element(element) {
      const href = element.getAttribute("href") ?? "";
      const [path = ""] = href.split("#");
      if (path === "" || /^[a-z]+:/i.test(path)) return;
      links.push({ file, target: posix.join(dirname(file), decodeURIComponent(path)) });
    },
  });
  rewriter.transform(Bun.markdown.html(text.slice(text.indexOf("\n---\n") + 5)));
  return links;
}

/** Also counts requests that are not answered yet. */
async function untilRequests(served: ServedSite, count: number): Promise<void> {
  const arrived = () => [...served.hosts.values()].reduce((sum, { requests }) => sum + requests, 0);
  for (const deadline = performance.now() + 20_000; arrived() < count; ) {
    if (performance.now() > deadline) throw new Error(`Only ${arrived()} pages were asked for`);
    await Bun.sleep(5);
  }
}
