import type { LogLevel } from "./log.ts";
import type { Plain } from "./plain.ts";

export type LogEvent = { time: Date; level: LogLevel; event: string; fields: Record<string, Plain> };

/** One JSON object a line: what collectors of logs read. A field can't pass for the event's own time or level. */
export function formatJson({ time, level, event, fields }: LogEvent): string {
  const own = { time: time.toISOString(), level, event };
  return `${JSON.stringify({ ...own, ...fields, ...own })}\n`;
}

const EVENT_WIDTH = 28;
const DIM = "\u001b[2m";
const PLAIN = "\u001b[0m";
const COLOURS: Record<LogLevel, string> = {
  debug: DIM,
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};

/** Lines for people: time of day, level and event in columns, fields after them, stacks below. */
export function createTextFormat(isColoured: boolean): (event: LogEvent) => string {
  const paint = (colour: string, text: string) => (isColoured ? `${colour}${text}${PLAIN}` : text);
  return ({ time, level, event, fields }) => {
    const stacks: string[] = [];
    const shown = Object.entries(fields).map(
      ([name, value]) => `${paint(DIM, `${harmless(name)}=`)}${harmless(describe(value, stacks))}`,
    );
    const head = `${paint(DIM, formatTime(time))} ${paint(COLOURS[level], level.toUpperCase().padEnd(5))}`;
    const said = harmless(event);
    const line = [head, shown.length > 0 ? said.padEnd(EVENT_WIDTH) : said, ...shown].join(" ");
    const below = stacks.map((stack) => paint(DIM, harmless(stack).replaceAll(/^\s*/gm, "    ")));
    return `${[line, ...below].join("\n")}\n`;
  };
}

/** Local, since it is read by who sits there. */
function formatTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const milliseconds = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}

function describe(value: Plain, stacks: string[]): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (value === null || typeof value !== "object") return String(value);
  if (!isError(value)) return JSON.stringify(value);
  const { stack, cause, message, code, name } = value;
  if (typeof stack === "string") stacks.push(stack);
  const because = cause === undefined || cause === null ? "" : ` because ${describe(cause, stacks)}`;
  return `${JSON.stringify(message)} (${String(code ?? name)})${because}`;
}

function isError(value: Plain): value is { [name: string]: Plain } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && "message" in value && "name" in value;
}

/** What is logged may come from strangers, and must not steer the terminal. */
function harmless(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, "\ufffd");
}
