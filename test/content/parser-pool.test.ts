import { afterEach, expect, test } from "bun:test";
import type { DocumentInput } from "../../src/content/document.ts";
import {
  createParserPool,
  type ParseError,
  type ParserPool,
  type ParserPoolOptions,
} from "../../src/content/parser-pool.ts";
import { toDocument } from "../../src/content/to-document.ts";

const pools: ParserPool[] = [];

function openPool(options: ParserPoolOptions = {}): ParserPool {
  const pool = createParserPool(options);
  pools.push(pool);
  return pool;
}

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

function page(html: string): DocumentInput {
  return { url: "https://a.example/", body: new TextEncoder().encode(html), contentType: "text/html", content: "main" };
}

/** Takes seconds, and some hundred times longer than a time limit that a small page keeps. */
const endless = () => page("<p>A paragraph, with a comma. ".repeat(400_000));

/** Threads of which the first does something else with its page, and the others parse theirs. */
function firstThread(work: string) {
  const first = new Blob([`postMessage({ type: "ready" }); onmessage = () => { ${work} };`]);
  const other = new URL("../../src/content/parser-thread.ts", import.meta.url).href;
  let started = 0;
  return {
    start: () => new Worker(started++ === 0 ? URL.createObjectURL(first) : other),
    started: () => started,
  };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "parsed",
    (error: ParseError) => error.code,
  );

test("a page comes back as a document with its raw body hashed and packed", async () => {
  const html = "<title>Hello</title><p>World";

  const { document, raw } = await openPool().parse(page(html));

  expect(document).toMatchObject({ title: "Hello", kind: "html" });
  expect(typeof document.simhash).toBe("bigint");
  expect(raw.byteLength).toBe(html.length);
  expect(raw.hash).toBe(new Bun.CryptoHasher("sha256").update(html).digest("hex"));
  expect(Bun.zstdDecompressSync(raw.zstd).toString()).toBe(html);
});

test("a document comes out of its thread as it was made there", async () => {
  const html = `<title>T</title><h1 id="t">T &amp; "u" \u2028</h1><a href="/x" rel="next">X</a><a href="/é">é \ud83d\ude00</a>`;
  const input = page(html);
  const made = toDocument({ ...input, body: input.body.slice() });

  const { document } = await openPool().parse(input);

  expect(document).toStrictEqual(made);
  expect(Object.keys(document)).toEqual(Object.keys(made));
  expect(document.links).toHaveLength(2);
});

test("each caller gets the document of its own page", async () => {
  const pool = openPool({ threads: 2 });

  const parsed = await Promise.all(Array.from({ length: 50 }, (_, at) => pool.parse(page(`<title>${at}</title>`))));

  expect(parsed.map(({ document }) => document.title)).toEqual(Array.from({ length: 50 }, (_, at) => `${at}`));
});

test("the deepest tree fits a thread's stack", async () => {
  const pool = openPool({ threads: 1 });
  const deep = ["<div>", "<ul><li>", "<blockquote>", "<table><tr><td>", "<b><i><a href=x>"];

  const codes = await Promise.all(deep.map((tags) => codeOf(pool.parse(page(`${tags.repeat(5000)}text`)))));

  expect(codes).toEqual(deep.map(() => "parsed"));
});

test("a body that is part of a larger buffer leaves its neighbours alone", async () => {
  const buffer = new TextEncoder().encode("<p>one</p><p>two</p>");
  const body = buffer.subarray(0, 10);

  const { raw } = await openPool().parse({ ...page(""), body });

  expect(raw.byteLength).toBe(10);
  expect(buffer.byteLength).toBe(20);
});

test("a page over its time fails alone, and its thread is replaced", async () => {
  const pool = openPool({ threads: 1, timeoutMs: 1_000, startThread: firstThread("for (;;);").start });

  const slow = codeOf(pool.parse(page("x")));
  const next = codeOf(pool.parse(page("<p>next")));

  expect(await slow).toBe("parse_timeout");
  expect(await next).toBe("parsed");
});

test("pages behind one that is over its time are parsed all the same, in another thread", async () => {
  const pool = openPool({ threads: 1, timeoutMs: 1_000, startThread: firstThread("for (;;);").start });

  const first = codeOf(pool.parse(page("x")));
  const others = Array.from({ length: 12 }, (_, n) => pool.parse(page(`<title>${n}</title>`)));

  expect(await first).toBe("parse_timeout");
  const titles = (await Promise.all(others)).map(({ document }) => document.title);
  expect(titles).toEqual(Array.from({ length: 12 }, (_, n) => String(n)));
});

test("what a page throws in its thread fails that page alone", async () => {
  const pool = openPool({ threads: 1 });
  const broken = { ...page("x"), contentType: 5 } as unknown as DocumentInput;

  const [failure, next] = [pool.parse(broken), codeOf(pool.parse(page("<p>next")))];

  expect(await codeOf(failure)).toBe("parse_failed");
  expect(failure).rejects.toThrow(/^Parsing https:\/\/a\.example\/ failed: TypeError/);
  expect(await next).toBe("parsed");
});

test.each([
  ["throws", "throw new Error('bad page')"],
  ["ends", "process.exit(3)"],
])("a thread that %s fails its page alone, and is replaced", async (_, end) => {
  const threads = firstThread(end);
  const replaced: string[] = [];
  const pool = openPool({ threads: 1, startThread: threads.start, onReplace: (reason) => replaced.push(reason) });

  const codes = await Promise.all([codeOf(pool.parse(page("x"))), codeOf(pool.parse(page("y")))]);

  expect(codes).toEqual(["parse_failed", "parsed"]);
  expect(replaced).toEqual(["lost"]);
  expect(threads.started()).toBe(2);
});

