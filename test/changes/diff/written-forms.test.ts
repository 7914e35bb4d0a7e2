import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { diffMarkdown } from "../../../src/changes/diff/block-diff.ts";
import { blocksOfSide } from "../../../src/changes/diff/blocks-of-side.ts";
import { excerptOf } from "../../../src/changes/diff/excerpt.ts";
import { toDiffHtml } from "../../../src/changes/diff/html.ts";
import { DiffView, viewDiff } from "../../../src/changes/diff/json.ts";
import { toDiffMarkdown } from "../../../src/changes/diff/markdown.ts";
import { toDiffText } from "../../../src/changes/diff/text.ts";
import { anyText, editedTexts } from "./samples.ts";

// A busy machine takes its time.
setDefaultTimeout(60_000);

const before = `# Shop

## Prices

The plan costs **12 €** a month.

- Free trial
- [No card](https://example.com/card)

| Plan | Users |
| --- | --- |
| Pro | 5 |

## Notes

Goodbye.

This stays.

So does this.

\`\`\`sh
run --old
\`\`\`
`;
const after = `# Shop

## Prices

The plan costs **14 €** a month.

- Free trial
- New: *half* price

| Plan | Users |
| --- | --- |
| Pro | 8 |

## Notes

This stays.

So does this.

Goodbye.

\`\`\`sh
run --new
\`\`\`
`;
const diff = diffMarkdown(before, after);
const pairs = fc.oneof(editedTexts, fc.tuple(anyText, anyText));

describe("as plain text", () => {
  test("changes stand under their headings, words marked as wdiff does", () => {
    expect(toDiffText(diff)).toBe(`Shop › Prices
~ The plan costs **[-12-]{+14+} €** a month.
- - [No card](https://example.com/card)
+ - New: *half* price
~ | Pro | [-5-]{+8+} |

Shop › Notes
= moved: Goodbye.
~ \`\`\`sh
  run --[-old-]{+new+}
  \`\`\`
`);
  });

  test("nothing is written where nothing changed", () => {
    expect(toDiffText(diffMarkdown(before, before))).toBe("");
  });

  test("no control character of a page reaches a terminal", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const compared = diffMarkdown(`${a}\u001b[2J\n`, `${b}\u009b2J \u0007\n`);

        for (const text of [toDiffText(compared), toDiffMarkdown(compared), toDiffHtml(compared, "inline", "\u001b")])
          expect(text).not.toMatch(/[^\P{Cc}\n\t]/u);
      }),
      { numRuns: 60 },
    );
  });

  test("of a long block that changed, what stands beside the change is shown", () => {
    const long = (word: string) => `${"Many words. ".repeat(100)}${word} ${"And more. ".repeat(100)}\n`;

    const text = toDiffText(diffMarkdown(long("old"), long("new")));

    expect(text).toContain("Many words. [-old-]{+new+} And more.");
    expect(text.length).toBeLessThan(400);
  });
});

describe("as Markdown", () => {
  test("a summary comes first, then code that says what came and went", () => {
    expect(
      toDiffMarkdown(diff),
    ).toBe(`3 blocks changed, 1 added, 1 removed, 1 moved; 6 words added, 9 removed; 26 % of the text

## Shop › Prices

\`\`\`diff
- The plan costs **12 €** a month.
+ The plan costs **14 €** a month.
- - [No card](https://example.com/card)
+ - New: *half* price
- | Pro | 5 |
+ | Pro | 8 |
\`\`\`

## Shop › Notes

\`\`\`\`diff
@@ moved @@
  Goodbye.
- \`\`\`sh
- run --old
- \`\`\`
+ \`\`\`sh
+ run --new
+ \`\`\`
\`\`\`\`
`);
  });

  test("no text can end the code that it stands in, nor a heading be more than one", () => {
    const hostile = "# <img src=x> `a` [b](c)\n\n> ``````` \n\n~~~\n````\n~~~\n";
    const markdown = toDiffMarkdown(diffMarkdown("", hostile));

    const html = Bun.markdown.html(markdown);

    expect(html).not.toContain("<img");
    expect(html.match(/<pre>/g)).toHaveLength(2);
    expect(html).toContain("&lt;img src=x&gt;");
  });
});

