import { describe, expect, test } from "bun:test";
import { diffMarkdown } from "../../src/changes/diff/block-diff.ts";
import { excerptOf } from "../../src/changes/diff/excerpt.ts";
import { withOriginalTexts } from "../../src/changes/original-texts.ts";
import { readTracking, rulesFor, withoutNoise } from "../../src/changes/tracking.ts";

function excerpt(before: string, after: string, rule: object) {
  const rules = rulesFor(readTracking({ rules: [rule] }), "https://a.example/");
  const diff = diffMarkdown(withoutNoise(before, rules), withoutNoise(after, rules));
  return excerptOf(withOriginalTexts(diff, before, after, rules));
}

describe("what people read of a change", () => {
  test("has the numbers and dates that the comparison passed over", () => {
    const before = "# Shop\n\n5 bikes on 1 May 2026\n\nUpdated 3 hours ago";
    const after = "# Shop\n\n7 red bikes on 2 May 2026\n\nUpdated 1 hour ago\n\n4 boats";

    expect(excerpt(before, after, { ignore_numbers: true, ignore_dates: true })).toEqual({
      added: ["7 red bikes on 2 May 2026", "4 boats"],
      removed: ["5 bikes on 1 May 2026"],
    });
  });

  test("has the line that a part was left out of, as it stands under its heading", () => {
    const after = "# A\n\nSale: code 11\n\n# B\n\nSale: code 22\n\n# C\n\nSale: code 33";

    expect(excerpt("# A\n\nSale: code 9", after, { ignore_text: ["re:code \\d+"] }).added).toEqual([
      ...["B", "Sale: code 22"],
      ...["C", "Sale: code 33"],
    ]);
  });

  test("is the compared text where the other would take too long to find", () => {
    const rule = { ignore_numbers: true, ignore_text: ["re:(?i)(?:[a-z0-9 ]{1,100}){5}z?Q"] };

    expect(excerpt("Text", `Text\n\n${"abc ".repeat(6_000)}\n\n5 boats`, rule).added).toContain("0 boats");
  });
});
