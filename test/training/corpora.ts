import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Scoring } from "./scoring.ts";

/** One page of a public set, and what a reader holds for its content. */
export type CorpusPage = {
  /** Within its set. */
  id: string;
  /** Empty where the set does not say. */
  url: string;
  html: Uint8Array<ArrayBuffer>;
  /** The page type as the set names it. */
  type: string;
  /** The main content as plain text; empty where a page has none, or the set no word on it. */
  truth: string;
  /** Snippets that the content must hold, and such that it must not. */
  with: string[];
  without: string[];
};

export type Corpus = {
  /** `articles`, or `wcxb` and the split, such as `wcxb dev`. */
  name: string;
  scoring: Scoring;
  /** In the order in which pages come. */
  ids: readonly string[];
  /** Reads and unpacks one page at a time; all of them unless told which. */
  pages(ids?: readonly string[]): AsyncGenerator<CorpusPage>;
};

/** Where the sets lie unless `CORPORA_DIR` says otherwise: beside the repository, and never in it. */
const DEFAULT_FOLDER = resolve(import.meta.dir, "../../../shared/corpora");

/** What to tell someone who has none of them. */
export function describeMissing(folder = corporaFolder()): string {
  return `There are no public sets in ${folder}: they can be had from github.com/Murrough-Foley/web-content-extraction-benchmark (CC BY 4.0) and github.com/scrapinghub/article-extraction-benchmark (MIT), and --sets or CORPORA_DIR says where they are`;
}

/**
 * The public sets in a folder, by name: in archives (`*.tar.zst`) or unpacked, at most two folders down. A set is a
 * folder with `html/` and `ground-truth/` (WCXB) or `ground-truth.json` (the article-extraction-benchmark), whatever
 * part of the set is there. None when there are none.
 */
export async function openCorpora(folder = corporaFolder()): Promise<Corpus[]> {
  const corpora: Corpus[] = [];
  const inFolder = await filesOfFolder(folder);
  for (const files of [inFolder, ...(await archivesIn(inFolder))]) corpora.push(...(await corporaIn(files)));
  return corpora.sort((a, b) => compareTexts(a.name, b.name));
}

function corporaFolder(): string {
  return process.env.CORPORA_DIR ?? DEFAULT_FOLDER;
}

/** Files by their path, with `/` between its parts. */
type Files = Map<string, () => Promise<Uint8Array<ArrayBuffer>>>;

async function filesOfFolder(folder: string): Promise<Files> {
  const files: Files = new Map();
  const visit = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, path), { withFileTypes: true });
    for (const entry of entries) {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && depth < 4) await visit(name, depth + 1);
      else if (entry.isFile()) files.set(name, () => Bun.file(join(folder, name)).bytes());
    }
  };
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) await visit("", 1);
  return files;
}

async function archivesIn(files: Files): Promise<Files[]> {
  const archives = [...files].filter(([name]) => name.endsWith(".tar.zst"));
  return Promise.all(
    archives.map(async ([, read]) => {
      const entries = await new Bun.Archive(await Bun.zstdDecompress(await read())).files();
      return new Map([...entries].map(([name, file]) => [name.replace(/^\.\//, ""), () => file.bytes()]));
    }),
  );
}

async function corporaIn(files: Files): Promise<Corpus[]> {
  const wcxb = new Set<string>();
  const corpora: Corpus[] = [];
  for (const [name, read] of files) {
    const split = /^(.*?)ground-truth\/[^/]+\.json$/.exec(name)?.[1];
    if (split !== undefined) wcxb.add(split);
    const place = /^(?:.*\/)?(?=ground-truth\.json$)/.exec(name)?.[0];
    if (place !== undefined) corpora.push(articlesIn(files, place, parseJson<ArticleTruths>(await read())));
  }
  return [...corpora, ...[...wcxb].map((place) => wcxbIn(files, place))];
}

type ArticleTruths = Record<string, { articleBody: string; url: string }>;

function articlesIn(files: Files, place: string, truths: ArticleTruths): Corpus {
  const ids = Object.keys(truths)
    .filter((id) => files.has(htmlAt(place, id)))
    .sort(compareTexts);
  return {
    name: "articles",
    scoring: "shingles",
    ids,
    async *pages(wanted = ids) {
      for (const id of wanted) {
        const truth = truths[id];
        if (!truth) continue;
        const html = await readHtml(files, place, id);
        yield { id, url: truth.url, html, type: "article", truth: truth.articleBody, with: [], without: [] };
      }
    },
  };
}

type WcxbTruth = {
  url: string;
  _internal: { page_type: { primary: string } };
  ground_truth: { main_content?: string; with?: string[]; without?: string[] };
};

function wcxbIn(files: Files, place: string): Corpus {
  const truthAt = (id: string) => `${place}ground-truth/${id}.json`;
  const ids = [...files.keys()]
    .filter((name) => name.startsWith(`${place}ground-truth/`) && name.endsWith(".json"))
    .map((name) => name.slice(truthAt("").length - ".json".length, -".json".length))
    .filter((id) => files.has(htmlAt(place, id)))
    .sort(compareTexts);
  return {
    name: `wcxb ${place.split("/").at(-2) ?? ""}`.trim(),
    scoring: "words",
    ids,
    async *pages(wanted = ids) {
      for (const id of wanted) {
        const truth = parseJson<WcxbTruth>(await readFile(files, truthAt(id)));
        yield {
          id,
          url: truth.url ?? "",
          html: await readHtml(files, place, id),
          type: truth._internal.page_type.primary,
          truth: truth.ground_truth.main_content ?? "",
          with: truth.ground_truth.with ?? [],
          without: truth.ground_truth.without ?? [],
        };
      }
    },
  };
}

const htmlAt = (place: string, id: string) => `${place}html/${id}.html.gz`;

async function readHtml(files: Files, place: string, id: string): Promise<Uint8Array<ArrayBuffer>> {
  return Bun.gunzipSync(await readFile(files, htmlAt(place, id)));
}

async function readFile(files: Files, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const read = files.get(name);
  if (!read) throw new Error(`${name} is missing from its set`);
  return read();
}

function parseJson<Value>(bytes: Uint8Array): Value {
  return JSON.parse(new TextDecoder().decode(bytes)) as Value;
}

/** By code unit: the same order whatever the machine's language. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
