import { describe, expect, test } from "bun:test";
import { decodeText, encodingOf } from "../../src/content/charset.ts";
import { encodedTexts } from "./encoded-texts.ts";

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

describe.each(Object.entries(encodedTexts))("%s", (charset, { text, base64 }) => {
  const bytes = bytesOf(base64);

  test("is decoded when the header names it", () => {
    expect(decodeText(bytes, charset)).toEqual({ text, charset });
  });

  test("is decoded when the page names it", () => {
    if (charset.startsWith("utf-16")) return;
    const page = join(ascii(`<!doctype html><meta charset="${charset}"><p>`), bytes);

    expect(decodeText(page)).toEqual({ text: `<!doctype html><meta charset="${charset}"><p>${text}`, charset });
  });
});

const detectable = Object.entries(encodedTexts).filter(([charset]) => charset !== "iso-8859-2");

test.each(detectable)("%s is detected when nothing names it", (charset, { text, base64 }) => {
  const long = join(...Array.from({ length: 8 }, () => bytesOf(base64)));

  expect(decodeText(long)).toEqual({ text: text.repeat(8), charset });
});

test("a byte order mark wins over header and page", () => {
  const utf8 = join(new Uint8Array([0xef, 0xbb, 0xbf]), new TextEncoder().encode("<meta charset=koi8-r>ä"));
  const utf16 = join(new Uint8Array([0xff, 0xfe]), new Uint8Array(Buffer.from("ä", "utf16le")));

  expect(decodeText(utf8, "iso-8859-1")).toEqual({ text: "<meta charset=koi8-r>ä", charset: "utf-8" });
  expect(decodeText(utf16, "utf-8")).toEqual({ text: "ä", charset: "utf-16le" });
});

test("a page that claims to be UTF-16 in readable ASCII is UTF-8", () => {
  const page = new TextEncoder().encode('<meta charset="utf-16"><p>größer');

  expect(decodeText(page)).toMatchObject({ charset: "utf-8" });
});

test("a declaration in a comment or in another tag's attribute is not read", () => {
  const bytes = ascii(
    '<!-- <meta charset="koi8-r"> --><p title=\'<meta charset="big5">\'><meta charset=windows-1251>\xcf\xf0\xe8',
  );

  expect(decodeText(bytes).charset).toBe("windows-1251");
});

test("an http-equiv declaration and an XML declaration are read", () => {
  const meta = ascii('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">\xcf\xf0\xe8');
  const xml = ascii('<?xml version="1.0" encoding="ISO-8859-2"?><p>\xb1</p>');

  expect(decodeText(meta).charset).toBe("windows-1251");
  expect(decodeText(xml).text).toContain("ą");
});

test("UTF-8 sent as iso-8859-1 is decoded as UTF-8", () => {
  expect(decodeText(new TextEncoder().encode("größer"), "iso-8859-1")).toEqual({ text: "größer", charset: "utf-8" });
});

test("text declared as UTF-8 that is not is detected, while one broken character is only replaced", () => {
  const windows = bytesOf(encodedTexts["windows-1251"]?.base64 ?? "");
  const mostly = join(new TextEncoder().encode("größer ".repeat(100)), new Uint8Array([0xff]));

  expect(decodeText(windows, "utf-8").charset).toBe("windows-1251");
  expect(decodeText(mostly, "utf-8")).toEqual({ text: `${"größer ".repeat(100)}\ufffd`, charset: "utf-8" });
});

test("labels that no browser knows are ignored", () => {
  expect(encodingOf("latin1")).toBe("windows-1252");
  expect(encodingOf("no-such-thing")).toBeUndefined();
  expect(decodeText(ascii("plain"), "no-such-thing")).toEqual({ text: "plain", charset: "utf-8" });
});

test("an empty body is empty text", () => {
  expect(decodeText(new Uint8Array())).toEqual({ text: "", charset: "utf-8" });
});
