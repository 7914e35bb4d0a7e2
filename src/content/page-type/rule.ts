import type { PageType } from "../document.ts";
import { attribute, type Element, lineOf } from "../dom.ts";
import { DECLARED } from "./declared-types.ts";
import type { PageTraits } from "./features.ts";

/** What rules look at. */
export type PageMarks = {
  /** All values of `<meta name="generator">`, in lower case. */
  generator: string;
  /** Class, `#id` and `data-template` of `<html>` and of `<body>`. */
  html: string;
  body: string;
  /** Addresses of scripts and of linked style sheets, one a line. */
  assets: string;
  /** First contents by name or property, in lower case. */
  metas: ReadonlyMap<string, string>;
  host: string;
  /** The path and the query. */
  path: string;
  title: string;
  openGraph: string;
  /** Types of schema.org that the page gives itself. */
  declared: ReadonlySet<string>;
};

/** A page for which everything holds that a rule names is of the rule's type. */
export type Rule = {
  /** Engine and kind of page, such as `discourse-topic`. */
  name: string;
  type: PageType;
  /** How many pages of a hundred for which the rule holds are of its type, as a share. */
  certainty: number;
  generator?: RegExp;
  html?: RegExp;
  body?: RegExp;
  asset?: string;
  meta?: readonly [name: string, value: RegExp];
  host?: RegExp;
  path?: RegExp;
  title?: RegExp;
  openGraph?: RegExp;
  /** One of these. */
  declared?: readonly string[];
};

const maxAssets = 150;
const maxAsset = 200;
const maxMetas = 300;
const maxMark = 2000;

export function readMarks({ facts, census, declared }: PageTraits): PageMarks {
  const { survey, url } = facts;
  const metas = new Map<string, string>();
  let generator = "";
  for (const meta of survey.metas.slice(0, maxMetas)) {
    const name = (attribute(meta, "property") ?? attribute(meta, "name"))?.trim().toLowerCase();
    const content = name && attribute(meta, "content");
    if (!name || !content) continue;
    if (!metas.has(name)) metas.set(name, content.slice(0, maxMark));
    if (name === "generator") generator += ` ${content.slice(0, maxAsset).toLowerCase()}`;
  }
  const assets = census.sources.slice(0, maxAssets).map((source) => source.slice(0, maxAsset));
  for (const link of survey.linkElements.slice(0, maxAssets)) {
    if (/stylesheet|preload|icon/i.test(attribute(link, "rel") ?? "")) {
      assets.push((attribute(link, "href") ?? "").slice(0, maxAsset));
    }
  }
  const { hostname, pathname, search } = URL.parse(url) ?? { hostname: "", pathname: "/", search: "" };
  return {
    generator: generator.trim(),
    html: marksOf(survey.root),
    body: survey.body ? marksOf(survey.body) : "",
    assets: assets.join("\n"),
    metas,
    host: hostname,
    path: (pathname + search).slice(0, maxMark),
    title: survey.title ? lineOf(survey.title, maxAsset) : "",
    openGraph: declared.openGraph,
    declared: new Set(DECLARED.filter((_, at) => (declared.main[at] as number) > 0)),
  };
}

function marksOf(element: Element): string {
  const names = [attribute(element, "class"), idOf(element), attribute(element, "data-template")];
  return [...names, attribute(element, "data-page")].filter(Boolean).join(" ").slice(0, maxMark);
}

function idOf(element: Element): string {
  const id = attribute(element, "id");
  return id ? `#${id}` : "";
}

export function holds(rule: Rule, marks: PageMarks): boolean {
  return (
    (rule.generator === undefined || rule.generator.test(marks.generator)) &&
    (rule.body === undefined || rule.body.test(marks.body)) &&
    (rule.html === undefined || rule.html.test(marks.html)) &&
    (rule.host === undefined || rule.host.test(marks.host)) &&
    (rule.path === undefined || rule.path.test(marks.path)) &&
    (rule.openGraph === undefined || rule.openGraph.test(marks.openGraph)) &&
    (rule.declared === undefined || rule.declared.some((type) => marks.declared.has(type))) &&
    (rule.meta === undefined || rule.meta[1].test(marks.metas.get(rule.meta[0]) ?? "")) &&
    (rule.title === undefined || rule.title.test(marks.title)) &&
    (rule.asset === undefined || marks.assets.includes(rule.asset))
  );
}
