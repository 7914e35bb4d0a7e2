import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $, gunzipSync } from "bun";
import { decodeHTML } from "entities";
import { type Document, EXTRACTOR_VERSION } from "../../src/content/document.ts";
import { createParserPool } from "../../src/content/parser-pool.ts";
import { CACHE } from "../testing/cache.ts";
import { seededRandom, shuffle } from "./chance.ts";

/** Documentation as Debian packages it: what a website of it would be crawled as. */
export type Manual = { name: string; package: string; folder: string };

/** First those that have an index of terms or plain titles, which queries are made of; then what makes many pages. */
export const MANUALS: readonly Manual[] = [
  { name: "python", package: "python3.11-doc", folder: "usr/share/doc/python3.11/html" },
  { name: "postgresql", package: "postgresql-doc-15", folder: "usr/share/doc/postgresql-doc-15/html" },
  { name: "git", package: "git-doc", folder: "usr/share/doc/git-doc" },
  { name: "sqlite", package: "sqlite3-doc", folder: "usr/share/doc/sqlite3" },
  { name: "cmake", package: "cmake-doc", folder: "usr/share/doc/cmake-data/html" },
  { name: "django", package: "python-django-doc", folder: "usr/share/doc/python-django-doc/html" },
  { name: "sqlalchemy", package: "python-sqlalchemy-doc", folder: "usr/share/doc/python-sqlalchemy-doc/html" },
  { name: "sphinx", package: "sphinx-doc", folder: "usr/share/doc/sphinx-doc/html" },
  { name: "apache", package: "apache2-doc", folder: "usr/share/doc/apache2-doc/manual/en" },
  { name: "openjdk", package: "openjdk-17-doc", folder: "usr/share/doc/openjdk-17-jre-headless" },
  { name: "libstdcxx", package: "libstdc++-12-doc", folder: "usr/share/doc/gcc-12-base/libstdc++" },
  { name: "cppreference", package: "cppreference-doc-en-html", folder: "usr/share/cppreference/doc/html/en" },
  { name: "rust", package: "rust-doc", folder: "usr/share/doc/rust-doc/html" },
];

/** A page of a manual as a crawl would have stored it. */
export type ManualPage = { manual: string; path: string; document: Document };

/** A term of a manual's own index, and the pages that it leads to. */
export type IndexTerm = { manual: string; term: string; paths: string[] };

/** Nobody looks for a page that only lists others by their words; as answers they would be as good as any. */
const INDEX_PAGE = /(?:^|\/)(?:genindex|bookindex|search|py-modindex|modindex|index-all|keyword_index)[^/]*\.html$/;

/** Larger ones are whole books in a page. */
const MAX_BYTES = 400_000;

/** Manuals that a small corpus is drawn from, all of them alike. */
const MIXED = 9;

/**
 * So many pages, read once and kept: of the first manuals by turns, and only once these are used up of the others.
 * Fewer where all of them have no more.
 */
export async function readManuals(count: number, say: (line: string) => void): Promise<ManualPage[]> {
  const mixed: ManualPage[] = [];
  for (const manual of MANUALS.slice(0, MIXED)) mixed.push(...(await readManual(manual, say)));
  const pages = shuffle(mixed, seededRandom(3)).slice(0, count);
  for (const manual of MANUALS.slice(MIXED)) {
    if (pages.length >= count) break;
    pages.push(...(await readManual(manual, say)));
  }
  return pages.slice(0, count);
}

/**
 * As many pages as that, however many there are: further ones are the halves of two, each under a name of its own. They
 * are as long and use words as often as real ones, and are good for how long a search takes, not for how well it finds.
 */
export function multiplyPages(pages: readonly ManualPage[], count: number): ManualPage[] {
  const all = [...pages];
  for (let made = 0; all.length < count; made++) {
    const first = pages[made % pages.length] as ManualPage;
    const second = pages[(made * 7_919 + 13) % pages.length] as ManualPage;
    const half = (text: string, from: number) => text.slice(text.indexOf("\n", text.length * from) + 1);
    const markdown = `${half(first.document.markdown, 0.5)}\n\n${half(second.document.markdown, 0.5)}`;
    const title = `${first.document.title} ${made}`;
    all.push({ ...first, path: `more/${made}.html`, document: { ...first.document, title, markdown } });
  }
  return all;
}

