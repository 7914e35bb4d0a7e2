import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { and, eq } from "drizzle-orm";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { exportMarkdownFolder } from "../../src/export/markdown-folder.ts";
import { testStores } from "../testing/stores.ts";
import { bodyOf, openExports } from "./exports.ts";

for (const testStore of testStores)
  describe(`with the ${testStore.name} database`, () => {
    let exports: Awaited<ReturnType<typeof openExports>>;
    const setUp = (options?: Record<string, unknown>) => exports.setUp(options);
    beforeAll(async () => {
      exports = await openExports(testStore);
    });
    afterAll(() => exports.close());

    describe("a second export", () => {
      test("leaves files alone whose page is the same, and replaces the others", async () => {
        const { add, run, read, folder } = await setUp();
        await add("/same");
        const { documentId } = await add("/changed");
        await run();
        const before = statSync(join(folder, "same.md"));

        await exports.db
          .update(markdownDocuments)
          .set({ markdown: "# New\n" })
          .where(eq(markdownDocuments.id, documentId));
        const result = await run();

        expect(result).toMatchObject({ written: 1, unchanged: 1, removed: 0 });
        expect(bodyOf(read("changed.md"))).toBe("# New\n");
        expect(statSync(join(folder, "same.md"))).toMatchObject({ mtimeMs: before.mtimeMs, ino: before.ino });
      });

      test("knows the redirects that an earlier crawl met, and the later ones before them", async () => {
        const { add, meet, run, read, request, origin } = await setUp();
        await add("/new");
        await add("/newer");
        await add("/a", { markdown: `[old](${origin}/old) [moved](${origin}/moved)` });
        await meet(`${origin}/old`, { state: "done", outcome: "redirected", message: `${origin}/new` });
        await meet(`${origin}/moved`, { state: "done", outcome: "redirected", message: `${origin}/new` });
        await exports.db.update(crawlJobs).set({ state: "completed" }).where(eq(crawlJobs.id, request.crawlId));
        const [next] = await exports.db
          .insert(crawlJobs)
          .values({ websiteId: request.websiteId, seeds: [], options: {} })
          .returning();
        const [moved] = await exports.db
          .select()
          .from(frontier)
          .where(and(eq(frontier.crawlId, request.crawlId), eq(frontier.url, `${origin}/moved`)));
        const { seq: _seq, ...again } = moved!;
        await exports.db.insert(frontier).values({ ...again, crawlId: next!.id, message: `${origin}/newer` });

        await run();

        expect(bodyOf(read("a.md"))).toBe("[old](new.md) [moved](newer.md)\n");
      });

      test("that reaches fewer pages, as after a crawl that was stopped, leaves the others and the links to them", async () => {
        const { add, run, read, request, files, origin } = await setUp();
        await add("/later");
        const gone = await add("/gone");
        await add("/a", { markdown: `[later](${origin}/later) [gone](${origin}/gone)` });
        await run();
        const [next] = await exports.db
          .insert(crawlJobs)
          .values({ websiteId: request.websiteId, seeds: [], options: {} })
          .returning();
        await exports.db
          .update(frontier)
          .set({ crawlId: next!.id })
          .where(and(eq(frontier.crawlId, request.crawlId), eq(frontier.url, `${origin}/a`)));
        await exports.db.update(pages).set({ status: 410 }).where(eq(pages.id, gone.id));

        const result = await exportMarkdownFolder(exports.db, { ...request, crawlId: next!.id });

        expect(result).toMatchObject({ written: 1, unchanged: 0, removed: 1 });
        expect(bodyOf(read("a.md"))).toBe(`[later](later.md) [gone](${origin}/gone)\n`);
        expect(files()).toEqual([".orbweaver.json", "a.md", "later.md"]);
      });

      test("removes the file of a page that left the website, and the folder that this empties", async () => {
        const { add, run, files, folder } = await setUp();
        await add("/");
        const gone = await add("/old/deep/page");
        const moved = await add("/old/moved");
        const failing = await add("/failing");
        await run();

        await exports.db.update(pages).set({ status: 404 }).where(eq(pages.id, gone.id));
        await exports.db.update(pages).set({ status: 301 }).where(eq(pages.id, moved.id));
        await exports.db.update(pages).set({ status: 500 }).where(eq(pages.id, failing.id));
        const result = await run();

        expect(result).toMatchObject({ unchanged: 1, removed: 2 });
        expect(files()).toEqual([".orbweaver.json", "failing.md", "index.md"]);
        expect(existsSync(join(folder, "old"))).toBe(false);
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

        for (const { id } of [edited, unproven])
          await exports.db.update(pages).set({ status: 410 }).where(eq(pages.id, id));
        const result = await run();

        expect(result.removed).toBe(0);
        expect(files()).toEqual([".orbweaver.json", "edited.md", "unproven.md"]);
      });

      test("moves a file when hosts become folders", async () => {
        const { add, run, request, files, host } = await setUp();
        await add("/a/b");
        await run();

        const result = await exportMarkdownFolder(exports.db, { ...request, withHost: true });

        expect(result).toMatchObject({ written: 1, removed: 1 });
        expect(files()).toEqual([".orbweaver.json", `${host}/a/b.md`]);
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
        const { id, url } = await add("/a");
        const victim = join(exports.scratch, "victim.md");
        writeFileSync(victim, "mine");
        const sha256 = new Bun.CryptoHasher("sha256").update("mine").digest("hex");
        await run();
        const files = Object.fromEntries(
          ["../victim.md", victim, "x/../../victim.md"].map((path) => [path, { url, sha256, crawl: null }]),
        );
        put(".orbweaver.json", JSON.stringify({ version: 1, files }));
        await exports.db.update(pages).set({ status: 404 }).where(eq(pages.id, id));

        expect(await run()).toMatchObject({ removed: 0 });
        expect(readFileSync(victim, "utf8")).toBe("mine");
      });

      test("a symbolic link that leads out of the folder is not followed; one that stays inside is", async () => {
        const { add, run, folder, read } = await setUp();
        const outside = `${folder}-outside`;
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
        const target = `${folder}-target.md`;
        writeFileSync(target, "mine");
        mkdirSync(folder);
        symlinkSync(target, join(folder, "a.md"));
        await add("/a");

        const { displaced } = await run();

        expect(displaced).toHaveLength(1);
        expect(readFileSync(target, "utf8")).toBe("mine");
      });
    });
  });
