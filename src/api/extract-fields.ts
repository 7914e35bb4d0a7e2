import { Type } from "@sinclair/typebox";
import { t } from "elysia";
import { DEFAULT_EXTRACT_OPTIONS, type ExtractOptions } from "../content/document.ts";
import { ExtractFields, findSelectorFaults, toExtractOptions } from "../crawl/extract-options.ts";
import { AppError } from "../errors.ts";
import { OneOf, withoutDefaults } from "./fields.ts";

/** Extract options in a body, each of which may be left out. */
export const ExtractBody = Type.Object(withoutDefaults(ExtractFields), {
  additionalProperties: false,
  description:
    "How to make Markdown of a page; those left out take the website's where one is named, then the defaults",
  examples: [{ content: "main", exclude_selectors: [".comments"] }],
});

/**
 * What a schema let through, as options.
 * @throws AppError `invalid` naming the selectors that are none, below `at`
 */
export function readExtractOptions(given: Partial<ExtractFields>, at = ""): ExtractOptions {
  checkSelectors(given, at);
  return toExtractOptions(given);
}

/** @throws AppError `invalid` naming the selectors that are none, below `at` */
export function checkSelectors(given: Partial<ExtractFields>, at = ""): void {
  const faults = findSelectorFaults(given).map((fault) => ({ ...fault, at: at + fault.at }));
  const [first] = faults;
  if (first) throw new AppError("invalid", `${first.at}: ${first.message}`, { faults });
}

const Flag = (description: string) => t.Optional(OneOf(["true", "false"], { description, examples: ["false"] }));

const SelectorList = (description: string, example: string) =>
  t.Optional(t.String({ minLength: 1, maxLength: 1_000, description, examples: [example] }));

/** Extract options in a query, where several selectors are one list with commas, as in CSS. */
export const extractQuery = {
  include_selectors: SelectorList("CSS selectors, by commas: only what they match becomes Markdown", "main, .answer"),
  exclude_selectors: SelectorList("CSS selectors, by commas, of what to leave out", ".comments, aside"),
  images: Flag("false leaves images out"),
  links: Flag("false leaves the URLs of links out"),
  navigation: Flag("true keeps menus and tables of contents in the main content"),
};

type ExtractQuery = {
  content: ExtractOptions["content"];
  include_selectors?: string;
  exclude_selectors?: string;
  images?: "true" | "false";
  links?: "true" | "false";
  navigation?: "true" | "false";
};

/**
 * The options that a query names; `undefined` if it names none, so that what is stored will do.
 * @throws AppError `invalid` naming the parameter
 */
export function readExtractQuery(query: ExtractQuery): ExtractOptions | undefined {
  const { content, include_selectors, exclude_selectors, images, links, navigation } = query;
  const given: Partial<ExtractFields> = {
    content,
    ...(include_selectors === undefined ? {} : { include_selectors: [include_selectors] }),
    ...(exclude_selectors === undefined ? {} : { exclude_selectors: [exclude_selectors] }),
    ...(images === undefined ? {} : { images: images === "true" }),
    ...(links === undefined ? {} : { links: links === "true" }),
    ...(navigation === undefined ? {} : { navigation: navigation === "true" }),
  };
  const isPlain = Object.keys(given).length === 1 && content === DEFAULT_EXTRACT_OPTIONS.content;
  if (isPlain) return undefined;
  const faults = findSelectorFaults(given).map(({ at, message }) => ({ at: at.split("/")[1] ?? at, message }));
  const [first] = faults;
  if (first) throw new AppError("invalid", `${first.at}: ${first.message}`, { faults });
  return toExtractOptions(given);
}
