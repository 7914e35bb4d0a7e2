import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readWords, type Word } from "../../src/passages/words.ts";

/** `whole=`, `pair~` and words, each with its position. */
const cut = (text: string) =>
  readWords(text)
    .map(({ text, kind, position }) => `${text}${{ word: "", whole: "=", gram: "~" }[kind]}${position}`)
    .join(" ");

describe("words", () => {
  test.each([
    ["The quick, brown fox.", "the1 quick2 brown3 fox4"],
    ["", ""],
    [" \n\t… — !? ____ ", ""],
    ["don't rock’n’roll", "don1 t2 rock3 n4 roll5"],
    ["l'eau d’Azur", "l1 eau2 d3 azur4"],
    ["GROẞ Größe İstanbul ΟΔΟΣ όδος", "groß1 größe2 istanbul3 οδοσ4 όδοσ5"],
    ["cafe\u0301 ＡＢＣ１２ ﬁne x\u00adray", "café1 abc122 fine3 xray4"],
    ["Съешь ещё 日本", "съешь1 ещё2 日本~3"],
    ["مرحبا بالعالم שָׁלוֹם", "مرحبا1 بالعالم2 שָׁלוֹם3".normalize("NFKC")],
    ["नमस्ते दुनिया", "नमस्ते1 दुनिया2"],
    ["می\u200cخواهم", "میخواهم1"],
    ["😀a😀 👍🏽 ❤️ x\ufe0f", "a1 x2"],
    ["𝐀𝐛 𐐨𐐩", "ab1 𐐨𐐩2"],
    ["\ud800x\udc00y", "x1 y2"],
    ["10,000 50% 1.5 ½ m²", "101 0002 503 1.5=4 14 55 m6"],
  ])("of %j are %j", (text, words) => expect(cut(text)).toBe(words));
});

describe("identifiers are found whole and by their parts", () => {
  test.each([
    ["pg_advisory_lock(1)", "pg_advisory_lock=1 pg1 advisory2 lock3 14"],
    ["MAX_CONNECTIONS", "max_connections=1 max1 connections2"],
    ["__init__ _x", "__init__=1 init1 _x=2 x2"],
    ["getElementById", "getelementbyid=1 get1 element2 by3 id4"],
    ["XMLHttpRequest HTML5Parser", "xmlhttprequest=1 xml1 http2 request3 html5parser=4 html54 parser5"],
    ["URLs IDs APIs", "urls1 ids2 apis3"],
    ["YouTube iOS B2B MP3Player", "youtube=1 you1 tube2 ios=3 i3 os4 b2b5 mp3player=6 mp36 player7"],
    ["--dry-run -v", "dry-run=1 dry1 run2 v3"],
    ["utf-8 UTF‑8", "utf-8=1 utf1 82 utf-8=3 utf3 84"],
    ["Donaudampf-Kapitän", "donaudampf-kapitän=1 donaudampf1 kapitän2"],
    ["map.getItem()", "map.getitem=1 map1 getitem=2 get2 item3"],
    ["std::vector<int> node:fs", "std::vector=1 std1 vector2 int3 node:fs=4 node4 fs5"],
    ["C++ c++17 C# F# i++", "c++=1 c1 c++=2 c2 173 c#=4 c4 f#=5 f5 i++=6 i6"],
    [".NET ASP.NET a .gitignore", ".net=1 net1 asp.net=2 asp2 net3 a4 .gitignore=5 gitignore5"],
    ["end. Next", "end1 next2"],
    ["text/html src/main.ts", "text1 html2 src3 main.ts=4 main4 ts5"],
    ["3.11.2 v1 x86_64", "3.11.2=1 31 112 23 v14 x86_64=5 x865 646"],
    ["AT&T a&1", "at&t=1 at1 t2 a3 14"],
    ["12:30 localhost:3000", "121 302 localhost:3000=3 localhost3 30004"],
    ["a.b@example.com", "a.b@example.com=1 a1 b2 example3 com4"],
    ["$scope #tag @media", "scope1 tag2 media3"],
  ])("%j: %j", (text, words) => expect(cut(text)).toBe(words));

  test("of an address host and path count, not what it asks for", () => {
    expect(cut("see https://docs.example.com:8080/a-b/c%20d?token=x&y=z#top, then")).toBe(
      "see1 docs.example.com=2 docs2 example3 com4 80805 a-b=6 a6 b7 c8 d9 then10",
    );
    expect(cut("(https://a.example/?q=1) 见https://b.example/路?q")).toBe(
      "a.example=1 a1 example2 见~3 b.example=4 b4 example5 路~6 q7",
    );
  });

  test("keys, sums and data are left out, and keep their place", () => {
    const sum = "d41d8cd98f00b204e9800998ecf8427e";

    expect(cut(`a ${sum} b ${"x".repeat(65)} c iVBORw0KGgoAAAANSUhEUgAAAAUA d`)).toBe("a1 b3 c5 d7");
    expect(cut(`${"ab_".repeat(30)}c`).startsWith("ab1 ab2")).toBeTrue();
  });
});

