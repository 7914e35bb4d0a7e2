import { describe, expect, test } from "bun:test";
import { diffMarkdown } from "../../src/changes/diff/block-diff.ts";
import { hasSelectors, isWorthTelling, readTracking, rulesFor } from "../../src/changes/tracking.ts";
import { AppError } from "../../src/errors.ts";

function faultsOf(given: Record<string, unknown>): AppError {
  try {
    readTracking(given);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("the rules were taken");
}

describe("how changes are tracked", () => {
  test("every option has a default, those of rules and of versions included", () => {
    expect(readTracking({ rules: [{ path: "/a/**" }], keep_versions: { max_count: 3 } })).toEqual({
      rules: [
        {
          path: "/a/**",
          ...{ include_selectors: [], remove_selectors: [], ignore_text: [], trigger_text: [] },
          ...{ ignore_numbers: false, ignore_dates: false, sort_lines: false, unique_lines: false, min_share: 0 },
        },
      ],
      ...{ removed_after_visits: 3, removed_after_s: 86_400, unlinked_is_removed: true },
      keep_versions: { max_count: 3, max_age_days: 0, first_of_month: true },
    });
  });

  test("what is given is left as it was, and a later set goes before an earlier one", () => {
    const given = { rules: [{ ignore_numbers: true }], removed_after_visits: 5 };

    const tracking = readTracking(given, { removed_after_visits: 2 });

    expect(tracking.removed_after_visits).toBe(2);
    expect(given).toEqual({ rules: [{ ignore_numbers: true }], removed_after_visits: 5 });
  });

  test.each([
    [{ rules: [{ path: "a[" }] }, "/rules/0/path"],
    [{ rules: [{}, { ignore_text: ["ok", "re:x", "re:(x"] }] }, "/rules/1/ignore_text/2"],
    [{ rules: [{ ignore_text: ["re:"] }] }, "/rules/0/ignore_text/0"],
    [{ rules: [{ ignore_text: [""] }] }, "/rules/0/ignore_text/0"],
    [{ rules: [{ ignore_text: ["  "] }] }, "/rules/0/ignore_text/0"],
    [{ rules: [{ trigger_text: ["re:(?=a)b"] }] }, "/rules/0/trigger_text/0"],
    [{ rules: [{ trigger_text: ["re:(a{1000}){1000}"] }] }, "/rules/0/trigger_text/0"],
    [{ rules: [{ include_selectors: ["main", "a["] }] }, "/rules/0/include_selectors/1"],
    [{ rules: [{ remove_selectors: [":hover"] }] }, "/rules/0/remove_selectors/0"],
    [{ rules: [{ min_share: 1.5 }] }, "/rules/0/min_share"],
    [{ rules: [{ ignore_numbers: "yes" }] }, "/rules/0/ignore_numbers"],
    [{ rules: [{ ignore_txt: [] }] }, "/rules/0/ignore_txt"],
    [{ rules: Array.from({ length: 51 }, () => ({})) }, "/rules"],
    [{ rules: Array.from({ length: 11 }, () => ({ ignore_text: Array(100).fill("a") })) }, "/rules"],
    [{ rules: Array.from({ length: 2 }, () => ({ ignore_text: Array(51).fill("re:a") })) }, "/rules"],
    [{ removed_after_visits: 0 }, "/removed_after_visits"],
    [{ keep_versions: { max_count: -1 } }, "/keep_versions/max_count"],
    [{ speed: 1 }, "/speed"],
  ])("%p is refused by the place of what is wrong", (given, at) => {
    const error = faultsOf(given);

    expect(error.reason).toBe("invalid");
    expect(error.faults[0]?.at).toBe(at);
  });

  test("every fault is told, each in its place", () => {
    const { faults } = faultsOf({ rules: [{ path: "a[", ignore_text: ["re:*"], include_selectors: ["<"] }] });

    expect(faults.map(({ at }) => at)).toEqual([
      "/rules/0/path",
      "/rules/0/include_selectors/0",
      "/rules/0/ignore_text/0",
    ]);
  });
});

describe("the rules for a page", () => {
  const tracking = readTracking({
    rules: [
      { ignore_text: ["everywhere"] },
      { path: "/shop/**", include_selectors: ["main"], ignore_numbers: true, min_share: 0.1 },
      { path: "re:^/shop/new", trigger_text: ["in stock"], min_share: 0.05, remove_selectors: [".ad"] },
    ],
  });
  const textsFor = (url: string) => rulesFor(tracking, url).ignoreText.map(({ text }) => text);

  test("are all those whose path is meant, together", () => {
    const rules = rulesFor(tracking, "https://a.example/shop/new?x=1");

    expect(rules).toMatchObject({ includeSelectors: ["main"], removeSelectors: [".ad"], ignoreNumbers: true });
    expect(rules).toMatchObject({ minShare: 0.1, triggerText: [{ text: "in stock" }] });
    expect(textsFor("https://a.example/shop/new?x=1")).toEqual(["everywhere"]);
    expect(rulesFor(tracking, "https://a.example/about")).toMatchObject({ ignoreNumbers: false, minShare: 0 });
  });

  test("are made once for all pages under the same ones", () => {
    expect(rulesFor(tracking, "https://a.example/1")).toBe(rulesFor(tracking, "https://a.example/2"));
  });

  test("say whether the body has to be read", () => {
    expect(hasSelectors(rulesFor(tracking, "https://a.example/shop/x"))).toBe(true);
    expect(hasSelectors(rulesFor(tracking, "https://a.example/about"))).toBe(false);
  });
});

describe("what is worth telling", () => {
  const told = (rule: object, before: string, after: string) =>
    isWorthTelling(diffMarkdown(before, after), rulesFor(readTracking({ rules: [rule] }), "https://a.example/"));
  const long = Array.from({ length: 50 }, (_, index) => `Paragraph ${index} stays as it is.`).join("\n\n");

  test("everything is, without rules", () => {
    expect(told({}, "a", "b")).toBe(true);
  });

  test("a change below the share is not", () => {
    expect(told({ min_share: 0.2 }, long, `${long}\n\nOne more.`)).toBe(false);
    expect(told({ min_share: 0.2 }, long, `${long}\n\n${long.replaceAll("stays", "is new")}`)).toBe(true);
  });

  test.each([
    ["what was added has the text, in whatever case", "Sold out", "Now IN stock again", true],
    ["what was changed has it as it now reads", "The bike is sold out", "The bike is in stock", true],
    ["it went away", "The bike is in stock", "The bike is sold out", false],
    ["what has it was there before and stays", "In stock\n\nOld", "In stock\n\nNew", false],
    ["what has it was only moved", "In stock\n\nA\n\nB\n\nC", "A\n\nB\n\nC\n\nIn stock", false],
  ])("with trigger texts it counts whether %s", (_, before, after, isTold) => {
    expect(told({ trigger_text: ["in stock", "re:never"] }, before, after)).toBe(isTold);
  });

  test("a change is told when looking for the texts would take too long", () => {
    const costly = { trigger_text: ["re:(?i)(?:[a-z0-9 ]{1,100}){5}z?Q"] };

    expect(told(costly, "x", "abc ".repeat(100_000))).toBe(true);
    expect(told(costly, "x", "abc")).toBe(false);
  });
});
