import type { Clock } from "../clock.ts";
import { formatJson, type LogEvent } from "./log-format.ts";
import { type Plain, toPlain } from "./plain.ts";
import { createRedactor, type Redactor } from "./redaction.ts";
import { currentLogFields, currentScope } from "./scope.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Record<string, unknown>;

/** One event a line, past tense, ids as fields. What is done for a request or a crawl carries their ids by itself. */
export type Log = { [Level in LogLevel]: (event: string, fields?: LogFields) => void } & {
  /** The least level that is written; may be set while the program runs. */
  level: LogLevel;
};

export type LogOptions = {
  /** How an event is written; one JSON object a line when absent. */
  format?: (event: LogEvent) => string;
  /** What must not be told. */
  redactor?: Redactor;
};

/** Writes events of `level` and above as lines; `write` gets each with its line feed. */
export function createLog(
  level: LogLevel,
  clock: Clock,
  write: (line: string) => void,
  { format = formatJson, redactor = createRedactor() }: LogOptions = {},
): Log {
  const logger =
    (at: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(at) < LOG_LEVELS.indexOf(log.level)) return;
      const span = currentScope()?.span;
      const ids = span && { trace_id: span.traceId, span_id: span.spanId };
      const shown = toPlain({ ...currentLogFields(), ...fields, ...ids }, redactor) as Record<string, Plain>;
      write(format({ time: clock.now(), level: at, event: redactor.text(event), fields: shown }));
    };
  const log: Log = {
    level,
    debug: logger("debug"),
    info: logger("info"),
    warn: logger("warn"),
    error: logger("error"),
  };
  return log;
}
