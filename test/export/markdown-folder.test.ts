import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { eq } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { exportMarkdownFolder } from "../../src/export/markdown-folder.ts";
import { storeWebsite } from "./stored-website.ts";

const scratch = mkdtempSync(join(tmpdir(), "orbweaver-export-"));
let store: Store;
let made = 0;

beforeAll(async () => {
  store = await openEmbeddedStore(join(scratch, "data"));
  await migrateUp(store.db);
}, 60_000);

afterAll(async () => {
  await store.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A website of its own for each test, and a folder to export it to. */
async function setUp(options: Record<string, unknown> = {}) {
  const origin = `https://site${++made}.example`;
  const site = await storeWebsite(store.db, `${origin}/`, options);
  const folder = join(scratch, `out${made}`);
  const request = { websiteId: site.websiteId, crawlId: site.crawlId, folder, withHost: false };
  return {
    ...site,
    origin,
    folder,
    request,
    run: () => exportMarkdownFolder(store.db, request),
    read: (path: string) => readFileSync(join(folder, path), "utf8"),
    put: (path: string, content: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    },
    files: () => listFiles(folder),
  };
}

const listFiles = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const frontMatterOf = (file: string) => Bun.YAML.parse(file.split("\n---\n")[0]?.slice(4) ?? "");
const bodyOf = (file: string) => file.slice(file.indexOf("\n---\n\n") + 6);

describe("files", () => {
  test("each good page with text becomes a file in a tree like the website's", async () => {
    const { add, run, files, read, origin } = await setUp();
    await add("/");
    await add("/guide/");
    await add("/guide/start.html", { markdown: "# Start\n\nText" });
    await add("/list?page=2");
    await add("/missing", { status: 404 });
    await add("/empty", { markdown: "" });

    const result = await run();

    expect(files()).toEqual([".orbweaver.json", "guide/index.md", "guide/start.md", "index.md", "list_page=2.md"]);
    expect(bodyOf(read("guide/start.md"))).toBe("# Start\n\nText\n");
    expect(frontMatterOf(read("index.md"))).toMatchObject({ url: `${origin}/` });
    expect(result).toMatchObject({ written: 4, unchanged: 0, removed: 0, displaced: [] });
    expect(result.bytes).toBe(
      files()
        .filter((file) => file.endsWith(".md"))
        .reduce((sum, file) => sum + Buffer.byteLength(read(file)), 0),
    );
  });

  test("front matter says what is known, whatever the page calls itself", async () => {
    const { add, run, read, origin } = await setUp();
    const title = 'He said: "a \\ b" # not a comment\n---\nurl: evil\u0085\u2028\u0007\ud800 🕷';
    const { contentHash } = await add("/a", { title, description: "- [x] *yes* {a: b}, !tag &anchor" });
    await add("/b", { title: "" });

    await run();

    expect(frontMatterOf(read("a.md"))).toEqual({
      url: `${origin}/a`,
      title: title.toWellFormed(),
      description: "- [x] *yes* {a: b}, !tag &anchor",
      fetched_at: "2026-01-02T03:04:05.678Z",
      status: 200,
      content_hash: contentHash,
      language: "en",
    });
    expect(Object.keys(frontMatterOf(read("b.md")) as object)).toEqual([
      "url",
      "fetched_at",
      "status",
      "content_hash",
      "language",
    ]);
  });

  test("only what the crawl reached is written, and all of the website without a crawl", async () => {
    const { add, run, files, request } = await setUp();
    await add("/reached");
    await add("/failed", { state: "failed" });
    await add("/elsewhere", { state: null });

    await run();
    expect(files()).toEqual([".orbweaver.json", "reached.md"]);

    await exportMarkdownFolder(store.db, { websiteId: request.websiteId, folder: request.folder, withHost: true });
    const host = new URL(`https://site${made}.example`).host;
    expect(files()).toEqual([".orbweaver.json", `${host}/elsewhere.md`, `${host}/failed.md`, `${host}/reached.md`]);
  });

  test("more pages than one batch are all written, and the progress says so", async () => {
    const { add, request, files } = await setUp();
    for (let page = 0; page < 205; page++) await add(`/p${page}`);
    const progress: { done: number; total: number }[] = [];

    const result = await exportMarkdownFolder(store.db, { ...request, onProgress: (now) => progress.push(now) });

    expect(result.written).toBe(205);
    expect(files()).toHaveLength(206);
    expect(progress).toEqual([100, 200, 205].map((done) => ({ done, total: 205 })));
  });

  test("an aborted export stops with the signal's reason", async () => {
    const { add, request } = await setUp();
    await add("/a");

    const run = exportMarkdownFolder(store.db, { ...request, signal: AbortSignal.abort(new Error("enough")) });

    await expect(run).rejects.toThrow("enough");
  });

  test("an unknown crawl, or another website's, is named", async () => {
    const { request } = await setUp();
    const other = await setUp();

    const run = exportMarkdownFolder(store.db, { ...request, crawlId: other.crawlId });

    await expect(run).rejects.toThrow(`There is no crawl ${other.crawlId}`);
  });
});

describe("links", () => {
  test("between exported pages are relative and keep their fragments; others stay absolute", async () => {
    const { add, run, read, origin } = await setUp();
    await add("/");
    await add("/a/b(c)%20d/");
    await add("/gone", { status: 404 });
    await add("/a/page", {
      markdown: [
        `[home](${origin}/)`,
        `[folder](${origin}/a/b(c)%20d/#part-1 "Title")`,
        `[tracked](${origin}/?utm_source=x)`,
        `[self](${origin}/a/page#here)`,
        `[gone](${origin}/gone#x)`,
        "[other](https://other.example/a#b)",
        `<${origin}/>`,
        `[ref][r]\n\n[r]: ${origin}/`,
        `\`[code](${origin}/)\``,
      ].join("\n\n"),
    });

    await run();

    const body = bodyOf(read("a/page.md"));
    expect(body).toContain("[home](../index.md)");
    expect(body).toContain("b%28c%29%20d/index.md#part-1");
    expect(body).toContain("[tracked](../index.md)");
    expect(body).toContain("[self](#here)");
    expect(body).toContain(`[gone](${origin}/gone#x)`);
    expect(body).toContain("[other](https://other.example/a#b)");
    expect(body).toContain(`\`[code](${origin}/)\``);
    expect(existsSync(join(scratch, `out${made}`, "a/b(c) d/index.md"))).toBe(true);
  });

  test("to a URL that redirected, or named another as its canonical one, lead to the page it came to", async () => {
    const { add, meet, run, read, origin } = await setUp();
    await add("/new");
    await meet(`${origin}/old`, { state: "done", outcome: "redirected", message: `${origin}/older` });
    await meet(`${origin}/older`, { state: "done", outcome: "redirected", message: `${origin}/new?print=1` });
    await meet(`${origin}/new?print=1`, {
      state: "skipped",
      outcome: "canonical",
      message: `Its canonical URL is ${origin}/new`,
    });
    await meet(`${origin}/loop`, { state: "done", outcome: "redirected", message: `${origin}/loop` });
    await add("/a", { markdown: `[old](${origin}/old#top) [print](${origin}/new?print=1) [loop](${origin}/loop)` });

    await run();

    expect(bodyOf(read("a.md"))).toBe(`[old](new.md#top) [print](new.md) [loop](${origin}/loop)\n`);
  });

  test("are matched as the crawl spelled URLs", async () => {
    const { add, run, read, origin } = await setUp({ query: "drop" });
    await add("/b");
    await add("/a", { markdown: `[b](${origin}/b?x=1)` });

    await run();

    expect(bodyOf(read("a.md"))).toBe("[b](b.md)\n");
  });
});

describe("a second export", () => {
  test("leaves files alone whose page is the same, and replaces the others", async () => {
    const { add, run, read, folder } = await setUp();
    await add("/same");
    const { documentId } = await add("/changed");
    await run();
    const before = statSync(join(folder, "same.md"));

    await store.db.update(markdownDocuments).set({ markdown: "# New\n" }).where(eq(markdownDocuments.id, documentId));
    const result = await run();

    expect(result).toMatchObject({ written: 1, unchanged: 1, removed: 0 });
    expect(bodyOf(read("changed.md"))).toBe("# New\n");
    expect(statSync(join(folder, "same.md"))).toMatchObject({ mtimeMs: before.mtimeMs, ino: before.ino });
  });

  test("removes the file of a page that left the website, and the folder that this empties", async () => {
    const { add, run, files } = await setUp();
    await add("/");
    const gone = await add("/old/deep/page");
    const moved = await add("/old/moved");
    const failing = await add("/failing");
    await run();

    await store.db.update(pages).set({ status: 404 }).where(eq(pages.id, gone.id));
    await store.db.update(pages).set({ status: 301 }).where(eq(pages.id, moved.id));
    await store.db.update(pages).set({ status: 500 }).where(eq(pages.id, failing.id));
    const result = await run();

    expect(result).toMatchObject({ unchanged: 1, removed: 2 });
    expect(files()).toEqual([".orbweaver.json", "failing.md", "index.md"]);
    expect(existsSync(join(scratch, `out${made}`, "old"))).toBe(false);
  });

  test("keeps the file of a page that left when somebody changed it, or when no manifest says that it is ours", async () => {
    const { add, run, put, read, files, folder } = await setUp();
    const edited = await add("/edited");
    const unproven = await add("/unproven");
    await run();
    put("edited.md", `${read("edited.md")}A note of mine.\n`);
    const manifest = JSON.parse(read(".orbweaver.json"));
    delete manifest.files["unproven.md"];
    writeFileSync(join(folder, ".orbweaver.json"), JSON.stringify(manifest));

    for (const { id } of [edited, unproven]) await store.db.update(pages).set({ status: 410 }).where(eq(pages.id, id));
    const result = await run();

    expect(result.removed).toBe(0);
    expect(files()).toEqual([".orbweaver.json", "edited.md", "unproven.md"]);
  });

  test("moves a file when hosts become folders", async () => {
    const { add, run, request, files } = await setUp();
    await add("/a/b");
    await run();

    const result = await exportMarkdownFolder(store.db, { ...request, withHost: true });

    expect(result).toMatchObject({ written: 1, removed: 1 });
    expect(files()).toEqual([".orbweaver.json", `site${made}.example/a/b.md`]);
  });
});

describe("what is in the folder and not ours", () => {
  test("stays, and the page takes another name that is told", async () => {
    const { add, run, put, read, origin } = await setUp();
    put("index.md", "# My own notes\n");
    put("page.md", `---\nurl: "https://elsewhere.example/page"\n---\n\nAnother website's.\n`);
    await add("/");
    await add("/page", { markdown: `[home](${origin}/)` });

    const result = await run();

    expect(read("index.md")).toBe("# My own notes\n");
    expect(read("page.md")).toContain("Another website's.");
    expect(result.displaced.map(({ url }) => url)).toEqual([`${origin}/`, `${origin}/page`]);
    const [home, page] = result.displaced.map(({ path }) => path);
    expect(home).toMatch(/^index-[0-9a-f]{8}\.md$/);
    expect(bodyOf(read(page ?? ""))).toBe(`[home](${home})\n`);

    expect(await run()).toMatchObject({ written: 0, unchanged: 2, removed: 0 });
  });

  test("a page's file that lost its manifest is still known by its front matter", async () => {
    const { add, run, folder, files } = await setUp();
    await add("/a");
    await run();
    rmSync(join(folder, ".orbweaver.json"));

    expect(await run()).toMatchObject({ written: 0, unchanged: 1, displaced: [] });
    expect(files()).toEqual([".orbweaver.json", "a.md"]);
  });

  test("a manifest that is none is named, and nothing is written", async () => {
    const { add, run, put, files, folder } = await setUp();
    await add("/a");
    put(".orbweaver.json", "{}");

    await expect(run()).rejects.toThrow(`${folder}/.orbweaver.json is not a list of files that this version`);
    expect(files()).toEqual([".orbweaver.json"]);
  });

  test("a manifest that names files outside the folder removes none of them", async () => {
    const { add, run, put } = await setUp();
    const { id } = await add("/a");
    const victim = join(scratch, "victim.md");
    writeFileSync(victim, "mine");
    const sha256 = new Bun.CryptoHasher("sha256").update("mine").digest("hex");
    await run();
    const files = Object.fromEntries(
      ["../victim.md", victim, "x/../../victim.md"].map((path) => [
        path,
        { url: `https://site${made}.example/a`, sha256, crawl: null },
      ]),
    );
    put(".orbweaver.json", JSON.stringify({ version: 1, files }));
    await store.db.update(pages).set({ status: 404 }).where(eq(pages.id, id));

    expect(await run()).toMatchObject({ removed: 0 });
    expect(readFileSync(victim, "utf8")).toBe("mine");
  });

  test("a symbolic link that leads out of the folder is not followed; one that stays inside is", async () => {
    const { add, run, folder, read } = await setUp();
    const outside = join(scratch, `outside${made}`);
    mkdirSync(outside);
    mkdirSync(join(folder, "real"), { recursive: true });
    symlinkSync(join(folder, "real"), join(folder, "inner"));
    await add("/inner/a");
    await run();
    expect(read("real/a.md")).toContain("/inner/a");

    symlinkSync(outside, join(folder, "outer"));
    await add("/outer/b");

    await expect(run()).rejects.toThrow(`${join(folder, "outer")} is a symbolic link that leads out of the folder`);
    expect(readdirSync(outside)).toEqual([]);
  });

  test("a symbolic link in a page's place is neither followed nor replaced", async () => {
    const { add, run, folder } = await setUp();
    const target = join(scratch, `target${made}.md`);
    writeFileSync(target, "mine");
    mkdirSync(folder);
    symlinkSync(target, join(folder, "a.md"));
    await add("/a");

    const { displaced } = await run();

    expect(displaced).toHaveLength(1);
    expect(readFileSync(target, "utf8")).toBe("mine");
  });
});
