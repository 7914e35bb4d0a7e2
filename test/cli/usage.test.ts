import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
afterAll(workplace.remove);

test.each([
  [["crwal"], "orbweaver: unknown command 'crwal' (Did you mean crawl?); see orbweaver --help"],
  [
    ["crawl", "https://example.org", "--max-pags", "3"],
    "orbweaver crawl: unknown option '--max-pags' (Did you mean --max-pages?); see orbweaver crawl --help",
  ],
  [["--prot", "1"], "orbweaver serve: unknown option '--prot' (Did you mean --port?); see orbweaver serve --help"],
  [["crawl"], "orbweaver crawl: missing required argument 'target'; see orbweaver crawl --help"],
  [
    ["crawl", "https://example.org", "--delay", "soon"],
    "orbweaver crawl: option '--delay <time>' argument 'soon' is invalid: it must be a time, as in 500ms, 90s, 30m or 2h; see orbweaver crawl --help",
  ],
  [
    ["scrape", "https://example.org", "--format", "pdf"],
    "orbweaver scrape: option '--format <format>' argument 'pdf' is invalid: allowed choices are markdown, html, text, links, json; see orbweaver scrape --help",
  ],
  [
    ["migrate", "sideways"],
    "orbweaver migrate: command-argument value 'sideways' is invalid for argument 'action': allowed choices are up, down, status, to; see orbweaver migrate --help",
  ],
  [
    ["crawl", "docs.example.org"],
    'orbweaver: "docs.example.org" is neither a URL nor a folder: write https://docs.example.org if it is a website',
  ],
  [
    ["crawl", "ftp://example.org"],
    `orbweaver: "ftp://example.org" can't be crawled: only http and https URLs and folders can`,
  ],
  [
    ["crawl", "."],
    "orbweaver: . is a folder: say where its site lives with --base-url, as in --base-url https://docs.example.org/",
  ],
  [
    ["crawl", "https://a:b@example.org/"],
    `orbweaver: "https://a:b@example.org/" can't be crawled: write an http or https URL without a password, as in https://docs.example.org/`,
  ],
])("%p ends with code 2 and one sentence", async (args, sentence) => {
  const { code, stdout, stderr } = await workplace.run(args);

  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `${sentence}\n` });
});

test("an option or setting out of its range is named, and nothing is made on disk", async () => {
  const [pages, pattern, port] = await Promise.all([
    workplace.run(["crawl", "https://example.org", "--max-pages", "0"]),
    workplace.run(["crawl", "https://example.org", "--include", "re:("]),
    workplace.run(["crawl", "https://example.org"], { PORT: "many" }),
  ]);

  expect([pages.code, pattern.code, port.code]).toEqual([2, 2, 78]);
  expect(pages.stderr).toStartWith("orbweaver: --max-pages: ");
  expect(pattern.stderr).toStartWith("orbweaver: --include: ");
  expect(port.stderr).toContain('PORT: "many" (environment) is not a whole number');
  expect(readdirSync(workplace.folder)).toEqual([]);
});

test("help names every command with an example, and the version is the package's", async () => {
  const [help, crawlHelp, version] = await Promise.all([
    workplace.run(["--help"]),
    workplace.run(["help", "crawl"]),
    workplace.run(["--version"]),
  ]);
  const { version: expected } = await Bun.file(`${import.meta.dir}/../../package.json`).json();

  expect([help.code, crawlHelp.code, version.code]).toEqual([0, 0, 0]);
  for (const command of ["serve", "worker", "instances", "crawl", "scrape", "migrate", "health"])
    expect(help.stdout).toContain(`\n  ${command} `);
  expect(help.stdout).toContain("orbweaver crawl https://");
  for (const flag of ["--out", "--base-url", "--max-pages", "--exclude", "--no-robots", "--json", "--restart"]) {
    expect(crawlHelp.stdout).toContain(flag);
  }
  expect(version.stdout).toBe(`${expected}\n`);
});

test("health says what is wrong when nothing listens", async () => {
  const server = Bun.serve({ port: 0, fetch: () => new Response() });
  const port = String(server.port);
  await server.stop(true);

  const { code, stderr } = await workplace.run(["health"], { PORT: port });

  expect(code).toBe(1);
  expect(stderr).toBe(`orbweaver: http://127.0.0.1:${port}/health does not answer: nothing listens there\n`);
});
