import { describe, expect, test } from "bun:test";
import { readTracking, rulesFor, withoutNoise } from "../../src/changes/tracking.ts";

const clean = (markdown: string, rule: object = {}) =>
  withoutNoise(markdown, rulesFor(readTracking({ rules: [rule] }), "https://a.example/page"));
const isSame = (rule: object, a: string, b: string) => clean(a, rule) === clean(b, rule);

/** Under the rule the first two are the same, and the third is another. */
type Case = [name: string, rule: object, text: string, same: string, other: string];

const link = (url: string) => `Read [more](${url}) about it`;
const image = (url: string) => `![A spider](${url} "In its web")`;

const always: Case[] = [
  ["white space", {}, "A  b\u00a0c \n\n\n\nD", "A b c\n\nD\n", "A bc\n\nD"],
  ["zero-width characters and soft hyphens", {}, "spi\u00adder\u200bs\ufeff", "spiders", "spider s"],
  ["how a letter is composed", {}, "Cafe\u0301", "Caf\u00e9", "Cafe"],
  ["line ends", {}, "a\r\nb", "a\nb", "a b"],
  [
    "campaigns",
    {},
    link("https://a.example/x?utm_source=a&b=1"),
    link("https://a.example/x?b=1"),
    link("https://a.example/x?b=2"),
  ],
  [
    "tokens against forgery",
    {},
    link("/vote?id=5&csrf_token=abc"),
    link("/vote?id=5&csrf_token=xyz9"),
    link("/vote?id=6&csrf_token=abc"),
  ],
  ["sessions", {}, link("/x;jsessionid=1A2B?p=1"), link("/x;jsessionid=9F8E?p=1"), link("/y;jsessionid=1A2B?p=1")],
  [
    "nonces",
    {},
    link("/wp?_wpnonce=a1b2c3&post=3"),
    link("/wp?_wpnonce=ffff&post=3"),
    link("/wp?_wpnonce=a1b2c3&post=4"),
  ],
  ["cache busters", {}, link("/data?_=1767225600000"), link("/data?_=1767225999"), link("/data?_=page2")],
  [
    "signatures of passing links",
    {},
    link("/f.pdf?X-Amz-Date=1&X-Amz-Signature=ab"),
    link("/f.pdf?X-Amz-Date=2&X-Amz-Signature=cd"),
    link("/g.pdf?X-Amz-Date=1"),
  ],
  [
    "tokens that look made by a machine, and words that do not",
    {},
    link("/p?token=a9F3k2Lm81QzX7bc&policy=privacy-policy-2025"),
    link("/p?token=Zz81QmX7bca9F3k2&policy=privacy-policy-2025"),
    link("/p?token=a9F3k2Lm81QzX7bc&policy=privacy-policy-2026"),
  ],
  [
    "hidden e-mail addresses",
    {},
    link("https://a.example/cdn-cgi/l/email-protection#a1b2"),
    link("https://a.example/cdn-cgi/l/email-protection#c3d4"),
    link("https://a.example/contact#c3d4"),
  ],
  ["where a link leads counts", {}, link("/a#one"), link("/a#one"), link("/a#two")],
  [
    "a film's id is no version",
    {},
    link("/watch?v=dQw4w9WgXcQ"),
    link("/watch?v=dQw4w9WgXcQ"),
    link("/watch?v=aaaaaaaaaaa"),
  ],
  [
    "versions of images",
    {},
    image("/logo.png?v=1767225600"),
    image("/logo.png?v=1.2.3"),
    image("/logo2.png?v=1767225600"),
  ],
  [
    "hashes in the names of images",
    {},
    image("/i/web.3f2a9c1b.png"),
    image("/i/web.00ffee11.png"),
    image("/i/net.3f2a9c1b.png"),
  ],
  [
    "names of images that are a hash",
    {},
    image("/m/9f86d081884c7d65.jpg"),
    image("/m/00c7d65a81884f86.jpg"),
    image("/n/9f86d081884c7d65.jpg"),
  ],
  [
    "images resized by the server",
    {},
    image("/_next/image?url=%2Fhero.3f2a9c1b.png&w=640"),
    image("/_next/image?url=%2Fhero.1b3f2a9c.png&w=640"),
    image("/_next/image?url=%2Fother.png&w=640"),
  ],
  ["the size of an image counts", {}, image("/a.png?s=80"), image("/a.png?s=80"), image("/a.png?s=160")],
  [
    "images inside links",
    {},
    "[![A](/a.png?v=1234567)](/x)",
    "[![A](/a.png?v=7654321)](/x)",
    "[![A](/a.png?v=1234567)](/y)",
  ],
  ["what code says is not touched", {}, "```\na  b\n```", "```\na  b  \n```", "```\na b\n```"],
];

