import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exportMarkdownFolder } from "../../src/export/markdown-folder.ts";
import { testStores } from "../testing/stores.ts";
import { bodyOf, frontMatterOf, openExports } from "./exports.ts";

for (const testStore of testStores)
  describe(`with the ${testStore.name} database`, () => {
    let exports: Awaited<ReturnType<typeof openExports>>;
    const setUp = (options?: Record<string, unknown>) => exports.setUp(options);
    beforeAll(async () => {
      exports = await openExports(testStore);
    });
    afterAll(() => exports.close());

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
        const { contentHash } = await add("/a", {
          title,
          description: "- [x] *yes* {a: b}, !tag &anchor",
          pageType: "wiki",
        });
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
          page_type: "wiki",
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
        const { add, run, files, request, host } = await setUp();
        await add("/reached");
        await add("/failed", { state: "failed" });
        await add("/elsewhere", { state: null });

        await run();
        expect(files()).toEqual([".orbweaver.json", "reached.md"]);

        await exportMarkdownFolder(exports.db, {
          websiteId: request.websiteId,
          folder: request.folder,
          withHost: true,
        });
        expect(files()).toEqual([".orbweaver.json", `${host}/elsewhere.md`, `${host}/failed.md`, `${host}/reached.md`]);
      });

      test("more pages than one batch are all written, and the progress says so", async () => {
        const { add, request, files } = await setUp();
        for (let page = 0; page < 205; page++) await add(`/p${page}`);
        const progress: { done: number; total: number }[] = [];

        const result = await exportMarkdownFolder(exports.db, { ...request, onProgress: (now) => progress.push(now) });

        expect(result.written).toBe(205);
        expect(files()).toHaveLength(206);
        expect(progress).toEqual([100, 200, 205].map((done) => ({ done, total: 205 })));
      });

      test("an aborted export stops with the signal's reason", async () => {
        const { add, request } = await setUp();
        await add("/a");

        const run = exportMarkdownFolder(exports.db, { ...request, signal: AbortSignal.abort(new Error("enough")) });

        await expect(run).rejects.toThrow("enough");
      });

      test("an unknown crawl, or another website's, is named", async () => {
        const { request } = await setUp();
        const other = await setUp();

        const run = exportMarkdownFolder(exports.db, { ...request, crawlId: other.crawlId });

        await expect(run).rejects.toThrow(`There is no crawl ${other.crawlId}`);
      });
    });

    describe("links", () => {
      test("between exported pages are relative and keep their fragments; others stay absolute", async () => {
        const { add, run, read, origin, folder } = await setUp();
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
        expect(existsSync(join(folder, "a/b(c) d/index.md"))).toBe(true);
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
  });