describe("scripts without spaces", () => {
  test.each([
    ["東京都 ABC東京 本", "東京~1 京都~2 abc3 東京~4 本~5"],
    ["ﾃﾞｰﾀ データ", "デー~1 ータ~2 デー~3 ータ~4"],
    ["がぎ か\u3099き", "がぎ~1 がき~2"],
    ["한국어", "한국~1 국어~2"],
    ["ภาษาไทย", "ภา~1 าษ~2 ษา~3 าไ~4 ไท~5 ทย~6"],
    ["𠮷野家", "𠮷野~1 野家~2"],
    ["你好，世界", "你好~1 世界~2"],
    ["Python的类型", "python1 的类~2 类型~3"],
  ])("are read in pairs: %j, %j", (text, words) => expect(cut(text)).toBe(words));
});

describe("of any text", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
      "getElementById",
      "std::vector",
      "_",
      ".",
      "-",
      "::",
      "https://a.b/",
      "C++",
      "東京",
      "ﾞ",
      "\ud83d",
      " ",
    ),
    fc.constantFrom("a\u0301", "İ", "ﷺ", "x86_64", "@", "'", "\u200d", "\ufe0f", "#", "?", "%20"),
  );
  const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  const alike = (text: string) =>
    text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s\p{Cf}\p{M}\u0640\u2010-]/gu, "")
      .normalize("NFKC");

  test("each word stands where it says, and positions only grow", () => {
    fc.assert(
      fc.property(texts, (text) => {
        let position = 0;
        for (const word of readWords(text)) {
          const written = text.slice(word.start, word.end).replaceAll("ς", "σ");
          expect(alike(word.text)).toBe(alike(written).replaceAll("ς", "σ"));
          expect(word.position).toBeGreaterThanOrEqual(Math.max(1, position));
          expect(word.text.isWellFormed()).toBeTrue();
          expect(Buffer.byteLength(word.text)).toBeLessThan(1_000);
          expect(word.text).not.toMatch(/['"\\\s\0]/u);
          position = word.position;
        }
      }),
      { numRuns: 500 },
    );
  });

  test("what stands around a word, behind blanks, changes nothing in it", () => {
    fc.assert(
      fc.property(texts, texts, (before, text) => {
        const own = readWords(text);
        const all = readWords(`${before} ${text}`);
        const from = before.length + 1;
        const there = all.filter(({ start }) => start >= from);

        const shift = (there[0]?.position ?? 0) - (own[0]?.position ?? 0);
        const moved = own.map(
          (word): Word => ({
            ...word,
            start: word.start + from,
            end: word.end + from,
            position: word.position + shift,
          }),
        );
        expect(there).toEqual(moved);
      }),
      { numRuns: 300 },
    );
  });

  test("the time it takes grows as the text does", () => {
    const units = [
      "a",
      "_",
      "aB",
      "a.",
      "a-",
      "://",
      "a:",
      "東",
      "\u0301",
      "%20",
      "C++",
      "https://a/",
      ".a",
      "ab_c.d ",
    ];
    const timeOf = (text: string) => {
      const startedAt = performance.now();
      readWords(text);
      return performance.now() - startedAt;
    };

    // A hundred times what they take; what is not linear takes minutes.
    const slow = units.filter((unit) => timeOf(unit.repeat(100_000)) > 5_000);

    expect(slow).toEqual([]);
  });
});