const byRule: Case[] = [
  ["a clock", { ignore_dates: true }, "It is 12:30:05 now", "It is 9:01 now", "It was 12:30:05 now"],
  ["a view counter", { ignore_numbers: true }, "**1,234** views", "**1.2k** views", "**1,234** likes"],
  [
    "a view counter by its words",
    { ignore_text: ["re:^[\\d,]+ views$"] },
    "A\n\n12 views",
    "A\n\n1,300 views",
    "A\n\n12 reviews",
  ],
  [
    "a rotating banner",
    { ignore_text: ["special offer"] },
    "> Special Offer: bikes!\n\nText",
    "> SPECIAL  OFFER: cars!\n\nText",
    "> An offer: cars!\n\nText",
  ],
  ["a cookie banner", { ignore_text: ["we use cookies"] }, "We use **cookies**.\n\nText", "Text", "Text\n\nMore"],
  [
    "words in bold and links",
    { ignore_text: ["read more about spiders"] },
    "[Read **more**](/x) about spiders\n\nA",
    "A",
    "B",
  ],
  [
    "the part that an expression means",
    { ignore_text: ["re:\\d+ people online"] },
    "Chat: 5 people online",
    "Chat: 17 people online",
    "Talk: 5 people online",
  ],
  [
    "the part that it means within marks",
    { ignore_text: ["re:\\d+ people online"] },
    "Chat: **5** people online",
    "Chat: **17** people online",
    "Talk: **5** people online",
  ],
  [
    "the line that nothing is left of",
    { ignore_text: ["re:\\d+ people online"] },
    "- 5 people online\n- a",
    "- a",
    "- b",
  ],
  [
    "a row of a table",
    { ignore_text: ["re:^.*in the queue.*$"] },
    "| a | b |\n| --- | --- |\n| 5 | in the queue |\n| c | d |",
    "| a | b |\n| --- | --- |\n| c | d |",
    "| a | b |\n| --- | --- |\n| c | e |",
  ],
  [
    "lines of code",
    { ignore_text: ["re:build [0-9a-f]+"] },
    "```\nrun\nbuild 3f2a\n```",
    "```\nrun\nbuild 99ab\n```",
    "```\nwalk\nbuild 3f2a\n```",
  ],
  [
    "a shuffled list",
    { sort_lines: true },
    "- a\n  - x\n  - y\n- b",
    "- b\n- a\n  - y\n  - x",
    "- a\n- b\n  - x\n  - y",
  ],
  ["a shuffled numbered list", { sort_lines: true }, "1. a\n2. b", "1. b\n2. a", "1. a\n2. c"],
  [
    "shuffled rows",
    { sort_lines: true },
    "| n |\n| --- |\n| 1 |\n| 2 |",
    "| n |\n| --- |\n| 2 |\n| 1 |",
    "| n |\n| --- |\n| 2 |\n| 3 |",
  ],
  [
    "shuffled cards",
    { sort_lines: true },
    "# S\n\n## A\n\ntext a\n\n## B\n\ntext b",
    "# S\n\n## B\n\ntext b\n\n## A\n\ntext a",
    "# S\n\n## B\n\ntext a\n\n## A\n\ntext b",
  ],
  [
    "a card that is shown twice",
    { unique_lines: true },
    "## A\n\ntext\n\n## A\n\ntext\n\n## B\n\nmore",
    "## A\n\ntext\n\n## B\n\nmore",
    "## A\n\ntext\n\n## B\n\nmost",
  ],
  ["items of a list that repeat", { unique_lines: true }, "- a\n- b\n- a", "- a\n- b", "- b\n- a"],
  [
    "numbers in words, not in links",
    { ignore_numbers: true },
    "v2.1 [5 notes](/p/7)",
    "v3.0 [6 notes](/p/7)",
    "v2.1 [5 notes](/p/8)",
  ],
  [
    "numbers with signs and units",
    { ignore_numbers: true },
    "up -0.5 % 1\u202f234",
    "up +12 % 7",
    "down -0.5 % 1\u202f234",
  ],
  ["numbers that a list has", { ignore_numbers: true }, "9. last\n10. next", "1. last\n2. next", "1. next\n2. last"],
];

describe("what is no change", () => {
  test.each(always)("%s", (_, rule, text, same, other) => {
    expect(clean(text, rule)).toBe(clean(same, rule));
    expect(clean(text, rule)).not.toBe(clean(other, rule));
  });
});

describe("what a rule makes the same", () => {
  test.each(byRule)("%s", (_, rule, text, same, other) => {
    expect(clean(text, rule)).toBe(clean(same, rule));
    expect(clean(text, rule)).not.toBe(clean(other, rule));
    expect(clean(text)).not.toBe(clean(same));
  });

  test("several rules apply one after the other", () => {
    const rules = rulesFor(readTracking({ rules: [{ ignore_dates: true }, { ignore_numbers: true }] }), "https://a/");

    expect(withoutNoise("On 5 May 2026, 12 came", rules)).toBe(withoutNoise("On 6.7.2025, 100 came", rules));
  });

  test("an expression that matches nothing at all takes nothing away", () => {
    expect(clean("text and more", { ignore_text: ["re:z*", "re:$", "re:^"] })).toBe("text and more");
  });

  test("the structure stays: nothing becomes a list or a heading that was none", () => {
    expect(clean("5 new\n\n- 1\n\n12. x", { ignore_numbers: true })).toBe("0 new\n\n- 0\n\n0. x");
    expect(clean("# Title 5\n\n> 3 hours ago", { ignore_dates: true, ignore_numbers: true })).toMatch(
      /^# Title 0\n\n> /,
    );
  });
});