test("when no thread can start, the pages that wait fail rather than wait for ever", async () => {
  const startThread = () => new Worker(URL.createObjectURL(new Blob(["throw new Error('no start')"])));
  const pool = openPool({ threads: 2, startThread });

  const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(pool.parse(page("x")))));

  expect(codes).toEqual(Array.from({ length: 5 }, () => "parse_failed"));
});

const titlesOf = async (pool: ParserPool, count: number) => {
  const parsed = await Promise.all(Array.from({ length: count }, (_, n) => pool.parse(page(`<title>${n}</title>`))));
  return parsed.map(({ document }) => document.title);
};
const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

test("threads are replaced when they have done their share of pages, and no page is lost", async () => {
  const replaced: string[] = [];
  const pool = openPool({ threads: 2, maxPagesPerThread: 10, onReplace: (reason) => replaced.push(reason) });

  while (replaced.length < 3) expect(await titlesOf(pool, 30)).toEqual(numbers(30));

  expect(replaced).toEqual(["pages", "pages", "pages"]);
});

test("a thread works on until the one that takes its place is up", async () => {
  const real = new URL("../../src/content/parser-thread.ts", import.meta.url).href;
  const starting = () => new Worker(URL.createObjectURL(new Blob(["setInterval(() => {}, 1000)"])));
  let started = 0;
  const pool = openPool({
    threads: 1,
    maxPagesPerThread: 2,
    startThread: () => (started++ === 0 ? new Worker(real) : starting()),
  });

  expect(await titlesOf(pool, 30)).toEqual(numbers(30));
  expect(started).toBe(2);
});

test("a thread whose successor can't start works on", async () => {
  const real = new URL("../../src/content/parser-thread.ts", import.meta.url).href;
  const broken = () => new Worker(URL.createObjectURL(new Blob(["throw new Error('no start')"])));
  let started = 0;
  const pool = openPool({
    threads: 1,
    maxPagesPerThread: 2,
    startThread: () => (started++ === 0 ? new Worker(real) : broken()),
  });

  while (started < 3) expect(await titlesOf(pool, 10)).toEqual(numbers(10));
  expect(await titlesOf(pool, 10)).toEqual(numbers(10));
});

test("a thread that keeps too much memory is replaced, and one that only made garbage is not", async () => {
  const real = new URL("../../src/content/parser-thread.ts", import.meta.url).href;
  const leaking = new Blob([`globalThis.kept = new Uint8Array(64_000_000).fill(1); import ${JSON.stringify(real)};`]);
  const wasting = new Blob([`new Uint8Array(64_000_000).fill(1); import ${JSON.stringify(real)};`]);
  const openWith = (first: Blob) => {
    const replaced: string[] = [];
    let started = 0;
    const pool = openPool({
      threads: 1,
      maxHeapBytes: 32_000_000,
      startThread: () => new Worker(started++ === 0 ? URL.createObjectURL(first) : real),
      onReplace: (reason) => replaced.push(reason),
    });
    return { pool, replaced };
  };
  const [worn, sound] = [openWith(leaking), openWith(wasting)];

  while (worn.replaced.length === 0) expect(await titlesOf(worn.pool, 10)).toEqual(numbers(10));
  for (let round = 0; round < 10; round++) expect(await titlesOf(sound.pool, 10)).toEqual(numbers(10));

  expect(worn.replaced).toEqual(["memory"]);
  expect(sound.replaced).toEqual([]);
});

test("a cancelled page fails at once, whether it waits or runs", async () => {
  const pool = openPool({ threads: 1, timeoutMs: 250 });
  const running = new AbortController();
  const waiting = new AbortController();

  const first = codeOf(pool.parse(endless(), running.signal));
  const second = codeOf(pool.parse(page("x"), waiting.signal));
  const third = codeOf(pool.parse(page("y")));
  waiting.abort();
  running.abort();

  expect(await Promise.all([first, second])).toEqual(["cancelled", "cancelled"]);
  expect(await third).toBe("parsed");
  expect(await codeOf(pool.parse(page("z"), AbortSignal.abort()))).toBe("cancelled");
});

test("pages beyond the queue's limit are turned away", async () => {
  const pool = openPool({ threads: 1, maxQueued: 2 });

  const codes = await Promise.all(Array.from({ length: 3 }, () => codeOf(pool.parse(page("x")))));

  expect(codes).toEqual(["parsed", "parsed", "queue_full"]);
});

test("closing fails what is not done and refuses what comes later", async () => {
  const pool = openPool({ threads: 1 });
  const pages = [codeOf(pool.parse(endless())), codeOf(pool.parse(page("x")))];

  pool.close();

  expect(await Promise.all(pages)).toEqual(["cancelled", "cancelled"]);
  expect(await codeOf(pool.parse(page("y")))).toBe("cancelled");
});

test("an idle pool does not keep its process alive", async () => {
  const script = `
    import { createParserPool } from "${new URL("../../src/content/parser-pool.ts", import.meta.url).pathname}";
    const { document } = await createParserPool({ threads: 1 }).parse({
      url: "https://a.example/", body: new TextEncoder().encode("<title>done</title>"), contentType: "text/html", content: "main" });
    console.log(document.title);`;

  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", timeout: 8000 });

  expect(await new Response(child.stdout).text()).toBe("done\n");
  expect(await child.exited).toBe(0);
});
