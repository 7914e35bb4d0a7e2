import { Context, Liquid, LiquidError, type Template } from "liquidjs";

/** Text that is written as it stands where values are escaped; only this program makes it. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** What a template writes, and what values become in it, so that page text can't be taken for its own markup. */
export type Language = { escapeText(text: string): string; isJson?: boolean };

/** Where a template is wrong and how; lines and columns count from 1. */
export class TemplateFault extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.name = "TemplateFault";
    this.line = line;
    this.column = column;
  }
}

export type CompiledTemplate = {
  /** Variables that it names anywhere, with the names that follow each: `["website", "name"]`. */
  findGlobals(): { segments: string[]; line: number; column: number }[];
  /** @throws TemplateFault when it takes too long or writes too much; `isStrict`: also for a variable that is not there */
  render(variables: Record<string, unknown>, options: { isStrict: boolean }): string;
};

/** A template is held in memory with each rendering, and read by people. */
const MAX_TEMPLATE_LENGTH = 20_000;
const MAX_OUTPUT_LENGTH = 200_000;
/**
 * It runs in the thread that answers requests. What it does is counted rather than timed, so that it is the same on a
 * busy machine: pieces of the template that are written, and characters and members that filters and ranges make.
 */
const MAX_STEPS = 20_000;
const MAX_ALLOCATIONS = 500_000;
const TOO_MUCH = "render limit exceeded";

/** None that reads files, or writes a value past the escaping as `echo` and `cycle` do. */
const TAGS = ["assign", "break", "capture", "case", "comment", "continue", "for", "if", "raw", "unless", "#"];

/** None by which output differs by chance or clock, runs expressions, or takes longer than its input is long. */
const FILTERS = (
  "abs append at_least at_most capitalize ceil compact concat date default divided_by downcase escape first floor " +
  "join json last lstrip map minus modulo newline_to_br plus prepend remove remove_first replace replace_first reverse " +
  "round rstrip size slice split strip strip_newlines times truncate truncatewords uniq upcase url_encode where"
).split(" ");

/**
 * Reads a Liquid template. To be imported lazily: most channels have none.
 * @throws TemplateFault
 */
export function compileTemplate(source: string, language: Language): CompiledTemplate {
  const fault = `is longer than ${MAX_TEMPLATE_LENGTH} characters`;
  if (source.length > MAX_TEMPLATE_LENGTH) throw new TemplateFault(fault, 1, 1);
  const spent = { steps: 0, characters: 0 };
  const engine = createEngine(language, spent);
  const templates = withFaults(() => engine.parse(source));
  return {
    findGlobals: () => findGlobals(engine, templates),
    render: (variables, options) => {
      Object.assign(spent, { steps: 0, characters: 0 });
      return render(engine, templates, variables, { ...options, spent });
    },
  };
}

type Spent = { steps: number; characters: number };

function createEngine({ escapeText, isJson = false }: Language, spent: Spent): Liquid {
  /** Of values that are written, which the engine does not count. */
  const count = (text: string): string => {
    spent.characters += text.length;
    if (spent.characters > MAX_ALLOCATIONS) throw new Error(TOO_MUCH);
    return text;
  };
  const engine = new Liquid({
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    memoryLimit: MAX_ALLOCATIONS,
    timezoneOffset: 0,
    // There are no files to include, whatever a template names.
    templates: {},
    outputEscape: (value: unknown) => {
      if (value instanceof Markup) return value.source;
      return count(isJson && typeof value !== "string" ? JSON.stringify(value ?? null) : escapeText(toText(value)));
    },
  });
  for (const name of Object.keys(engine.tags)) if (!TAGS.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!FILTERS.includes(name)) delete engine.filters[name];
  engine.registerFilter("json", (value: unknown) => {
    const json = count(JSON.stringify(value ?? null));
    return isJson ? new Markup(json) : json;
  });
  return engine;
}

function render(
  engine: Liquid,
  templates: Template[],
  variables: Record<string, unknown>,
  { isStrict, spent }: { isStrict: boolean; spent: Spent },
): string {
  const options = { sync: true, strictVariables: isStrict };
  const context = new Context(variables, engine.options, options, { liquid: engine });
  // The engine asks before each piece, with the time, which is not what counts here.
  context.renderLimit.check = () => {
    if (++spent.steps > MAX_STEPS) throw new Error(TOO_MUCH);
  };
  const output: string = withFaults(() => engine.renderSync(templates, context));
  if (output.length <= MAX_OUTPUT_LENGTH) return output;
  throw new TemplateFault(`writes ${output.length} characters; ${MAX_OUTPUT_LENGTH} are allowed`, 1, 1);
}

function findGlobals(engine: Liquid, templates: Template[]): ReturnType<CompiledTemplate["findGlobals"]> {
  const { globals } = withFaults(() => engine.analyzeSync(templates, { partials: false }));
  return Object.values(globals).flatMap((uses) =>
    uses.map(({ segments, location }) => ({
      segments: segments.filter((segment) => typeof segment === "string"),
      line: location.row,
      column: location.col,
    })),
  );
}

function withFaults<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (LiquidError.is(error)) {
      const [line = 1, column = 1] = error.token.getPosition();
      throw new TemplateFault(describe(error.message), line, column);
    }
    // Nothing but the template runs in here: strings beyond what the runtime can hold, nesting beyond its stack.
    throw new TemplateFault(error instanceof Error ? error.message : String(error), 1, 1);
  }
}

/** Without the place, which is told by itself, and in words of this program where the engine's are its own. */
function describe(message: string): string {
  const plain = message.replace(/, (?:file:.*, )?line:\d+, col:\d+$/, "");
  if (plain === TOO_MUCH) return "does or writes too much: fewer loops within loops are needed";
  if (plain === "memory alloc limit exceeded") return "makes texts or lists that are too long";
  return plain;
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toText).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
