import type { TSchema } from "@sinclair/typebox";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { TransformDecodeError } from "@sinclair/typebox/value";
import type { ValidationError } from "elysia";
import type { Fault } from "../errors.ts";

// Elysia knows by this name that a number of a query or path is out of its bounds. The executable's classes have others,
// and there it would take such a number for a good one.
Object.defineProperty(TransformDecodeError, "name", { value: "TransformDecodeError" });

/** What is wrong in a request, each place once, in words that say what would be right. */
export function describeFaults(error: ValidationError): Fault[] {
  const faults = new Map<string, Fault>();
  for (const found of error.all as ValueError[]) {
    const at = locate(error.type, found);
    if (!faults.has(at)) faults.set(at, { at, message: describe(found) });
  }
  return [...faults.values()];
}

function locate(type: string, { path, schema }: ValueError): string {
  if (type === "body") return path;
  return type === "property" ? String(schema.title) : path.slice(1);
}

function describe({ type, schema, value }: ValueError): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return "is missing";
  if (type === ValueErrorType.ObjectAdditionalProperties) return "is not known";
  if (type === ValueErrorType.ArrayMaxItems) return `may have ${schema.maxItems} items at the most`;
  if (type === ValueErrorType.StringMaxLength) return `may be ${schema.maxLength} characters long at the most`;
  if (type === ValueErrorType.StringMinLength && schema.minLength === 1) return "may not be empty";
  const hasValue = typeof value === "string" || typeof value === "number";
  return `must be ${describeAllowed(schema)}${hasValue ? `, not ${shorten(JSON.stringify(value))}` : ""}`;
}

function describeAllowed(schema: TSchema): string {
  if (schema.anyOf) return describeChoice(schema.anyOf);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.format === "uuid") return "a UUID";
  if (schema.format === "date-time") return "an instant such as 2026-01-31T12:00:00Z";
  if (schema.type === "integer" || schema.type === "number") return describeNumber(schema);
  if (schema.type === "object") {
    return schema.minProperties ? `an object with at least ${schema.minProperties} of its fields` : "an object";
  }
  if (schema.type === "array") return schema.minItems ? `a list of at least ${schema.minItems}` : "a list";
  if (schema.type === "boolean") return "true or false";
  const example = schema.examples?.[0];
  if (example === undefined) return schema.pattern ? `a text that matches ${schema.pattern}` : "a text";
  return `a text such as ${JSON.stringify(example)}`;
}

function describeChoice(choices: TSchema[]): string {
  const [first] = choices;
  // Elysia reads numbers out of a query by a union of a text and a number.
  const number = choices.find(({ type }) => type === "integer" || type === "number");
  if (number) return describeNumber(number);
  if (first?.const === undefined) return choices.map(describeAllowed).join(" or ");
  return `one of ${choices.map((choice) => choice.const).join(", ")}`;
}

function describeNumber({ type, minimum, maximum }: TSchema): string {
  const kind = type === "number" ? "a number" : "a whole number";
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  return minimum === undefined ? kind : `${kind} of at least ${minimum}`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
