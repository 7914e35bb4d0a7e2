import { decodeText } from "../../src/content/charset.ts";
import { fingerprint, sha256 } from "../../src/content/fingerprint.ts";
import { baseUrlOf, collectLinks } from "../../src/content/links.ts";
import { findMainContent } from "../../src/content/main/main-content.ts";
import type { ContentPage } from "../../src/content/main/page-blocks.ts";
import { toMarkdown } from "../../src/content/markdown/markdown.ts";
import { readMetadata } from "../../src/content/metadata/metadata.ts";
import { readModels } from "../../src/content/models.ts";
import { detectPageType } from "../../src/content/page-type/detect.ts";
import { parseHtml } from "../../src/content/parse-html.ts";
import { surveyPage } from "../../src/content/survey.ts";
import { toDocument } from "../../src/content/to-document.ts";
import { createSite } from "../site.ts";

// `bun run bench:stages`: where the CPU of one page goes, each stage by itself on what the one before it made.
const PAGES = 300;
const ROUNDS = 6;
const URL = "https://docs.example.org/docs/page.html";

const site = createSite({ pages: PAGES });
const bodies = Array.from({ length: PAGES }, (_, n) => new TextEncoder().encode(site.page(n)));
const texts = bodies.map((body) => decodeText(body, "utf-8").text);
const trees = () => texts.map((text) => parseHtml(text).root);
const documents = bodies.map((body) => read(body));

const stages: [string, () => unknown[], (input: never) => unknown][] = [
  ["decode", () => bodies, (body: Uint8Array) => decodeText(body, "utf-8")],
  ["parse", () => texts, (text: string) => parseHtml(text)],
  ["survey, metadata, links", trees, (root: ReturnType<typeof parseHtml>["root"]) => survey(root)],
  ["page type", trees, (root: ReturnType<typeof parseHtml>["root"]) => pageOf(root)],
  ["main content", () => trees().map(pageOf), (page: ContentPage) => findMainContent(page, readModels())],
  [
    "markdown",
    () => trees().map((root) => findMainContent(pageOf(root), readModels())),
    ({ root, keep }: ReturnType<typeof findMainContent>) => toMarkdown(root, { baseUrl: URL, keep }),
  ],
  ["fingerprint", () => documents, ({ markdown }: (typeof documents)[number]) => fingerprint(markdown)],
  ["document, all of the above", () => bodies, (body: Uint8Array<ArrayBuffer>) => read(body)],
  ["sha-256 of the body", () => bodies, (body: Uint8Array) => sha256(body)],
  ["zstd of the body", () => bodies, (body: Uint8Array<ArrayBuffer>) => Bun.zstdCompressSync(body, { level: 3 })],
  ["copy between threads", () => documents, (document: object) => structuredClone(document)],
];

console.log(`${PAGES} pages of ${(bodies.reduce((sum, body) => sum + body.length, 0) / PAGES / 1e3).toFixed(1)} KB`);
for (const [name, prepare, work] of stages) {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const inputs = prepare();
    // CPU and not wall time, which other processes on the machine stretch.
    const before = process.cpuUsage();
    for (const input of inputs) work(input as never);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / PAGES);
  }
  // The first rounds warm the compiler up.
  const steady = times.slice(2).sort((a, b) => a - b);
  console.log(`${name.padEnd(28)} ${(steady[Math.floor(steady.length / 2)] ?? 0).toFixed(0).padStart(6)} µs`);
}

function read(body: Uint8Array<ArrayBuffer>) {
  return toDocument({ url: URL, body, contentType: "text/html; charset=utf-8", content: "main" });
}

/** Its own survey included, which is made once a page. */
function pageOf(root: ReturnType<typeof parseHtml>["root"]): ContentPage {
  const found = surveyPage(root);
  const detected = detectPageType({ survey: found, url: URL, jsonLd: [] }, readModels().types);
  return { survey: found, url: URL, title: null, description: null, detected };
}

function survey(root: ReturnType<typeof parseHtml>["root"]) {
  const found = surveyPage(root);
  const baseUrl = baseUrlOf(found, URL);
  return [readMetadata(found, { url: baseUrl, baseUrl }), collectLinks(found, baseUrl)];
}
