import { type IntegerOptions, type SchemaOptions, type TSchema, Type } from "@sinclair/typebox";
import { t } from "elysia";
import { parseInstant } from "../clock.ts";
import { CrawlOptions, readCrawlOptions } from "../crawl/options.ts";
import { canonicalizeUrl, maxUrlLength } from "../crawl/url.ts";
import { AppError } from "../errors.ts";
import { toKept } from "../search/path-rules.ts";

export const exampleId = "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10";
export const exampleUrl = "https://docs.example.com/start";
/** Of the text `hello`. */
export const exampleHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

export const Id = (description: string) => Type.String({ format: "uuid", description, examples: [exampleId] });

export const Instant = (description: string) =>
  Type.String({ format: "date-time", description, examples: ["2026-01-31T12:00:00.000Z"] });

export const Nullable = <Schema extends TSchema>(schema: Schema) =>
  Type.Union([schema, Type.Null()], { description: schema.description, examples: schema.examples });

export const OneOf = <const Value extends string>(values: readonly Value[], options: SchemaOptions) =>
  Type.Unsafe<Value>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      options,
    ),
  );

/** A whole number in a query. Its title is its name, since an error about its range does not say where it was. */
export const QueryInteger = (name: string, options: IntegerOptions) => t.Integer({ title: name, ...options });

/** The beginning of a path, to filter by. */
export const PathPrefix = t.String({
  minLength: 1,
  maxLength: maxUrlLength,
  pattern: "^/",
  description: "Only paths that begin so",
  examples: ["/docs/"],
});

/** A number of things by name. */
export const Tally = (description: string, example: Record<string, number>) =>
  Type.Record(Type.String(), Type.Integer(), { description, examples: [example] });

export const byId = (what: string) => t.Object({ id: Id(`The ${what}'s id`) });

export const UrlField = (description: string) =>
  Type.String({ minLength: 1, maxLength: maxUrlLength, description, examples: ["https://docs.example.com/"] });

/**
 * Crawl options as callers send them: each may be left out. The defaults are told but not filled in, since what is kept
 * is what differs from them.
 */
export const OptionsBody = Type.Object(withoutDefaults(CrawlOptions.properties), {
  additionalProperties: false,
  description: "Crawl options; those left out take the website's, then the defaults",
  examples: [{ max_pages: 500, include: ["/docs/**"] }],
});

export function withoutDefaults(properties: Record<string, TSchema>) {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, withoutDefault(schema)]));
}

function withoutDefault(schema: TSchema) {
  const { default: value, ...rest } = schema;
  return Type.Optional({ ...rest, description: `${schema.description ?? ""} (default ${JSON.stringify(value)})` });
}

/**
 * Checks what a schema can't, such as patterns; returns the options as given.
 * @throws AppError `invalid` whose faults point into the body
 */
export function checkOptions(options: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  try {
    if (options) readCrawlOptions(options);
    return options;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const faults = error.faults.map(({ at, message }) => ({ at: `/options${at}`, message }));
    throw new AppError(error.reason, `options/${error.message}`, { faults, cause: error });
  }
}

/** @throws AppError `invalid` naming the field */
export function readUrl(url: string, at: string): string {
  const canonical = canonicalizeUrl(url, undefined, { mode: "keep" });
  if (canonical) return canonical;
  const isLong = URL.canParse(url) && new URL(url).href.length > maxUrlLength;
  throw badField(
    at,
    isLong
      ? `may be ${maxUrlLength} characters long at the most, percent-encoded`
      : "must be an absolute http or https URL without a password, such as https://docs.example.com/",
  );
}

/** As paths are kept: callers give `/café`, or its percent-encoding, which a query's own decoding undoes. */
export function readPathPrefix(prefix: string | undefined): string | undefined {
  return prefix === undefined ? undefined : toKept(prefix);
}

/**
 * An instant that a schema has let through, if it is one.
 * @throws AppError `invalid` naming the field
 */
export function readInstant(text: string, at: string): Date {
  const instant = parseInstant(text);
  if (instant) return instant;
  throw badField(at, `must be an instant such as 2026-01-31T12:00:00Z, not ${JSON.stringify(text)}`);
}

export function badField(at: string, message: string): AppError {
  return new AppError("invalid", `${at} ${message}`, { faults: [{ at, message }] });
}
