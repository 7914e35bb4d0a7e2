import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findAttacks, writeAttack } from "./attack-strings.ts";
import { findRegExpLiterals } from "./regexp-literals.ts";

const root = resolve(import.meta.dir, "../..");

/** What any expression may be given: text of a page, which can be this and much more. */
const FULL_LENGTH = 16_000;
/** A linear expression takes a hundredth of it, a quadratic one twice as much and more. */
const BUDGET_MS = 100;

/** Expressions that are slow over long texts, and why they never see any. */
const BOUNDED: { path: string; maxLength: number; because: string }[] = [
  { path: "src/config/", maxLength: 1_000, because: "settings are written by the operator" },
  { path: "src/access/provider.ts", maxLength: 1_000, because: "the issuer is a setting" },
  { path: "src/cli/program.ts", maxLength: 1_000, because: "the help is our own" },
  { path: "src/db/backup/write-archive.ts", maxLength: 200, because: "it is the version that the database tells" },
  { path: "src/patterns/pattern.ts", maxLength: 1_000, because: "longer patterns are refused" },
  { path: "src/crawl/page-type.ts", maxLength: 2_048, because: "longer URLs are refused" },
  { path: "src/content/markdown-pieces.ts", maxLength: 400, because: "only the beginning of a line is looked at" },
];

const paths = [...new Bun.Glob("src/**/*.ts").scanSync(root)].sort();

test("no regular expression takes more than linear time over what a stranger writes", () => {
  const expressions = paths.flatMap((path) =>
    findRegExpLiterals(readFileSync(join(root, path), "utf8")).map((literal) => ({ path, ...literal })),
  );

  const slow = expressions.flatMap(({ path, line, source, flags }) => {
    const found = findSlowAttack(source, flags, BOUNDED.find((one) => path.startsWith(one.path))?.maxLength);
    return found ? [`${path}:${line} /${source}/${flags} over ${JSON.stringify(found)}`] : [];
  });

  expect(expressions.length).toBeGreaterThan(400);
  expect(slow).toEqual([]);
});

test("nor do those that pages are read with and that are put together from text", async () => {
  const built: RegExp[] = [];
  const { RegExp: Original } = globalThis;
  globalThis.RegExp = new Proxy(Original, {
    construct(target, [source, flags]: [string, string?]) {
      const expression = new target(source, flags);
      built.push(expression);
      return expression;
    },
  });
  const makers = paths.filter(
    (path) => path.startsWith("src/content/") && readFileSync(join(root, path), "utf8").includes("new RegExp("),
  );
  try {
    // Evaluated anew, even if another test has imported it.
    for (const path of makers) await import(`${join(root, path)}?built`);
  } finally {
    globalThis.RegExp = Original;
  }

  const slow = built.filter(({ source, flags }) => findSlowAttack(source, flags));

  expect(built.length).toBeGreaterThanOrEqual(makers.length);
  expect(slow.map(String)).toEqual([]);
});

test.each([/\s+$/, /^(a+)+$/, /(?:"(?:[^"\\]|\\.)*"|x)+/])(
  "an expression that backtracks is found out: %p",
  ({ source, flags }) => {
    // Long enough for the quickest machine.
    expect(findSlowAttack(source, flags, 3 * FULL_LENGTH)).toBeDefined();
  },
);

test.each([/\s{1,20}$/, /^[^"]*"/, /[a-z]+/gi, /(?:^|\s)(?:a|b)(?:\s|$)/])(
  "an expression that does not is left alone: %p",
  ({ source, flags }) => {
    expect(findSlowAttack(source, flags)).toBeUndefined();
  },
);

/** Short ones first, so that even what takes exponential time ends. */
function findSlowAttack(source: string, flags: string, maxLength = FULL_LENGTH) {
  const expression = new RegExp(source, flags);
  return findAttacks(source, flags).find((attack) => {
    for (let length = 25; ; length = Math.min(maxLength, length * 5)) {
      const budgetMs = 2 + (BUDGET_MS * length) / FULL_LENGTH;
      if (takesLongerThan(budgetMs, expression, writeAttack(attack, length))) return true;
      if (length === maxLength) return false;
    }
  });
}

/** Each of two times: the first also compiles the expression, and either may be held up. */
function takesLongerThan(budgetMs: number, expression: RegExp, text: string): boolean {
  return [1, 2].every(() => {
    expression.lastIndex = 0;
    const before = process.cpuUsage();
    if (expression.global) text.replace(expression, "");
    else expression.test(text);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 > budgetMs;
  });
}
