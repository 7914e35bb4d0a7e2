import { expect, test } from "bun:test";
import { parseRobotsTag } from "../../src/content/robots-directives.ts";
import { readPage } from "./metadata/read-page.ts";

test.each([
  ["noindex", { noindex: true, nofollow: false }],
  ["NOINDEX, NoFollow", { noindex: true, nofollow: true }],
  ["none", { noindex: true, nofollow: true }],
  ["otherbot: noindex", { noindex: false, nofollow: false }],
  ["otherbot: noindex, orbweaver: nofollow", { noindex: false, nofollow: true }],
  ["nofollow, otherbot: noindex", { noindex: false, nofollow: true }],
  ["unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, noindex", { noindex: true, nofollow: false }],
  ["max-snippet: 20, noindex", { noindex: true, nofollow: false }],
  ["index, follow, all", { noindex: false, nofollow: false }],
  ["", { noindex: false, nofollow: false }],
])("the X-Robots-Tag %p means %p", (header, expected) => {
  expect(parseRobotsTag(header)).toEqual(expected);
});

test("robots directives of the page and the header add up", () => {
  const page = '<meta name="ROBOTS" content="noindex"><meta name="googlebot" content="nofollow">';

  expect(readPage(page).robots).toEqual({ noindex: true, nofollow: false });
  expect(readPage(page, { robotsTag: "nofollow" }).robots).toEqual({ noindex: true, nofollow: true });
  expect(readPage('<meta name="orbweaver" content="none">').robots).toEqual({ noindex: true, nofollow: true });
});