/** Terms of the indexes of those manuals that have one. */
export async function readIndexTerms(manuals: ReadonlySet<string>): Promise<IndexTerm[]> {
  const terms: IndexTerm[] = [];
  for (const manual of MANUALS) {
    if (!manuals.has(manual.name)) continue;
    const root = await unpack(manual);
    const found = new Map<string, Set<string>>();
    for (const file of new Bun.Glob("{genindex-all,genindex,bookindex}.html").scanSync({ cwd: root })) {
      for (const [term, href] of termsOf(await Bun.file(join(root, file)).text())) {
        const path = href.replace(/#.*/, "");
        found.set(term, (found.get(term) ?? new Set()).add(path));
      }
    }
    for (const [term, paths] of found) terms.push({ manual: manual.name, term, paths: [...paths] });
  }
  return terms;
}

const LINKED_TERM = /<li><a href="([^":]+\.html#[^"]*)">([^<]+)<\/a>/g;
const BOOK_TERM = /<dt[^>]*>([^<,]+), <a class="indexterm" href="([^"]+)">/g;

function* termsOf(html: string): Generator<[term: string, href: string]> {
  for (const [, href = "", term = ""] of html.matchAll(LINKED_TERM)) yield [readTerm(term), href];
  for (const [, term = "", href = ""] of html.matchAll(BOOK_TERM)) yield [readTerm(term), href];
}

/** `abs() (in module operator)` as somebody would ask for it: `abs operator`. */
function readTerm(text: string): string {
  return decodeHTML(text)
    .replace(/\(\)/g, "")
    .replace(/\((?:in module |class in |built-in )?([^)]*)\)/g, "$1")
    .replace(/["()]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

async function readManual(manual: Manual, say: (line: string) => void): Promise<ManualPage[]> {
  const kept = join(CACHE, `manual-${manual.name}-${EXTRACTOR_VERSION}.jsonl.zst`);
  if (!existsSync(kept)) {
    say(`reading ${manual.package}`);
    const pages = await parseManual(manual);
    const text = pages.map((page) => JSON.stringify(page, writeBigInt)).join("\n");
    await Bun.write(`${kept}.unfinished`, Bun.zstdCompressSync(text, { level: 3 }));
    renameSync(`${kept}.unfinished`, kept);
  }
  const text = new TextDecoder().decode(Bun.zstdDecompressSync(await Bun.file(kept).bytes()));
  return text.split("\n").map((line) => {
    const page = JSON.parse(line) as ManualPage;
    return { ...page, document: { ...page.document, simhash: BigInt(page.document.simhash) } };
  });
}

const writeBigInt = (_name: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

async function parseManual(manual: Manual): Promise<ManualPage[]> {
  const root = await unpack(manual);
  const files = [...new Bun.Glob("**/*.{html,html.gz}").scanSync({ cwd: root })].sort();
  const parser = createParserPool({ maxQueued: files.length });
  try {
    const read = files.map(async (file) => {
      const path = file.replace(/\.gz$/, "");
      if (INDEX_PAGE.test(path)) return [];
      const bytes = await Bun.file(join(root, file)).bytes();
      const body = file.endsWith(".gz") ? gunzipSync(bytes) : bytes;
      if (body.length > MAX_BYTES) return [];
      const url = urlOf(manual.name, path);
      const { document } = await parser.parse({ url, body: new Uint8Array(body), contentType: "text/html" });
      // What no search reads is not kept.
      const slim = { ...document, links: [], metadata: { ...document.metadata, jsonLd: [], openGraph: {} } };
      return document.wordCount < 10 ? [] : [{ manual: manual.name, path, document: slim }];
    });
    return (await Promise.all(read)).flat();
  } finally {
    parser.close();
  }
}

export const urlOf = (manual: string, path: string) => `https://${manual}.example.com/${path}`;

/** Unpacks the package into the cache, without installing it. @throws Error where Debian's packages are not to be had */
async function unpack(manual: Manual): Promise<string> {
  const target = join(CACHE, "manuals", manual.package);
  const root = join(target, manual.folder);
  if (existsSync(root)) return root;
  const work = `${target}.unfinished`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await $`apt-get download ${manual.package} && dpkg-deb -x *.deb . && rm *.deb`.cwd(work).quiet();
  renameSync(work, target);
  return root;
}
