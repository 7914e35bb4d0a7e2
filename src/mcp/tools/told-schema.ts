import type { TSchema } from "@sinclair/typebox";

/** A schema as it goes over the wire. */
export type ToldSchema = { type: "object"; [key: string]: unknown };

/**
 * A schema as clients are told of it: what has a default need not be given, and what is said twice for our own checks is
 * said once, since models read it with every list of tools.
 */
export function tellSchema(schema: TSchema): ToldSchema {
  return { ...(tell(schema) as object), type: "object" };
}

function tell(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tell);
  if (typeof value !== "object" || value === null) return value;
  const told = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tell(part)]));
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

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
