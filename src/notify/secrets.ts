import { createRedactor, HIDDEN } from "../telemetry/redaction.ts";

const { hides } = createRedactor();

/**
 * A value of JSON without certain texts, wherever they stand, and without what has the name of a secret among headers.
 * Nothing else is touched: what a page says of passwords is no secret.
 */
export function hideSecrets<Value>(value: Value, secrets: readonly string[]): Value {
  // The longest first, so that of one within another nothing is left over.
  const texts = secrets.filter((secret) => secret !== "").toSorted((a, b) => b.length - a.length);
  return hideIn(value, texts) as Value;
}

function hideIn(value: unknown, texts: readonly string[], isHeaders = false): unknown {
  if (typeof value === "string") return texts.reduce((shown, text) => shown.replaceAll(text, HIDDEN), value);
  if (Array.isArray(value)) return value.map((each) => hideIn(each, texts));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isHeaders && hides(name) ? HIDDEN : hideIn(each, texts, name === "headers"),
    ]),
  );
}
