import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../src/errors.ts";
import { parseQuery, type QueryNode } from "../../src/search/query.ts";

const now = new Date("2026-11-21T12:00:00Z");
const parse = (text: string) => parseQuery(text, { now });
const parseAsTyped = (text: string) => parseQuery(text, { now, asTyped: true });

/** A query with all that it means written out. */
function write(node: QueryNode | undefined): string {
  if (!node) return "";
  if (node.kind === "term") return node.isPrefix ? `${node.text}*` : node.text;
  if (node.kind === "phrase") return `"${node.text}"`;
  if (node.kind === "not") return `-${write(node.node)}`;
  return `(${node.nodes.map(write).join(node.kind === "and" ? " & " : " | ")})`;
}

const read = (text: string) => write(parse(text).node);

function faultOf(text: string, asTyped = false) {
  try {
    parseQuery(text, { now, asTyped });
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    const { reason, faults, message } = error as AppError;
    return { reason, at: faults.map(({ at }) => at), message };
  }
  throw new Error(`${text} has no fault`);
}

describe("what a query means", () => {
  test.each([
    ["words must all be there", "advisory  lock", "(advisory & lock)"],
    ["a phrase is one", '"advisory lock" here', '("advisory lock" & here)'],
    ["telephones' quotes are quotes", "“advisory lock” here", '("advisory lock" & here)'],
    ["OR binds less than what stands side by side", "a b OR c d", "((a & b) | (c & d))"],
    ["OR may be small", "cats or dogs Or mice", "(cats | dogs | mice)"],
    ["a small or at an end is a word", "or cats or", "(or & cats & or)"],
    ["OR in quotes is a word", '"OR" gate', '("OR" & gate)'],
    ["a minus excludes", 'a -b -"c d" -(e f)', '(a & -b & -"c d" & -(e & f))'],
    ["what is excluded may be an or", "a -or", "(a & -or)"],
    ["a minus within a word is of it", "utf-8 well-known", "(utf-8 & well-known)"],
    ["two of them take back each other in parentheses", "-(-a)", "a"],
    ["two of them begin a flag", "--dry-run git", "(--dry-run & git)"],
    ["parentheses group", "a (b OR (c d))", "(a & (b | (c & d)))"],
    ["parentheses within a word are of it", "print() f(x)(y) (f(x))", "(print() & f(x)(y) & f(x))"],
    ["parentheses with white space group wherever they open", "f(a, b)", "(f & a, & b)"],
    ["a star stands for what begins so", "serv* lock", "(serv* & lock)"],
    ["a star within is no such thing", "a*b char**", "(a*b & char**)"],
    ["one character of Chinese may begin a word", "数*", "数*"],
    ["control characters are white space", "a\u0000b\tc", "(a & b & c)"],
    ["punctuation alone is nothing", "cats & dogs — *", "(cats & dogs)"],
    ["what excludes punctuation excludes nothing", "a -> b", "(a & b)"],
    [
      "prefixes that are no filters are words",
      "std::vector http://x.example/a node:fs note: b",
      "(std::vector & http://x.example/a & node:fs & note: & b)",
    ],
    ["nor are names that look like filters", "path::Path Type::of site::x", "(path::Path & Type::of & site::x)"],
  ])("%s", (_, query, meaning) => {
    expect(read(query)).toBe(meaning);
  });

  test("places are told in the query as it was written", () => {
    const { node } = parse('a "b c" -ser*');

    expect(node).toEqual({
      kind: "and",
      nodes: [
        { kind: "term", text: "a", start: 0, end: 1, isPrefix: false },
        { kind: "phrase", text: "b c", start: 2, end: 7 },
        { kind: "not", node: { kind: "term", text: "ser", start: 9, end: 13, isPrefix: true } },
      ],
    });
  });
});

describe("filters", () => {
  const none = { sites: [], paths: [], languages: [], pageTypes: [] };

  test("each is read, alone or beside words, and with a minus", () => {
    const query = parse(
      'lock site:docs.example.com/v2 -Site:*.old.example path:/docs/** -path:"/a b" lang:pt-BR -lang:de type:Wiki -type:forum',
    );

    expect(write(query.node)).toBe("lock");
    expect(query.filters).toEqual({
      ...{ sites: ["docs.example.com/v2"], paths: ["/docs/**"], languages: ["pt-br"], pageTypes: ["wiki"] },
      not: { sites: ["*.old.example"], paths: ["/a b"], languages: ["de"], pageTypes: ["forum"] },
    });
    expect(parse("type:wiki")).toMatchObject({ node: undefined, filters: { ...none, pageTypes: ["wiki"] } });
  });

  test("several of one name are alternatives, whether OR is between them or not", () => {
    const sites = ["a.example", "https://b.example", "My docs"];

    expect(parse(`site:${sites[0]} lock site:${sites[1]} OR site:"${sites[2]}"`)).toMatchObject({
      node: { text: "lock" },
      filters: { sites: ["a.example", "b.example", "My docs"] },
    });
  });

  test.each([
    ["after:2026", "2026-01-01T00:00:00.000Z"],
    ["after:2026-02", "2026-02-01T00:00:00.000Z"],
    ["after:2026-02-28", "2026-02-28T00:00:00.000Z"],
    ["after:2026-02-28T10:30+02:00", "2026-02-28T08:30:00.000Z"],
    ["after:2026-02-28t10:30:01.5z", "2026-02-28T10:30:01.500Z"],
    ["after:7d", "2026-11-14T12:00:00.000Z"],
    ["after:7d after:2026-11-20", "2026-11-20T00:00:00.000Z"],
  ])("%s begins at %s", (query, since) => {
    expect(parse(query).filters.since?.toISOString()).toBe(since);
  });

  test("a month is what is after its beginning and before that of the next", () => {
    const { since, until } = parse("after:2026-01 before:2026-02").filters;

    expect([since, until]).toEqual([new Date("2026-01-01"), new Date("2026-02-01")]);
  });
});

