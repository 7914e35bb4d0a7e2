import type { Document } from "../document.ts";
import { collapse } from "../dom.ts";
import { toIsoDate } from "../metadata/date-value.ts";
import type { Reading } from "./reading.ts";

/** Longer front matter is text that happens to begin with a rule. */
const maxLength = 64 * 1024;
const maxValueLength = 2000;
const maxValues = 100;

type Facts = Omit<Reading, "markdown">;
type Fields = ReadonlyMap<string, unknown>;

/** What YAML between `---`, TOML between `+++` or JSON at the start of a text says of it, and the text without that. */
export function splitFrontMatter(text: string): { facts: Facts; body: string } {
  const cut = findFrontMatter(text);
  const fields = cut && readFields(cut.source, cut.parse);
  return cut && fields ? { facts: factsOf(fields), body: cut.body } : { facts: {}, body: text };
}

type Cut = { source: string; body: string; parse: (source: string) => unknown };

function findFrontMatter(text: string): Cut | undefined {
  const opening = /^(?:---|\+\+\+|;;;)[ \t]{0,9}(?:json|yaml|toml)?[ \t]{0,9}\n/.exec(text.slice(0, 40))?.[0];
  if (opening) {
    const mark = opening.slice(0, 3);
    const start = opening.length;
    const area = text.slice(start - 1, start + maxLength);
    const end = /\n(?:---|\+\+\+|;;;|\.\.\.)[ \t]{0,9}(?:\n|$)/g;
    for (const match of area.matchAll(end)) {
      const closing = match[0].slice(1, 4);
      if (closing !== mark && !(mark === "---" && closing === "...")) continue;
      const stop = start - 1 + match.index;
      const isJson = mark === ";;;" || opening.includes("json");
      const parse = isJson ? JSON.parse : mark === "+++" ? Bun.TOML.parse : Bun.YAML.parse;
      return { source: text.slice(start, Math.max(start, stop)), body: text.slice(stop + match[0].length), parse };
    }
    return undefined;
  }
  // Hugo's third form: an object, and a blank line after it.
  const end = text.startsWith("{\n") ? text.slice(0, maxLength).search(/\n\}[ \t]{0,9}\n\s/) : -1;
  return end < 0 ? undefined : { source: text.slice(0, end + 2), body: text.slice(end + 2), parse: JSON.parse };
}

/** `undefined` for what is no table of names and values: a text may begin with a thematic break. */
function readFields(source: string, parse: (source: string) => unknown): Fields | undefined {
  if (source.trim() === "") return new Map();
  try {
    const value = parse(source);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
  } catch {
    return parse === Bun.YAML.parse ? readPlainFields(source) : undefined;
  }
}

/** YAML that breaks its own rules, such as a title with a colon in it, has lines that can be read all the same. */
function readPlainFields(source: string): Fields | undefined {
  const fields = new Map<string, unknown>();
  for (const line of source.split("\n").slice(0, 200)) {
    const match = /^([A-Za-z_][\w-]{0,50}):[ \t]*(\S.*)$/.exec(line.slice(0, maxValueLength));
    const value = match?.[2]?.trim().replace(/^(["'])(.*)\1$/, "$2");
    if (match?.[1] && value && !/^[>|&*{[]/.test(value)) fields.set(match[1].toLowerCase(), value);
  }
  return fields.size > 0 ? fields : undefined;
}

function factsOf(fields: Fields): Facts {
  const taxonomies = fields.get("taxonomies");
  const nested = typeof taxonomies === "object" && taxonomies !== null ? Object.values(taxonomies) : [];
  const found: Facts = {
    title: first(fields, ["title"]),
    description: first(fields, ["description", "summary", "excerpt", "abstract"]),
    language: first(fields, ["lang", "language", "locale"])?.replace("_", "-") ?? null,
    authors: unique(["author", "authors", "by"].flatMap((name) => textsOf(fields.get(name)))),
    publishedAt: firstDate(fields, ["date", "published", "publishdate", "pubdate", "published_at", "created"]),
    modifiedAt: firstDate(fields, ["lastmod", "modified", "updated", "last_modified_at", "last_updated", "updated_at"]),
    canonicalUrl: first(fields, ["canonical", "canonicalurl", "canonical_url"]),
  };
  const tags = unique(
    [...["tags", "keywords", "categories"].map((name) => fields.get(name)), ...nested].flatMap(listOf),
  );
  const licence = first(fields, ["license", "licence"]);
  const metadata: Partial<Document["metadata"]> = { tags, licence };
  return { ...withoutNulls(found), ...(tags.length > 0 || licence ? { metadata } : {}) };
}

function withoutNulls(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  );
}

function first(fields: Fields, names: string[]): string | null {
  for (const name of names) {
    const [text] = textsOf(fields.get(name));
    if (text) return text;
  }
  return null;
}

function firstDate(fields: Fields, names: string[]): string | null {
  for (const name of names) {
    const date = toIsoDate(textOf(fields.get(name)));
    if (date) return date;
  }
  return null;
}

/** A list may be written as words with commas between them. */
function listOf(value: unknown): string[] {
  return typeof value === "string" ? value.slice(0, maxValueLength).split(",").map(collapse) : textsOf(value);
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.slice(0, maxValues).map(textOf);
  return [textOf(value)];
}

function textOf(value: unknown): string {
  if (typeof value === "string") return collapse(value.slice(0, maxValueLength).toWellFormed());
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  // A person, or a date as the parser of TOML makes it.
  if ("name" in value) return typeof value.name === "string" ? textOf(value.name) : "";
  return value.constructor === Object ? "" : textOf(String(value));
}

function unique(texts: string[]): string[] {
  return [...new Set(texts.filter((text) => text !== ""))].slice(0, maxValues);
}
