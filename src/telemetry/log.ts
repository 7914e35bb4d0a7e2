import type { Clock } from "../clock.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Record<string, unknown>;

/** One JSON object an event, past tense, ids as fields. */
export type Log = { [Level in LogLevel]: (event: string, fields?: LogFields) => void };

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const SECRET_NAME = /password|secret|token|authorization|cookie|api_?key/i;

/** Writes events of `level` and above as lines; `write` gets each with its line feed. */
export function createLog(level: LogLevel, clock: Clock, write: (line: string) => void): Log {
  const least = LEVELS.indexOf(level);
  const logger =
    (at: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(at) < least) return;
      const line = { time: clock.now().toISOString(), level: at, event, ...fields };
      write(`${JSON.stringify(line, redact)}\n`);
    };
  return { debug: logger("debug"), info: logger("info"), warn: logger("warn"), error: logger("error") };
}

function redact(this: unknown, name: string, value: unknown): unknown {
  if (SECRET_NAME.test(name)) return "[redacted]";
  if (value instanceof Error) return describeError(value);
  if (typeof value === "string") return value.replace(/(\w:\/\/)[^/\s@]+@/g, "$1[redacted]@");
  return typeof value === "bigint" ? String(value) : value;
}

function describeError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause instanceof Error ? { cause: describeError(cause) } : {}) };
}
