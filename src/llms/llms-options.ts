import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError, type Fault } from "../errors.ts";
import { compilePattern, matches, type Pattern } from "../patterns/pattern.ts";

const MAX_PATTERNS = 100;
const MAX_SECTIONS = 50;
const MAX_DESCRIPTIONS = 1_000;

const PAGE_ORDERS = ["navigation", "path", "title", "newest"] as const;
export type PageOrder = (typeof PAGE_ORDERS)[number];

const Paths = (description: string, example: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
    maxItems: MAX_PATTERNS,
    default: [],
    description: `${description}: globs, or regular expressions after re:`,
    examples: [[example]],
  });

const Order = (extra: { default?: PageOrder; description: string }) =>
  Type.Unsafe<PageOrder>(
    Type.Union(
      PAGE_ORDERS.map((order) => Type.Literal(order)),
      { ...extra, examples: ["path"] },
    ),
  );

const OrNull = <Schema extends TSchema>(schema: Schema) =>
  Type.Union([schema, Type.Null()], { default: null, description: schema.description, examples: schema.examples });

const LlmsSection = Type.Object(
  {
    title: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: "\\S",
      description: "Its heading",
      examples: ["Guides"],
    }),
    paths: Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
      minItems: 1,
      maxItems: MAX_PATTERNS,
      description: "Pages that are in it, unless a section before has them: globs, or regular expressions after re:",
      examples: [["/guides/**"]],
    }),
    order: Type.Optional(Order({ description: "The order of its pages, that of the website's unless given" })),
  },
  { additionalProperties: false },
);

/** How a website's `llms.txt` is made. Every option has a default; a website keeps those that differ. */
export const LlmsOptions = Type.Object(
  {
    title: OrNull(
      Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: "\\S",
        description: "The heading; null for what the start page calls the website",
        examples: ["Example documentation"],
      }),
    ),
    summary: OrNull(
      Type.String({
        minLength: 1,
        maxLength: 2_000,
        pattern: "\\S",
        description: "What stands below it; null for what the start page says of itself",
        examples: ["How to install, use and extend Example."],
      }),
    ),
    include: Paths("Pages to list, all unless given", "/docs/**"),
    exclude: Paths("Pages not to list", "/internal/**"),
    sections: Type.Array(LlmsSection, {
      maxItems: MAX_SECTIONS,
      default: [],
      description: "Sections in their order; pages that none of them has are in sections made by path, after them",
      examples: [[{ title: "Guides", paths: ["/guides/**"] }]],
    }),
    optional: Paths(
      "Pages that may be left out where there is little room, besides those that are told by rule",
      "/news/**",
    ),
    order: Order({
      default: "navigation",
      description:
        "The order of pages: `navigation` as the website's own pages link to them, `path`, `title`, or `newest` for the last changed first",
    }),
    descriptions: Type.Record(Type.String(), Type.String({ maxLength: 1_000 }), {
      default: {},
      description:
        "What is said of pages in place of their own words, by path or URL; nothing is said for an empty text",
      examples: [{ "/start": "Begin here." }],
    }),
    max_links: Type.Integer({
      default: 500,
      minimum: 1,
      maximum: 20_000,
      description: "Links at the most",
      examples: [500],
    }),
    max_bytes: Type.Integer({
      default: 100_000,
      minimum: 2_000,
      maximum: 5_000_000,
      description: "Bytes of llms.txt at the most",
      examples: [100_000],
    }),
    full: Type.Object(
      {
        include: Paths("Pages whose text is in it, all that are listed or could be unless given", "/docs/**"),
        exclude: Paths("Pages whose text is not in it", "/api/**"),
        max_bytes: Type.Integer({
          default: 10_000_000,
          minimum: 10_000,
          maximum: 100_000_000,
          description: "Bytes of a part, about; what is longer is given in several",
          examples: [10_000_000],
        }),
      },
      {
        additionalProperties: false,
        default: { include: [], exclude: [], max_bytes: 10_000_000 },
        description: "The full text",
      },
    ),
  },
  { additionalProperties: false },
);
export type LlmsOptions = Static<typeof LlmsOptions>;

/**
 * Fills in defaults.
 * @throws AppError `invalid` with the place of each fault, such as `/sections/0/paths/2`
 */
export function readLlmsOptions(given: Record<string, unknown> = {}): LlmsOptions {
  // Defaults are written into what they are given.
  const options = Value.Default(LlmsOptions, structuredClone(given));
  const faults: Fault[] = [...Value.Errors(LlmsOptions, options)].map(({ path, message }) => ({ at: path, message }));
  if (faults.length === 0) faults.push(...findFaults(options as LlmsOptions));
  const [first] = faults;
  if (first) throw new AppError("invalid", `${first.at.slice(1)}: ${first.message}`, { faults });
  return options as LlmsOptions;
}

/** What a website keeps: later versions may have other defaults. */
export function toDifferences(options: LlmsOptions): Record<string, unknown> {
  const byDefault = readLlmsOptions();
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => !Bun.deepEquals(value, byDefault[name as keyof LlmsOptions])),
  );
}

/** Whether a URL is one of those that patterns mean; compiled once. */
export type Choice = (url: string) => boolean;

export function choiceOf(patterns: readonly string[]): Choice {
  const compiled: Pattern[] = patterns.map((pattern) => compilePattern(pattern));
  return (url) => compiled.some((pattern) => matches(pattern, url));
}

/** What is included, all where nothing is named, without what is excluded. */
export function filterOf({ include, exclude }: { include: readonly string[]; exclude: readonly string[] }): Choice {
  const [isIncluded, isExcluded] = [choiceOf(include), choiceOf(exclude)];
  return (url) => (include.length === 0 || isIncluded(url)) && !isExcluded(url);
}

function findFaults({ include, exclude, sections, optional, descriptions, full }: LlmsOptions): Fault[] {
  const lists: [string, readonly string[]][] = [
    ["/include", include],
    ["/exclude", exclude],
    ["/optional", optional],
    ["/full/include", full.include],
    ["/full/exclude", full.exclude],
    ...sections.map(({ paths }, index): [string, readonly string[]] => [`/sections/${index}/paths`, paths]),
  ];
  // Each is held against each page.
  if (lists.reduce((count, [, patterns]) => count + patterns.length, 0) > MAX_PATTERNS)
    return [{ at: "", message: `there may be ${MAX_PATTERNS} patterns in all` }];
  const places = Object.keys(descriptions);
  if (places.length > MAX_DESCRIPTIONS) return [{ at: "/descriptions", message: `may have ${MAX_DESCRIPTIONS} texts` }];
  const misplaced = places
    .filter((place) => !/^(?:\/|https?:\/\/)/.test(place))
    .map((place) => ({
      at: `/descriptions/${place.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      message: "must be named by a path that begins with a slash, or by a URL",
    }));
  return [
    ...misplaced,
    ...lists.flatMap(([at, patterns]) => patterns.flatMap((pattern, index) => faultIn(pattern, `${at}/${index}`))),
  ];
}

function faultIn(pattern: string, at: string): Fault[] {
  try {
    compilePattern(pattern);
    return [];
  } catch (error) {
    if (error instanceof AppError) return [{ at, message: error.message }];
    throw error;
  }
}
