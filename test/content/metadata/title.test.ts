import { expect, test } from "bun:test";
import { chooseTitle, type TitleSources } from "../../../src/content/metadata/title.ts";

const none: TitleSources = { tag: null, openGraph: null, headline: null, siteName: null };

function titleOf({ headings = [], ...given }: Partial<TitleSources> & { headings?: string[] }): string | null {
  return chooseTitle(headings, { ...none, ...given }).title;
}

test.each([
  [
    "the heading is a part of it",
    { tag: "asyncio — Async I/O — Python docs", headings: ["asyncio — Async I/O"] },
    "asyncio — Async I/O",
  ],
  ["the site comes first", { tag: "Site | Page", siteName: "Site" }, "Page"],
  ["the site comes last", { tag: "Page :: Site", siteName: "site" }, "Page"],
  ["the separator is glued to the page's part", { tag: "Site: Page", siteName: "Site" }, "Page"],
  ["nothing tells the parts apart", { tag: "Left - Right" }, "Left - Right"],
  ["the title is the site's name", { tag: "Site", siteName: "Site", headings: ["Site"] }, "Site"],
  ["the heading is the site's name", { tag: "Page - Site", siteName: "Site", headings: ["Site"] }, "Page"],
  [
    "search engines are told another one",
    { tag: "Best webs of 2024, tested | Post", headings: ["The best webs we tested"], siteName: "Post" },
    "The best webs we tested",
  ],
  ["the only heading is a slogan", { tag: "Silk hosting", headings: ["Spin up. Relax."] }, "Silk hosting"],
  [
    "a banner has a heading too",
    { tag: "Webs at night | Post", headings: ["Subscribe now at half the price", "Webs at night"] },
    "Webs at night",
  ],
  [
    "other pages' headings begin alike",
    { tag: "The best garden spiders", headings: ["The best house cats", "The best garden spiders of all"] },
    "The best garden spiders of all",
  ],
  ["the heading is glued from pieces", { tag: "Tip - Webs", headings: ["Tip Webs"] }, "Tip - Webs"],
  ["the heading was to be filled in", { tag: "Webs", headings: ["{{ page.title }} Webs"] }, "Webs"],
  ["it is in Japanese", { tag: "蜘蛛の巣の作り方|蜘蛛新聞", headings: ["蜘蛛の巣の作り方"] }, "蜘蛛の巣の作り方"],
  ["there is no title", { openGraph: "Shared", headings: ["Heading"] }, "Shared"],
  ["there is only a heading", { headings: ["Heading"] }, "Heading"],
  ["there is nothing", {}, null],
])("the title is right when %s", (_, sources, expected) => {
  expect(titleOf(sources)).toBe(expected);
});
