import type { TSchema } from "@sinclair/typebox";

/** A schema as it goes over the wire. */
export type ToldSchema = { type: "object"; [key: string]: unknown };

/** Bounds that nobody comes near to; whoever does is told so. */
const UNTOLD = new Set(["minLength", "maxLength", "minItems", "maxItems", "minimum"]);
const LARGE = 1_000_000;
/**
 * What a tool takes, as clients are told of it. Models read it with every list of tools: what has a default need not be
 * given, and what is only for our own checks is left out.
 */
export function tellInput(schema: TSchema): ToldSchema {
  return { ...(tell(schema) as object), type: "object" };
}

/** What a tool answers: names and types of its fields, and of those of what it lists. What they mean stands beside them in each answer, or follows from their names. */
export function tellOutput(schema: TSchema): ToldSchema {
  return { type: "object", properties: outlineOf(schema) };
}

function tell(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tell);
  if (!isObject(value)) return value;
  // Under `properties` these would be names.
  const isSchema = typeof value.type === "string";
  const isUntold = ([name, bound]: [string, unknown]) =>
    UNTOLD.has(name) || (name === "maximum" && Number(bound) > LARGE);
  const kept = Object.entries(value).filter((each) => !isSchema || !isUntold(each));
  const told = Object.fromEntries(kept.map(([name, part]) => [name, tell(part)]));
  if (Array.isArray(told.enum)) delete told.pattern;
  if (!isObject(told.properties) || !Array.isArray(told.required)) return told;
  const properties = told.properties;
  const required = told.required.filter(
    (name: string) => !isObject(properties[name]) || !("default" in properties[name]),
  );
  if (required.length > 0) return { ...told, required };
  const { required: _, ...rest } = told;
  return rest;
}

function outlineOf({ properties }: TSchema): Record<string, unknown> {
  const fields = Object.entries((properties ?? {}) as Record<string, TSchema>);
  return Object.fromEntries(fields.map(([name, field]) => [name, tellField(field)]));
}

function tellField({ type, items, anyOf }: TSchema): Record<string, unknown> {
  if (Array.isArray(anyOf)) return { type: anyOf.map((each: TSchema) => each.type) };
  if (!isObject(items)) return { type };
  const listed = items as TSchema;
  return {
    type,
    items: isObject(listed.properties) ? { type: "object", properties: outlineOf(listed) } : tellField(listed),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
