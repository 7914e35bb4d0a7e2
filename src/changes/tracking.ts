import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { findSelectorFault } from "../content/selectors.ts";
import { AppError, type Fault } from "../errors.ts";
import { compilePattern, matches, type Pattern } from "../patterns/pattern.ts";
import { compileTextPattern, hasText, stepsPerCharacter, type TextPattern } from "../patterns/text-pattern.ts";
import type { Diff } from "./diff/diff.ts";
import { MAX_STEPS, removeNoise } from "./noise.ts";

const MAX_RULES = 50;
const MAX_TEXTS = 100;
/** In all rules together: each text is looked for in each line, and an expression takes milliseconds to compile. */
const MAX_TEXTS_IN_ALL = 1_000;
const MAX_EXPRESSIONS = 100;

const Texts = (description: string, example: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
    maxItems: MAX_TEXTS,
    default: [],
    description,
    examples: [[example]],
  });

const Switch = (description: string) => Type.Boolean({ default: false, description });

export const TrackingRule = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: "Pages that it is for, all unless given: a glob, or a regular expression after re:",
        examples: ["/products/**"],
      }),
    ),
    include_selectors: Texts("CSS selectors: what they match is compared, and nothing else", "#price"),
    remove_selectors: Texts("CSS selectors of what is not compared", ".cookie-banner"),
    ignore_text: Texts(
      "Lines that have one of these are not compared, in whatever case; of a regular expression after re: only what it matches, and the line when nothing else is in it",
      "people are reading this",
    ),
    ignore_numbers: Switch("All numbers are the same"),
    ignore_dates: Switch("All dates and times are the same, also such as `3 hours ago`"),
    sort_lines: Switch("The order of paragraphs, list items, table rows and sections is no change"),
    unique_lines: Switch("What is there a second time is not compared"),
    trigger_text: Texts(
      "A change is told only when what was added or changed has one of these, as it now reads; what was removed is not looked at",
      "in stock",
    ),
    min_share: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: "Share of the text that must have changed for it to be told; smaller changes add up",
      examples: [0.05],
    }),
  },
  { additionalProperties: false },
);
export type TrackingRule = Static<typeof TrackingRule>;

/** How a website's changes are tracked. Every option has a default; a website keeps those that differ. */
export const TrackingOptions = Type.Object(
  {
    rules: Type.Array(TrackingRule, {
      maxItems: MAX_RULES,
      default: [],
      description: "What counts as a change; all those for a page apply together",
    }),
    removed_after_visits: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 100,
      description: "Visits in a row that must find a page missing before it counts as removed",
    }),
    removed_after_s: Type.Integer({
      default: 86_400,
      minimum: 0,
      maximum: 31_536_000,
      description: "Seconds that a page must be missing before it counts as removed",
    }),
    unlinked_is_removed: Type.Boolean({
      default: true,
      description: "A page that nothing leads to any more counts as missing",
    }),
    keep_versions: Type.Object(
      {
        max_count: Type.Integer({
          default: 0,
          minimum: 0,
          maximum: 1_000_000,
          description: "Versions of a page to keep; 0 for all",
        }),
        max_age_days: Type.Integer({
          default: 0,
          minimum: 0,
          maximum: 36_500,
          description: "Days to keep a version; 0 for ever",
        }),
        first_of_month: Type.Boolean({ default: true, description: "Each month's first version is kept in any case" }),
      },
      {
        additionalProperties: false,
        default: { max_count: 0, max_age_days: 0, first_of_month: true },
        description: "Versions that are kept; the latest always is",
      },
    ),
  },
  { additionalProperties: false },
);
export type Tracking = Static<typeof TrackingOptions>;

/** All rules for one page, as one. */
export type NoiseRules = {
  readonly includeSelectors: readonly string[];
  readonly removeSelectors: readonly string[];
  readonly ignoreText: readonly TextPattern[];
  readonly ignoreNumbers: boolean;
  readonly ignoreDates: boolean;
  readonly sortLines: boolean;
  readonly uniqueLines: boolean;
  readonly triggerText: readonly TextPattern[];
  readonly minShare: number;
};

/**
 * Fills in defaults, the later of given sets over the earlier.
 * @throws AppError `invalid` with the place of each fault, such as `/rules/0/ignore_text/2`
 */
export function readTracking(...given: Record<string, unknown>[]): Tracking {
  // Defaults are written into what they are given.
  const tracking = Value.Default(TrackingOptions, structuredClone(Object.assign({}, ...given)));
  const faults: Fault[] = [...Value.Errors(TrackingOptions, tracking)].map(({ path, message }) => ({
    at: path,
    message,
  }));
  if (faults.length === 0) faults.push(...findFaults(tracking as Tracking));
  const [first] = faults;
  if (first) throw new AppError("invalid", `${first.at.slice(1)}: ${first.message}`, { faults });
  return tracking as Tracking;
}

