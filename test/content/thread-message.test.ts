import { expect, test } from "bun:test";
import { pack, unpack } from "../../src/content/thread-message.ts";
import { toDocument } from "../../src/content/to-document.ts";

test("a page is the same after the way between threads, and its packed form leaves the original alone", () => {
  const body = new TextEncoder().encode('<h1 id="a">A</h1><p><a href="/b">B</a> <a href="/c" rel="next">C</a>');
  const document = toDocument({ url: "https://a.example/", body, contentType: "text/html", content: "main" });
  const raw = { hash: "00", zstd: new Uint8Array([1, 2]), byteLength: body.byteLength };

  const message = structuredClone(pack({ document, raw }));

  expect(message.parsed.document.links).toEqual([]);
  expect(unpack(message)).toStrictEqual({ document, raw });
  expect(document.links).toHaveLength(2);
});