describe("what makes no sense is told with its place", () => {
  test.each([
    ["", ["query:1"], "no word"],
    ["  & — ", ["query:1"], "no word"],
    ['cats "and dogs', ["query:6"], "never closed"],
    ["cats OR", ["query:6"], "both sides"],
    ["OR cats", ["query:1"], "both sides"],
    ["a OR OR b", ["query:3"], "both sides"],
    ["(a OR) b", ["query:4"], "both sides"],
    ["cats -", ["query:6"], "right before a word"],
    ["cats - dogs", ["query:6"], "right before a word"],
    ["cats () dogs", ["query:6"], "empty"],
    ["(a (b)", ["query:1"], "never closed"],
    ["a) b", ["query:2"], "closes nothing"],
    ["-cats", ["query:1"], "only excludes"],
    ["a OR -b", ["query:6"], "only excludes"],
    ["-a -b site:x.example", ["query:1"], "only excludes"],
    ["a* b", ["query:1"], "two letters"],
    ["x type:blog", ["query:3"], "documentation"],
    ["x lang:english", ["query:3"], "en or pt-BR"],
    ["x path:docs", ["query:3"], '"/docs"'],
    ["x path:/a{b", ["query:3"], "never closed"],
    ["x site: y", ["query:3"], "right behind the colon"],
    ['x site:"y', ["query:8"], "never closed"],
    ["x after:2026-02-30", ["query:3"], "2026-01-31"],
    ["x after:0000", ["query:3"], "2026-01-31"],
    ["x before:yesterday", ["query:3"], "2026-01-31"],
    ["x -before:2026", ["query:4"], "after:2026"],
    ["after:2026-02 before:2026-01", ["query:15"], "no time"],
    ["(x type:wiki)", ["query:4"], "out of the parentheses"],
    ["x OR type:wiki", ["query:3"], "leave the OR away"],
    ["type:wiki OR lang:en x", ["query:11"], "leave the OR away"],
    ["type:a (b type:c", ["query:1", "query:8", "query:11"], "type:"],
  ])("%j at %j", (query, at, message) => {
    const fault = faultOf(query);

    expect(fault).toMatchObject({ reason: "invalid", at });
    expect(fault.message).toContain(message);
    expect(fault.message).toContain(`character ${at[0]?.slice("query:".length)}`);
  });

  test("what is too long, has too many words or goes too deep is refused", () => {
    expect(faultOf("a".repeat(1_001)).at).toEqual(["query:1001"]);
    expect(faultOf("ab ".repeat(65)).at).toEqual(["query:193"]);
    expect(faultOf(`${"(".repeat(17)}a${")".repeat(17)}`).at).toEqual(["query:17"]);
    expect(read(`${"(".repeat(16)}a${")".repeat(16)}`)).toBe("a");
    expect(parse("ab ".repeat(64)).node).toMatchObject({ kind: "and" });
  });
});

describe("what is still being typed", () => {
  test.each([
    ["advisory lo", "(advisory & lo*)"],
    ["advisory lo ", "(advisory & lo)"],
    ["l", "l"],
    ['"advisory lo', "(advisory & lo*)"],
    ["cats OR", "cats"],
    ["cats (dogs OR mi", "(cats & (dogs | mi*))"],
    ["cats -", "cats"],
    ["cats -do", "(cats & -do)"],
    ["cats type:wi", "cats"],
    ["cats site:", "cats"],
    ['cats path:"/a', "cats"],
  ])("%j is %s", (query, meaning) => {
    expect(write(parseAsTyped(query).node)).toBe(meaning);
  });

  test("what is wrong before the end is told all the same", () => {
    expect(faultOf("type:wi cats", true).at).toEqual(["query:1"]);
    expect(faultOf("a OR OR b", true).at).toEqual(["query:3"]);
  });
});

describe("whatever is asked", () => {
  const pieces = [
    '"',
    "(",
    ")",
    "-",
    "--",
    "OR",
    "or",
    "*",
    " ",
    "a",
    "lock",
    "数据",
    "site:",
    "type:wiki",
    "path:/x",
    "after:7d",
    "before:",
    "::",
    "“",
    "\ud800",
    "\u0000",
    "'",
    "\\",
    "\t",
  ];
  const queries = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join("")),
  );

  test("a query is read or refused with a place, and its places lie within it", () => {
    fc.assert(
      fc.property(queries, fc.boolean(), (text, asTyped) => {
        try {
          checkPlaces(parseQuery(text, { now, asTyped }).node, text);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.reason).toBe("invalid");
          for (const { at } of error.faults) {
            const place = Number(at.slice("query:".length));
            expect(place).toBeWithin(1, text.length + 2);
          }
          expect(error.faults).not.toBeEmpty();
        }
      }),
      { numRuns: 1_000 },
    );
  });

  function checkPlaces(node: QueryNode | undefined, text: string): void {
    if (!node) return;
    switch (node.kind) {
      case "not":
        checkPlaces(node.node, text);
        break;
      case "and":
      case "or":
        for (const each of node.nodes) checkPlaces(each, text);
        break;
      default:
        expect(text.replace(/\p{Cc}/gu, " ").slice(node.start, node.end)).toContain(node.text);
    }
  }

  test("the longest query of any one piece takes no time", () => {
    const startedAt = performance.now();

    for (const piece of pieces) {
      try {
        parse(piece.repeat(Math.floor(1_000 / piece.length)));
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }

    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
