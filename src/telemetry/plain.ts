import { HIDDEN, type Redactor } from "./redaction.ts";

export type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain };

/** Bounds of one event: whatever is handed to the log, its line stays one that can be read and shipped. */
const MAX_TEXT = 4_000;
const MAX_STACK = 8_000;
const MAX_DEPTH = 6;
const MAX_PARTS = 300;

/** Anything as what JSON can hold: without secrets, without cycles, of bounded size. Never throws. */
export function toPlain(value: unknown, redactor: Redactor): Plain {
  return new Reading(redactor).read(value, 0);
}

class Reading {
  private readonly redactor: Redactor;
  private readonly above = new Set<object>();
  private parts = 0;

  constructor(redactor: Redactor) {
    this.redactor = redactor;
  }

  read(value: unknown, depth: number): Plain {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (typeof value === "boolean" || value === null) return value;
    if (typeof value === "object") return this.object(value, depth);
    if (typeof value === "function") return `[function ${value.name}]`;
    return String(value);
  }

  private text(text: string, max = MAX_TEXT): string {
    // Cut only after it is redacted, lest half a secret is no longer known as one; what is far too long, a bit before.
    const shown = this.redactor.text(text.length > 4 * max ? text.slice(0, 4 * max) : text);
    return shown.length > max ? `${shown.slice(0, max)}… [${text.length} characters]` : shown;
  }

  private object(value: object, depth: number): Plain {
    if (this.above.has(value)) return "[circular]";
    if (depth >= MAX_DEPTH) return "[nested deeper]";
    this.above.add(value);
    try {
      return this.contents(value, depth + 1);
    } catch {
      // A getter or a proxy that throws must not take the event with it.
      return "[unreadable]";
    } finally {
      this.above.delete(value);
    }
  }

  private contents(value: object, depth: number): Plain {
    if (value instanceof Error) return this.error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
    if (value instanceof URL || value instanceof RegExp) return this.text(String(value));
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams)
      return this.fields(value.entries(), depth);
    if (Array.isArray(value) || value instanceof Set) return this.list(value, depth);
    return this.fields(Object.entries(value), depth);
  }

  private list(values: Iterable<unknown>, depth: number): Plain {
    const list: Plain[] = [];
    for (const value of values) {
      if (this.isFull()) return [...list, "[more]"];
      list.push(this.read(value, depth));
    }
    return list;
  }

  private fields(entries: Iterable<[unknown, unknown]>, depth: number): Plain {
    const fields: { [name: string]: Plain } = {};
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      const name = this.text(String(key), 200);
      if (this.isFull()) {
        fields["…"] = "[more]";
        break;
      }
      fields[name] = this.redactor.hides(String(key)) && isTelling(value) ? HIDDEN : this.read(value, depth);
    }
    return fields;
  }

  /** Its code and cause besides what every error has; other fields, such as a statement's parameters, are not shown. */
  private error(error: Error, depth: number): Plain {
    const { name, cause } = error;
    const { code } = error as { code?: unknown };
    const { message, stack } = wordsOf(error);
    return {
      name: this.text(String(name), 200),
      message: this.text(message),
      ...(typeof code === "string" || typeof code === "number" ? { code: this.read(code, depth) } : {}),
      ...(stack === undefined ? {} : { stack: this.text(stack, MAX_STACK) }),
      ...(cause === undefined ? {} : { cause: this.read(cause, depth) }),
      ...(error instanceof AggregateError ? { errors: this.list(error.errors, depth) } : {}),
    };
  }

  private isFull(): boolean {
    return ++this.parts > MAX_PARTS;
  }
}

/**
 * An error's message and stack, without the values of a statement: drizzle puts all of them, whole pages among them, into
 * the message.
 */
export function wordsOf(error: Error): { message: string; stack: string | undefined } {
  const [message, stack] = [String(error.message), error.stack === undefined ? undefined : String(error.stack)];
  const at = "params" in error ? message.indexOf("\nparams: ") : -1;
  if (at === -1) return { message, stack };
  return { message: message.slice(0, at), stack: stack?.replace(message, () => message.slice(0, at)) };
}

/** That there is none, or whether there is one, may be known. */
function isTelling(value: unknown): boolean {
  return value !== null && typeof value !== "boolean" && value !== "";
}