/** What holds for one page. Compiled once a `tracking` value. */
export function rulesFor(tracking: Tracking, url: string): NoiseRules {
  if (tracking.rules.length === 0) return noRules;
  const { rules, merged } = compiledOf(tracking);
  const isFor = rules.map(({ path }) => path === undefined || matches(path, url));
  const key = isFor.map(Number).join("");
  const known = merged.get(key);
  if (known) return known;
  const made = mergeRules(rules.filter((_, index) => isFor[index]).map(({ rule }) => rule));
  if (merged.size >= MAX_REMEMBERED) merged.clear();
  merged.set(key, made);
  return made;
}

/** Whether the text to compare must be read from the page's body anew. */
export const hasSelectors = ({ includeSelectors, removeSelectors }: NoiseRules) =>
  includeSelectors.length > 0 || removeSelectors.length > 0;

/** The text that is compared: Markdown of the same structure, without noise. */
export const withoutNoise = (markdown: string, rules: NoiseRules): string => removeNoise(markdown, rules);

/**
 * Whether a change is large enough and has what is looked for, in what was added or in what a changed block now says.
 * When looking would take too long, the change is told.
 */
export function isWorthTelling(diff: Diff, { minShare, triggerText }: NoiseRules): boolean {
  if (diff.summary.share < minShare) return false;
  if (triggerText.length === 0) return true;
  const texts = diff.changes.flatMap((change) =>
    change.kind === "added" || change.kind === "changed" ? [change.after.text] : [],
  );
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const steps = triggerText.reduce((sum, pattern) => sum + stepsPerCharacter(pattern) * characters, 0);
  return steps > MAX_STEPS || texts.some((text) => triggerText.some((pattern) => hasText(pattern, text)));
}

/** Combinations of rules that are kept compiled. */
const MAX_REMEMBERED = 256;

type Compiled = {
  rules: { path: Pattern | undefined; rule: TrackingRule }[];
  merged: Map<string, NoiseRules>;
};

const compiled = new WeakMap<Tracking, Compiled>();

function compiledOf(tracking: Tracking): Compiled {
  const known = compiled.get(tracking);
  if (known) return known;
  const rules = tracking.rules.map((rule) => ({
    path: rule.path === undefined ? undefined : compilePattern(rule.path),
    rule,
  }));
  const made = { rules, merged: new Map<string, NoiseRules>() };
  compiled.set(tracking, made);
  return made;
}

function mergeRules(rules: readonly TrackingRule[]): NoiseRules {
  const textsOf = (name: "ignore_text" | "trigger_text") =>
    rules.flatMap((rule) => rule[name].map((text) => compileTextPattern(text)));
  return {
    includeSelectors: rules.flatMap((rule) => rule.include_selectors),
    removeSelectors: rules.flatMap((rule) => rule.remove_selectors),
    ignoreText: textsOf("ignore_text"),
    ignoreNumbers: rules.some((rule) => rule.ignore_numbers),
    ignoreDates: rules.some((rule) => rule.ignore_dates),
    sortLines: rules.some((rule) => rule.sort_lines),
    uniqueLines: rules.some((rule) => rule.unique_lines),
    triggerText: textsOf("trigger_text"),
    minShare: Math.max(0, ...rules.map((rule) => rule.min_share)),
  };
}

const noRules = mergeRules([]);

function findFaults({ rules }: Tracking): Fault[] {
  const texts = rules.flatMap((rule) => [...rule.ignore_text, ...rule.trigger_text]);
  const expressions = texts.filter((text) => text.startsWith("re:"));
  const most = (count: number, what: string) => [{ at: "/rules", message: `may have ${count} ${what} in all` }];
  if (texts.length > MAX_TEXTS_IN_ALL) return most(MAX_TEXTS_IN_ALL, "texts");
  if (expressions.length > MAX_EXPRESSIONS) return most(MAX_EXPRESSIONS, "regular expressions");
  return rules.flatMap((rule, index) => {
    const faultsIn = (name: string, values: readonly string[], check: (value: string) => string | undefined) =>
      values.flatMap((value, place): Fault[] => {
        const message = check(value);
        return message === undefined ? [] : [{ at: `/rules/${index}/${name}/${place}`, message }];
      });
    const path = rule.path === undefined ? undefined : faultOf(() => compilePattern(rule.path ?? ""));
    return [
      ...(path === undefined ? [] : [{ at: `/rules/${index}/path`, message: path }]),
      ...faultsIn("include_selectors", rule.include_selectors, findSelectorFault),
      ...faultsIn("remove_selectors", rule.remove_selectors, findSelectorFault),
      ...faultsIn("ignore_text", rule.ignore_text, (text) => faultOf(() => compileTextPattern(text))),
      ...faultsIn("trigger_text", rule.trigger_text, (text) => faultOf(() => compileTextPattern(text))),
    ];
  });
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
