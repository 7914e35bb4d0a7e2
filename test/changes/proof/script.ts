import type { ChangeKind } from "../../../src/db/schema/pages.ts";
import { article, type Block, manual, type Noise, type PageModel, paragraph, prose } from "./page-model.ts";
import type { SiteState, Special } from "./scripted-site.ts";

/** What is to be told after a visit, in full. */
export type Expected = { visit: number; kind: ChangeKind; path: string; reason?: string; to?: string };

type Step = {
  visit: number;
  about: string;
  edit: (state: SiteState) => void;
  told?: Omit<Expected, "visit"> & { visit?: number };
};

export const VISITS = 30;
export const DAYS_BETWEEN = 2;

export const TRACKING = {
  rules: [
    { remove_selectors: [".related", ".banner"], ignore_text: ["re:[0-9,]+ views"] },
    { path: "/manuals/**", ignore_dates: true },
    { path: "/shop", sort_lines: true },
    { path: "/ticker", ignore_numbers: true },
    { path: "/small", min_share: 0.25 },
    { path: "/wait", trigger_text: ["in stock"] },
  ],
  removed_after_visits: 3,
  removed_after_s: 3 * 86_400,
};

const LOUD: Noise[] = ["clock", "views", "banner", "csrf", "related", "images"];

const TREES = ["oak", "elm", "ash", "yew", "bay", "box", "gum", "may", "lime", "ivy"].map(
  (name) => `/articles/${name}`,
);
const MANUALS = ["pump", "motor", "switch"].map((name) => `/manuals/${name}`);
const OTHERS = ["/about", "/shop", "/ticker", "/small", "/wait"];

export function createSite(): SiteState {
  const pages = new Map<string, PageModel>([["/", article("scripted site", ["clock", "banner", "related"])]]);
  for (const path of TREES) pages.set(path, article(path.slice("/articles/".length), QUIET.has(path) ? [] : LOUD));
  for (const path of MANUALS)
    pages.set(path, manual(path.slice("/manuals/".length), QUIET.has(path) ? [] : ["clock", "ago", "csrf"]));
  for (const path of OTHERS) pages.set(path, article(path.slice(1), path === "/about" ? LOUD : []));
  const shop = pages.get("/shop");
  shop?.blocks.push({ kind: "list", items: GOODS.map((name, at) => `${name} for ${20 + at} dollars`) });
  const validators = new Map([...QUIET].map((path, at) => [path, at % 2 === 0 ? "etag" : "last-modified"] as const));
  return { pages, specials: new Map(), unlinked: new Set(), sitemap: new Map(), validators };
}

/** Pages that are sent with a validator, and without noise. */
const QUIET = new Set([
  ...["elm", "bay", "yew", "box", "gum"].map((name) => `/articles/${name}`),
  ...["/manuals/pump", "/manuals/switch", "/small", "/wait"],
]);

const GOODS = ["Copper kettle", "Silver ladder", "Walnut basket", "Paper lantern", "Timber saddle", "Gravel hammer"];

/** What the site does in each visit besides, whether anything was edited or not. */
export function addDailyNoise(state: SiteState, visit: number): void {
  const shop = state.pages.get("/shop");
  const list = shop?.blocks.find((block) => block.kind === "list");
  list?.items.sort((a, b) => Number(Bun.hash(`${a} ${visit}`) - Bun.hash(`${b} ${visit}`)));
  const ticker = state.pages.get("/ticker");
  if (ticker)
    ticker.blocks[1] = paragraph(`The price of copper stands at ${900 + 13 * visit} and that of silver at ${visit}.`);
}

/** When a special answer is over: of one page, or of the whole site. */
const ENDINGS: { visit: number; path?: string }[] = [];