describe("as HTML", () => {
  test("added and removed words are elements that say so", () => {
    const html = toDiffHtml(diff, "inline", "Shop & more");

    expect(html).toContain('<h2 dir="auto" style="margin:0 0 4px">Shop &amp; more</h2>');
    expect(html).toMatch(/costs \*\*<del [^>]*>12<\/del><ins [^>]*>14<\/ins> €\*\*/);
    for (const label of ["Added", "Removed", "Changed", "Moved"]) expect(html).toContain(`>${label}</p>`);
  });

  test("side by side each version has its column", () => {
    const html = toDiffHtml(diff, "side_by_side", "Shop");

    expect(html.match(/<th scope="col"[^>]*>(Before|After)<\/th>/g)).toHaveLength(2);
    const rows = html.match(/<tr><th scope="row".*?<\/tr>/gs)!;
    expect(rows).toHaveLength(diff.changes.length);
    const [, was = "", is = ""] = rows[0]!.split("<td ");
    expect(was).toContain(">12</del>");
    expect(was).not.toContain("<ins");
    expect(is).toContain(">14</ins>");
    expect(is).not.toContain("<del");
  });

  test("it says so where nothing changed", () => {
    expect(toDiffHtml(diffMarkdown(before, before), "side_by_side", "Shop")).toContain("Nothing changed");
  });

  test.each(["inline", "side_by_side"] as const)("no text of a page becomes an element (%s)", (view) => {
    const hostile = (mark: string) =>
      `# </h3><script>${mark}</script>\n\n<img src=x onerror=alert(1)> ${mark} "quoted' & more\n\n- </ins></del></p></td></table><svg onload=x> ${mark}\n`;
    const html = toDiffHtml(diffMarkdown(hostile("old"), hostile("new")), view, "<script>x</script>");

    const names = new Set([...html.matchAll(/<([a-z0-9]+)/g)].map(([, name]) => name!));

    expect(
      [...names].filter((name) => !/^(?:section|h2|h3|p|div|ins|del|table|thead|tbody|tr|td|th)$/.test(name)),
    ).toEqual([]);
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(html).not.toMatch(/<[^>]*\bon[a-z]+=/);
  });

  test("elements are closed whatever the texts", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom("inline" as const, "side_by_side" as const), ([a, b], view) => {
        const html = toDiffHtml(diffMarkdown(a, b), view, a);

        const open: string[] = [];
        for (const [, slash, name] of html.matchAll(/<(\/?)([a-z0-9]+)[^>]*>/g)) {
          if (slash === "") open.push(name!);
          else expect(open.pop()).toBe(name!);
        }
        expect(open).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("as JSON", () => {
  test("it is what the schema says", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const view = viewDiff(diffMarkdown(a, b));

        expect([...Value.Errors(DiffView, view)]).toEqual([]);
        expect(JSON.stringify(view).isWellFormed()).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("long texts are cut, and it says so", () => {
    const view = viewDiff(diffMarkdown("", `${"x".repeat(9_999)}😀 more\n`));

    expect(view.changes[0]).toMatchObject({ kind: "added", after: { is_cut: true } });
    expect(view.changes[0]!.after!.text).toHaveLength(10_000);
    expect(view.changes[0]!.after!.text.isWellFormed()).toBe(true);
  });

  test("many changes are shown piece by piece", () => {
    const many = diffMarkdown("", Array.from({ length: 30 }, (_, at) => `Block ${at}`).join("\n\n"));

    const view = viewDiff(many, { offset: 10, limit: 15 });

    expect(view.changes.map(({ after }) => after!.index)).toEqual(Array.from({ length: 15 }, (_, at) => at + 10));
    expect(view.more).toBe(5);
    expect(viewDiff(many, { offset: 40 })).toMatchObject({ changes: [], more: 0 });
  });
});

describe("an excerpt", () => {
  test("is plain text of what came and went", () => {
    expect(excerptOf(diff)).toEqual({
      added: ["The plan costs 14 € a month.", "New: half price", "Pro | 8", "run --new"],
      removed: ["The plan costs 12 € a month.", "No card", "Pro | 5", "run --old"],
    });
  });

  test("shows the change in a long block, and no more than 300 characters", () => {
    const long = (word: string) => `${"Many *words* here. ".repeat(60)}${word} ${"And more. ".repeat(60)}\n`;

    const { added, removed } = excerptOf(diffMarkdown(long("old"), long("new")));

    expect(added).toHaveLength(1);
    expect(added[0]).toStartWith("…");
    expect(added[0]).toEndWith("…");
    expect(added[0]).toContain("here. new And more.");
    expect(removed[0]).toContain("here. old And more.");
    expect(added[0]!.length).toBeLessThanOrEqual(300);
  });

  test("has at most ten blocks of each, none of them empty", () => {
    const text = `${Array.from({ length: 30 }, (_, at) => `Block ${at}`).join("\n\n")}\n`;

    const { added } = excerptOf(diffMarkdown("", `![](x.png)\n\n***\n\n${text}`));

    expect(added).toEqual(Array.from({ length: 10 }, (_, at) => `Block ${at}`));
  });

  test("keeps its bounds whatever the texts", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const { added, removed } = excerptOf(diffMarkdown(a, `${b}${"long ".repeat(200)}`));

        for (const text of [...added, ...removed]) {
          expect(text.length).toBeLessThanOrEqual(300);
          expect(text.isWellFormed()).toBe(true);
          expect(text.trim()).not.toBe("");
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("the blocks of one side", () => {
  test("are those that the other has not, or has otherwise, in their order", () => {
    expect(blocksOfSide(diff, "before")).toEqual({
      count: 4,
      first: [
        "The plan costs **12 €** a month.",
        "- [No card](https://example.com/card)",
        "| Pro | 5 |",
        "```sh\nrun --old\n```",
      ],
    });
    expect(blocksOfSide(diff, "after").first).toContain("- New: *half* price");
  });

  test("are counted all, the first fifty shown, long ones cut", () => {
    const text = Array.from({ length: 60 }, (_, at) => `Block ${at} ${"x".repeat(400)}`).join("\n\n");

    const { count, first } = blocksOfSide(diffMarkdown("", text), "after");

    expect([count, first.length]).toEqual([60, 50]);
    expect(first[0]).toHaveLength(301);
    expect(first[0]).toEndWith("…");
  });
});
