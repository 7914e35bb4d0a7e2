import { expect, test } from "bun:test";
import { isWorthReading, kindOf, parseContentType, sniffType } from "../../src/content/mime.ts";

const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const docxStart = "PK\x03\x04 [Content_Types].xml word/document.xml";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

test.each([
  ["text/html; charset=utf-8", "text/html", "utf-8"],
  ["TEXT/HTML;Charset=UTF-8", "text/html", "UTF-8"],
  ['text/html; charset="utf\\-8"; x=y', "text/html", "utf-8"],
  ['text/html; a="b;c"; charset=koi8-r', "text/html", "koi8-r"],
  ["text/html; charset='utf-8'", "text/html", "utf-8"],
  ["text/html;", "text/html", undefined],
])("the header %s is %s in %s", (header, essence, charset) => {
  const type = parseContentType(header);

  expect(type?.essence).toBe(essence);
  expect(type?.parameters.get("charset")).toBe(charset);
});

test.each([[null], [""], ["html"], ["text/"], [";charset=utf-8"], ["a b/c"]])("the header %p is no type", (header) => {
  expect(parseContentType(header)).toBeUndefined();
});

test.each([
  ["a page without a header", null, "  <!DOCTYPE html><p>x", "text/html"],
  ["a fragment without a header", null, "<div class=x>y</div>", "text/html"],
  ["a page sent as plain text", "text/plain", "\n<!doctype html><html>", "text/html"],
  ["a page sent as plain text after a comment", "text/plain", "<!-- x --><html lang=en>", "text/html"],
  ["markup quoted in plain text", "text/plain", "<p>is a paragraph", "text/plain"],
  ["plain text", "text/plain; charset=utf-8", "hello", "text/plain"],
  ["a picture sent as plain text", "text/plain", "\x89PNG\r\n\x1a\n\0\0", "image/png"],
  ["binary data sent as plain text", "text/plain", "ab\0\x01\x02", "application/octet-stream"],
  ["a PDF sent as HTML", "text/html", "%PDF-1.7\n", "application/pdf"],
  [
    "an RSS feed sent as HTML",
    "text/html",
    "<?xml version='1.0'?><!-- c --><rss version='2.0'>",
    "application/rss+xml",
  ],
  ["an Atom feed without a header", null, "<?xml version='1.0'?><feed xmlns='x'>", "application/atom+xml"],
  ["XHTML without a header", null, "<?xml version='1.0'?><html xmlns='x'>", "application/xhtml+xml"],
  ["other XML without a header", null, "<?xml version='1.0'?><urlset>", "text/xml"],
  ["JSON without a header", null, ' {"a": 1}\n', "application/json"],
  ["text without a header", null, "hello", "text/plain"],
  ["an RSS feed sent as XML", "application/xml", "<rss version='2.0'>", "application/rss+xml"],
  ["an old RSS feed", "text/xml", "<rdf:RDF xmlns='http://purl.org/rss/1.0/'>", "application/rss+xml"],
  ["a sitemap sent as XML", "application/xml", "<urlset>", "application/xml"],
  [
    "a JSON feed sent as JSON",
    "application/json",
    '{"version": "https://jsonfeed.org/version/1.1"}',
    "application/feed+json",
  ],
  ["a PDF sent as a download", "application/octet-stream", "%PDF-1.7\n", "application/pdf"],
  ["a PDF sent as text", "text/plain", "%PDF-1.4\nabc", "application/pdf"],
  ["a PDF after a few bytes of something else", "application/pdf", "\n\n%PDF-1.7\n", "application/pdf"],
  ["an error page sent as PDF", "application/pdf", "<!doctype html><p>Sign in", "text/html"],
  ["a Word file sent as an archive", "application/zip", docxStart, docx],
  ["a Word file without a header", null, docxStart, docx],
  ["an archive sent as a Word file", docx, "PK\x03\x04", "application/zip"],
  ["a manual in bold for terminals", "text/plain", "N\bNA\bAM\bME\bE", "text/plain"],
  ["an unknown type", "application/unknown", "<html>", "text/html"],
  ["a page sent as a download", "application/octet-stream", "<!doctype html>", "text/html"],
  ["a zip archive", "application/octet-stream", "PK\x03\x04", "application/zip"],
  ["gzip", null, "\x1f\x8b\x08\0", "application/x-gzip"],
  ["a font", null, "wOF2\0\x01\0\0", "font/woff2"],
  ["a film", null, "\0\0\0\x18ftypmp42", "video/mp4"],
  ["music", null, "ID3\x03\0", "audio/mpeg"],
  ["a JPEG sent as PNG", "image/png", "\xff\xd8\xff\xe0", "image/jpeg"],
  ["XML as declared", "application/xml", "<a/>", "application/xml"],
  ["JSON as declared", "application/ld+json", "<html>", "application/ld+json"],
  ["an empty body without a header", null, "", "text/plain"],
])("%s is sniffed", (_, header, body, essence) => {
  expect(sniffType(header, bytes(body))).toBe(essence);
});

test.each([
  ["text/html", "html"],
  ["application/xhtml+xml", "html"],
  ["text/markdown", "markdown"],
  ["text/plain", "text"],
  ["text/csv", "csv"],
  ["application/vnd.api+json", "json"],
  ["application/rss+xml", "feed"],
  ["application/feed+json", "feed"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
  ["image/svg+xml", "other"],
  ["text/css", "other"],
  ["application/javascript", "other"],
  ["application/pdf", "pdf"],
])("%s is of kind %s", (essence, kind) => {
  expect(kindOf(essence)).toBe(kind as "html");
});

test.each([
  ["text/html", true],
  ["application/json", true],
  ["text/xml", true],
  ["text/plain", true],
  ["*/*", true],
  [undefined, true],
  ["image/png", false],
  ["application/pdf", true],
  ["text/csv", true],
  ["application/zip", false],
  ["video/mp4", false],
  ["application/octet-stream", false],
])("a body declared as %p is worth reading: %p", (type, isWorth) => {
  const headers = new Headers(type ? { "content-type": type } : {});

  expect(isWorthReading(headers, "https://a.example/file")).toBe(isWorth);
});

test.each([
  ["https://a.example/report.pdf?version=2", {}, true],
  ["https://a.example/data.CSV", {}, true],
  ["https://a.example/download?id=5", { "content-disposition": 'attachment; filename="report.docx"' }, true],
  ["https://a.example/tool.bin", {}, false],
  ["https://a.example/download?id=5", { "content-disposition": 'attachment; filename="tool.zip"' }, false],
  ["https://a.example/", {}, false],
])("a download from %s with %p is worth reading: %p", (url, headers, isWorth) => {
  const type = { "content-type": "application/octet-stream" };

  expect(isWorthReading(new Headers({ ...type, ...headers }), url)).toBe(isWorth);
});