/** Each change of the site by hand, and what is to be told of it. */
const STEPS: Step[] = [
  change(1, "/articles/oak", "a sentence", (page) =>
    replace(page, 1, paragraph(`${prose("oak 2")} A storm took its crown.`)),
  ),
  change(2, "/articles/elm", "a heading", (page) =>
    replace(page, 2, { kind: "heading", text: "Elms of the old town" }),
  ),
  change(2, "/manuals/pump", "an item of a list", (page) =>
    listOf(page).splice(1, 1, "The second step is to wait for water"),
  ),
  change(3, "/manuals/pump", "a row of a table", (page) =>
    rowsOf(page).splice(2, 1, ["beta", "on", "Keeps the pump dry"]),
  ),
  change(3, "/articles/ash", "a paragraph more", (page) => page.blocks.splice(2, 0, paragraph(prose("ash seeds")))),
  change(4, "/manuals/pump", "a line of code", (page) =>
    replace(page, page.blocks.length - 1, { kind: "code", text: "install pump\nrun pump --beta\ncheck pump" }),
  ),
  add(4, "/articles/fir", "a page that is linked", () => {}),
  add(5, "/manuals/valve", "a page in the sitemap alone", (state) => {
    state.unlinked.add("/manuals/valve");
    state.sitemap.set("/manuals/valve", "2026-01-10");
  }),
  change(5, "/articles/ash", "a paragraph less", (page) => page.blocks.splice(2, 1)),
  remove(6, "/articles/yew", { visit: 8, kind: "removed", path: "/articles/yew", reason: "http_404" }),
  answer(
    7,
    30,
    "/articles/bay",
    "is gone for good",
    { status: 410 },
    { kind: "removed", path: "/articles/bay", reason: "http_410" },
  ),
  answer(8, 9, "/articles/box", "is away for two visits", { status: 404 }),
  {
    visit: 9,
    about: "moved, with a redirect",
    edit: (state) => {
      move(state, "/articles/gum", "/articles/gum-tree");
      state.specials.set("/articles/gum", { status: 301, location: "/articles/gum-tree" });
    },
    told: { kind: "moved", path: "/articles/gum", to: "/articles/gum-tree", reason: "redirect" },
  },
  {
    visit: 10,
    about: "moved, without a redirect",
    edit: (state) => move(state, "/articles/may", "/articles/hawthorn"),
    told: { kind: "moved", path: "/articles/may", to: "/articles/hawthorn", reason: "same_content" },
  },
  {
    visit: 11,
    about: "moved without a redirect, and edited a little",
    edit: (state) => {
      move(state, "/articles/lime", "/articles/linden");
      const page = state.pages.get("/articles/linden");
      if (page) replace(page, 3, paragraph(`${prose("lime 3")} It smells in June.`));
    },
    told: { kind: "moved", path: "/articles/lime", to: "/articles/linden", reason: "same_content" },
  },
  answer(12, 12, "/manuals/motor", "asks for a sign-in elsewhere", { status: 302, location: "/login" }),
  answer(
    13,
    13,
    "/articles/oak",
    "says it is not there, with 200",
    page200("Page not found", "Sorry, the page you are looking for could not be found."),
  ),
  answer(
    14,
    14,
    "/manuals/pump",
    "is behind a wall",
    page200(
      "Just a moment...",
      "Checking your browser before accessing the site. Enable JavaScript and cookies to continue.",
    ),
  ),
  answer(13, 13, "/manuals/switch", "is overloaded", { status: 503, html: "Try again later" }),
  answer(14, 14, "/manuals/motor", "is refused", { status: 403, html: "Forbidden" }),
  answer(
    15,
    15,
    "/articles/elm",
    "asks for a sign-in",
    page200("Sign in", "Sign in to continue. E-mail address Password Forgot your password?"),
  ),
  answer(15, 15, "/articles/ash", "is empty", {
    status: 200,
    html: "<!doctype html><title>About ash</title><main></main>",
  }),
  {
    visit: 15,
    about: "a removed page is back",
    edit: (state) => state.pages.set("/articles/yew", article("yew", LOUD)),
    told: { kind: "restored", path: "/articles/yew" },
  },
  outage(16, { status: 500, html: "Down for maintenance" }),
  {
    ...change(16, "/articles/elm", "while nobody can see it", (page) =>
      replace(page, 0, paragraph(`${prose("elm 1")} It was felled.`)),
    ),
    told: { visit: 19, kind: "changed", path: "/articles/elm" },
  },
  outage(17, { status: 404, html: "<!doctype html><title>Not found</title>Not found" }),
  outage(18, "refused"),
  answer(19, 19, "/manuals/switch", "never answers", "hang"),
  answer(20, 20, "/manuals/motor", "leads to the start page", { status: 301, location: "/" }),
  quiet(22, "/small", "too little to be told", (page) =>
    replace(page, 1, paragraph(prose("small 2").replace("The", "Each"))),
  ),
  quiet(23, "/wait", "without the word", (page) => page.blocks.push(paragraph("It is sold out until the spring."))),
  change(24, "/small", "enough to be told", (page) => {
    for (const at of [0, 1, 3]) replace(page, at, paragraph(prose(`small anew ${at}`, 5)));
  }),
  change(25, "/wait", "with the word", (page) => page.blocks.push(paragraph("It is back in stock, as of today."))),
  {
    visit: 25,
    about: "nothing leads there any more",
    edit: (state) => state.unlinked.add("/articles/ivy"),
    told: { visit: 27, kind: "removed", path: "/articles/ivy", reason: "unlinked" },
  },
  change(26, "/shop", "a price", (page) =>
    listOf(page).splice(
      listOf(page).findIndex((item) => item.startsWith("Copper")),
      1,
      "Copper kettle for 99 dollars",
    ),
  ),
  change(28, "/ticker", "words between numbers", (page) =>
    page.blocks.push(paragraph("Trade in copper was halted at noon.")),
  ),
  change(28, "/articles/gum-tree", "paragraphs in another order", (page) =>
    page.blocks.push(...page.blocks.splice(0, 1)),
  ),
  {
    visit: 29,
    about: "something leads there again",
    edit: (state) => state.unlinked.delete("/articles/ivy"),
    told: { kind: "restored", path: "/articles/ivy" },
  },
];

