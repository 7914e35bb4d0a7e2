import { expect, test } from "bun:test";
import type { PageType } from "../../../src/content/document.ts";
import { lineOf, parseHtml } from "../../../src/content/dom.ts";
import { cutBlocks } from "../../../src/content/main/blocks.ts";
import { copyKept } from "../../../src/content/main/tree-copy.ts";
import { treatByType } from "../../../src/content/page-type/treatment.ts";
import { surveyPage } from "../../../src/content/survey.ts";
import { remark, xenforo } from "./threads.ts";

/** Of a page whose blocks nobody was sure of, and none of which was kept. */
function treat(html: string, type: PageType, confidence = 0.9) {
  const { root } = parseHtml(html);
  const survey = surveyPage(root);
  const none = new Set<number>();
  const cut = cutBlocks(survey.body ?? root, survey.elements, { title: none, description: none });
  const isKept = new Uint8Array(cut.blocks.length);
  const probabilities = new Float64Array(cut.blocks.length).fill(0.3);
  const { rule, complete } = treatByType({ type, confidence }, survey, cut.blocks, probabilities, isKept);
  return { rule, text: lineOf(complete(copyKept(survey.body ?? root, cut, isKept))) };
}

test("a forum's page keeps all posts with their authors", () => {
  const { rule, text } = treat(xenforo, "forum");

  expect(rule).toBe("thread");
  expect(text.match(/(?:Ada|Bo|Cyd) · May \d, 2024/g)).toHaveLength(3);
  expect(text).not.toContain("Old salt");
});

test("a listing's page keeps its items", () => {
  const entries = Array.from({ length: 9 }, (_, at) => `<li><a href="/k/${at}">A knot for every rope, ${at}</a></li>`);
  const { rule, text } = treat(`<p>${remark}</p><ul>${entries.join("")}</ul>`, "listing");

  expect(rule).toBe("items");
  expect(text).toContain("A knot for every rope, 8");
  expect(text).not.toContain(remark);
});

test("other types, doubtful ones, and pages without posts or items ask for nothing", () => {
  const nothing = { rule: null, text: "" };

  expect(treat(xenforo, "article")).toEqual(nothing);
  expect(treat(xenforo, "forum", 0.4)).toEqual(nothing);
  expect(treat(`<p>${remark}</p>`, "forum")).toEqual(nothing);
  expect(treat(`<p>${remark}</p>`, "listing")).toEqual(nothing);
});
