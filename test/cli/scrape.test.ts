import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
const page = `<!doctype html><html lang="en"><title>Spiders</title><body><nav><a href="/nav">Nav</a></nav>
<main><h1>Spiders</h1><p>They <b>weave</b> <a href="/webs#orb">webs</a>, and the orb web is the best known of them all.</p></main></body></html>`;
let server: Bun.Server<undefined>;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/robots.txt") return new Response("User-agent: *\nDisallow: /secret\n");
      if (pathname === "/slow") return new Promise(() => {});
      if (pathname === "/large")
        return new Response(`# Large\n\n${"A line of text.\n\n".repeat(100_000)}`, {
          headers: { "content-type": "text/markdown" },
        });
      if (pathname === "/gone") return new Response("gone", { status: 410 });
      return new Response(page, { headers: { "content-type": "text/html" } });
    },
  });
});

afterAll(async () => {
  await server.stop(true);
  workplace.remove();
});

const scrape = (path: string, ...flags: string[]) => workplace.run(["scrape", `${server.url.origin}${path}`, ...flags]);

describe("a page is printed", () => {
  test("in each format, without a database", async () => {
    const [markdown, text, html, links, json] = await Promise.all(
      ["markdown", "text", "html", "links", "json"].map((format) => scrape("/a", "--format", format)),
    );

    for (const ended of [markdown, text, html, links, json]) expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(markdown?.stdout).toContain(`They **weave** [webs](${server.url.origin}/webs#orb), and`);
    expect(text?.stdout).toContain("They weave webs, and the orb web");
    expect(html?.stdout).toBe(page);
    expect(links?.stdout).toBe(`${server.url.origin}/nav\n${server.url.origin}/webs\n`);
    expect(JSON.parse(json?.stdout ?? "")).toMatchObject({
      url: `${server.url.origin}/a`,
      status: 200,
      document: { title: "Spiders", language: "en", kind: "html" },
    });
    expect(readdirSync(workplace.folder)).toEqual([]);
  });

  test("as selectors and switches say, with what was left out and why, or in passages", async () => {
    const [explained, chunks, refused] = await Promise.all([
      scrape("/a", "--include-selector", "main", "--explain"),
      scrape("/a", "--chunks", "--no-links", "--chunk-tokens", "64"),
      scrape("/a", "--exclude-selector", "p["),
    ]);

    expect(explained).toMatchObject({ code: 0, stderr: "" });
    expect(explained.stdout).toContain("chosen     selection, by include-selectors (100% sure)\n");
    expect(explained.stdout).toMatch(/\nkept {6,}\d+ +100% {2}include-selectors +main +Spiders They weave/);
    expect(explained.stdout).toMatch(/\nleft out +3 +100% {2}not-selected +nav +Nav\n/);
    expect(JSON.parse(chunks.stdout)).toMatchObject({ index: 0, heading_path: ["Spiders"], start: 0 });
    expect(chunks.stdout).toContain("They **weave** webs, and");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toStartWith('orbweaver: --exclude-selector: "p[" can\'t be used as a CSS selector: ');
  });

  test("to a reader that goes away early without a word", async () => {
    const child = workplace.start(["scrape", `${server.url.origin}/large`]);
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();

    const stderr = await child.stderr.text();

    expect({ code: await child.exited, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("a failure is one sentence", () => {
  test("when the output can't be written", async () => {
    const child = workplace.start(["scrape", `${server.url.origin}/a`], {}, Bun.file("/dev/full"));

    expect(await child.stderr.text()).toStartWith("orbweaver: Standard output can't be written: ");
    expect(await child.exited).toBe(1);
  });

  test.each([
    ["/secret/a", [], "robots.txt"],
    ["/gone", [], "/gone answered 410"],
    ["/slow", ["--timeout", "300ms", "--no-robots"], "took longer than 300 ms"],
  ])("%s %p", async (path, flags, words) => {
    const { code, stdout, stderr } = await scrape(path, ...flags);

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toStartWith("orbweaver: ");
    expect(stderr).toContain(words);
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  test("and with --no-robots robots.txt is no reason", async () => {
    expect(await scrape("/secret/a", "--no-robots")).toMatchObject({ code: 0 });
  });

  test("a URL that is none is the caller's fault", async () => {
    const { code, stderr } = await workplace.run(["scrape", "example"]);

    expect(code).toBe(2);
    expect(stderr).toStartWith('orbweaver: url: "example" must be an absolute http or https URL');
  });
});