describe("dates and times", () => {
  const rule = { ignore_dates: true };
  const mark = clean("2026-01-05", rule);

  test.each([
    ...["2026-01-05T12:00:00Z", "2026-01-05 12:00:00.123+01:00", "2026/01/05", "05.01.2026", "5.1.2026", "01/05/2026"],
    ...[
      "05.01.26, 12:30",
      "Jan 5, 2026",
      "January 5th, 2026 at 3:30 PM",
      "5 January 2026",
      "Sun, 05 Jan 2026 10:11:12 GMT",
    ],
    ...["Montag, 5. Januar 2026 um 12:30 Uhr", "5 janvier 2026 \u00e0 12h30", "5 de enero de 2026", "5 gennaio 2026"],
    ...[
      "5 de mar\u00e7o de 2026",
      "5 mei 2026",
      "5 stycznia 2026",
      "5 \u044f\u043d\u0432\u0430\u0440\u044f 2026",
      "5 ago 2026",
      "2026\u5e741\u67085\u65e5",
    ],
    ...[
      "3 hours ago",
      "an hour ago",
      "about 2 hours and 5 minutes ago",
      "vor 3 Stunden",
      "vor einem Tag",
      "il y a 3 heures",
    ],
    ...[
      "hace 2 d\u00edas",
      "3 ore fa",
      "h\u00e1 2 horas",
      "3 uur geleden",
      "for 3 timer siden",
      "f\u00f6r 2 dagar sedan",
    ],
    ...[
      "2 godziny temu",
      "3 \u0447\u0430\u0441\u0430 \u043d\u0430\u0437\u0430\u0434",
      "just now",
      "yesterday",
      "gestern",
      "aujourd'hui",
      "5 pm",
      "14 Uhr",
    ],
  ])("%s is one", (text) => {
    expect(clean(text, rule)).toBe(mark);
    expect(clean(`Updated: ${text}.`, rule)).toBe(`Updated: ${mark}.`);
  });

  test.each([
    ...["version 1.2.3", "16:9", "10 out of 20", "Set 10 alarms", "il y a 3 pommes", "vor 3 H\u00e4usern", "You may 5"],
    ...["Open Monday to Friday", "3 min read", "call 555-1234", "12.50 \u20ac", "In march we go", "a day in May"],
  ])("%s is none", (text) => {
    expect(clean(text, rule)).toBe(text);
  });

  test("a copyright's years are dates", () => {
    expect(isSame(rule, "\u00a9 2019\u20132025 Webs", "\u00a9 2026 Webs")).toBe(true);
    expect(isSame(rule, "\u00a9 2025 Webs", "\u00a9 2026 Spiders")).toBe(false);
  });
});

describe("texts that are meant to take long", () => {
  const everything = {
    ...{ ignore_dates: true, ignore_numbers: true, sort_lines: true, unique_lines: true },
    ignore_text: ["spider", "re:(?i)x+y+z+$"],
  };
  const repeated = [
    "](",
    "[",
    "> ",
    "- ",
    "`",
    "\\",
    "1 ",
    "1.",
    "<http",
    "](?a&",
    "](;jsessionid=",
    "_",
    "5 may ",
    "|",
    "\u00a0",
  ];

  test.each([...repeated, "# a\n## a\n", "  - a\n", "mon, ", "vor 3 ", "1 h, ", "\u27e8date\u27e9, "])(
    "%p over and over takes no longer than its length",
    (part) => {
      const cpuFor = (length: number) => {
        const text = part.repeat(length / part.length);
        const before = process.cpuUsage();
        clean(text, everything);
        return process.cpuUsage(before).user;
      };
      cpuFor(1_000);

      const short = cpuFor(4_000);

      // Sixteen times the length; a quadratic walk would take 256 times as long.
      expect(cpuFor(64_000)).toBeLessThan(50 * short + 150_000);
    },
  );

  test("an expression that costs much is given up, the text is not", () => {
    const rule = { ignore_text: ["re:(?i)(?:[a-z0-9 ]{1,100}){5}z?Q", "last"] };
    const text = `${"abc def ghi ".repeat(20)}\n`.repeat(150);

    const before = process.cpuUsage();
    const cleaned = clean(`${text}\nlast line`, rule);

    expect(cleaned).toBe(clean(text));
    expect(process.cpuUsage(before).user).toBeLessThan(4_000_000);
  });
});
