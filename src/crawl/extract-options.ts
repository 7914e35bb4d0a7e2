import { type Static, Type } from "@sinclair/typebox";
import { DEFAULT_EXTRACT_OPTIONS, type ExtractOptions } from "../content/document.ts";
import { sha256 } from "../content/fingerprint.ts";
import { findSelectorFault } from "../content/selectors.ts";
import type { Fault } from "../errors.ts";

const Selectors = (description: string, example: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
    maxItems: 100,
    default: [],
    description,
    examples: [[example]],
  });

/** How Markdown is made of a page, as it is told to a website, a crawl or a request. */
export const ExtractFields = {
  content: Type.Union([Type.Literal("main"), Type.Literal("page")], {
    default: DEFAULT_EXTRACT_OPTIONS.content,
    description: "Turn the main content into Markdown, or the whole page with its navigation",
    examples: ["main"],
  }),
  include_selectors: Selectors(
    "CSS selectors: the Markdown holds what they match and nothing else; the content is looked for where they match nothing",
    "main .article-body",
  ),
  exclude_selectors: Selectors("CSS selectors of what to leave out of the Markdown, whatever else holds", ".comments"),
  images: Type.Boolean({ default: DEFAULT_EXTRACT_OPTIONS.images, description: "Keep images in the Markdown" }),
  links: Type.Boolean({
    default: DEFAULT_EXTRACT_OPTIONS.links,
    description: "Keep the URLs of links in the Markdown; their text stays in any case",
  }),
  navigation: Type.Boolean({
    default: DEFAULT_EXTRACT_OPTIONS.navigation,
    description: "Keep menus, breadcrumbs and tables of contents in the main content",
  }),
};

const Schema = Type.Object(ExtractFields);
export type ExtractFields = Static<typeof Schema>;

/** What is not given is as by default: a crawl that an older version began knows fewer of them. */
export function toExtractOptions(given: Partial<ExtractFields>): ExtractOptions {
  return {
    content: given.content ?? DEFAULT_EXTRACT_OPTIONS.content,
    includeSelectors: given.include_selectors ?? DEFAULT_EXTRACT_OPTIONS.includeSelectors,
    excludeSelectors: given.exclude_selectors ?? DEFAULT_EXTRACT_OPTIONS.excludeSelectors,
    images: given.images ?? DEFAULT_EXTRACT_OPTIONS.images,
    links: given.links ?? DEFAULT_EXTRACT_OPTIONS.links,
    navigation: given.navigation ?? DEFAULT_EXTRACT_OPTIONS.navigation,
  };
}

/** Selectors that can't be used, each with its place, such as `/include_selectors/0`. */
export function findSelectorFaults(given: Partial<ExtractFields>): Fault[] {
  return (["include_selectors", "exclude_selectors"] as const).flatMap((name) =>
    (given[name] ?? []).flatMap((selector, index) => {
      const message = findSelectorFault(selector);
      return message === undefined ? [] : [{ at: `/${name}/${index}`, message }];
    }),
  );
}

/**
 * A short name for all options but `content` that differ from the defaults: the empty string when none does. Equal for
 * equal options, on every machine and in every version.
 */
export function nameExtractOptions(options: ExtractOptions): string {
  const { content: _, ...others } = options;
  const differing = Object.entries(others)
    .filter(([name, value]) => !Bun.deepEquals(value, DEFAULT_EXTRACT_OPTIONS[name as keyof ExtractOptions]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return differing.length === 0 ? "" : sha256(JSON.stringify(differing)).slice(0, 12);
}