/** Does what the script has for a visit. */
export function playVisit(state: SiteState, visit: number): void {
  for (const { path } of ENDINGS.filter((ending) => ending.visit === visit)) {
    if (path === undefined) state.outage = undefined;
    else state.specials.delete(path);
  }
  for (const step of STEPS) if (step.visit === visit) step.edit(state);
  addDailyNoise(state, visit);
}

/** All that is to be told, in the order of visits. */
export const EXPECTED: Expected[] = STEPS.flatMap(({ visit, told }) =>
  told ? [{ ...told, visit: told.visit ?? visit }] : [],
);

function change(visit: number, path: string, about: string, edit: (page: PageModel) => void): Step {
  return { ...quiet(visit, path, about, edit), told: { kind: "changed", path } };
}

function quiet(visit: number, path: string, about: string, edit: (page: PageModel) => void): Step {
  const on = (state: SiteState) => {
    const page = state.pages.get(path);
    if (!page) throw new Error(`There is no page ${path} in visit ${visit}`);
    edit(page);
  };
  return { visit, about: `${path}: ${about}`, edit: on };
}

function add(visit: number, path: string, about: string, more: (state: SiteState) => void): Step {
  const edit = (state: SiteState) => {
    state.pages.set(path, article(path.slice(1).replace("/", " "), LOUD));
    more(state);
  };
  return { visit, about, edit, told: { kind: "new", path } };
}

function remove(visit: number, path: string, told: Step["told"]): Step {
  return { visit, about: `${path} is deleted`, edit: (state) => void state.pages.delete(path), told };
}

/** From a visit to another, both included; the page itself is as it was underneath. */
function answer(from: number, to: number, path: string, about: string, special: Special, told?: Step["told"]): Step {
  const edit = (state: SiteState) => state.specials.set(path, special);
  ENDINGS.push({ visit: to + 1, path });
  return { visit: from, about: `${path} ${about}`, edit, told };
}

function outage(visit: number, special: NonNullable<SiteState["outage"]>): Step {
  ENDINGS.push({ visit: visit + 1 });
  const edit = (state: SiteState) => {
    state.outage = special;
  };
  return { visit, about: "the whole site", edit };
}

function page200(title: string, text: string): Special {
  const html = `<!doctype html><html lang="en"><title>${title}</title><main><h1>${title}</h1><p>${text}</p></main>`;
  return { status: 200, html };
}

function move(state: SiteState, from: string, to: string): void {
  const page = state.pages.get(from);
  if (!page) throw new Error(`There is no page ${from}`);
  state.pages.delete(from);
  state.pages.set(to, page);
}

function replace(page: PageModel, at: number, block: Block): void {
  page.blocks[at] = block;
}

function listOf({ blocks }: PageModel): string[] {
  return blocks.find((block) => block.kind === "list")?.items ?? [];
}

function rowsOf({ blocks }: PageModel): string[][] {
  return blocks.find((block) => block.kind === "table")?.rows ?? [];
}
