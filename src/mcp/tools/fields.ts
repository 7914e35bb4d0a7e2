import { type SchemaOptions, type TSchema, Type } from "@sinclair/typebox";
import { DEFAULT_TOKENS, LEAST_TOKENS, MOST_TOKENS } from "../budget.ts";

/** Schemas are read by models with every list of tools, so they are short; formats are left to what reads the text. */
export const Text = (description: string, maxLength = 1_000) => Type.String({ minLength: 1, maxLength, description });

/** As JSON Schema has it for strings, which takes less room than a union of literals. */
export const OneOf = <const Value extends string>(values: readonly Value[], options: SchemaOptions = {}) =>
  Type.Unsafe<Value>(Type.String({ ...options, enum: [...values], pattern: `^(?:${values.join("|")})$` }));

export const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

export const WebsiteReference = (description = "Registered website") =>
  Text(`${description}: id, URL, host or name`, 2_048);

export const PageReference = (description = "Stored page: its id or URL") => Text(description, 2_048);

/** About how long an answer may be. */
export const MaxTokens = (byDefault = DEFAULT_TOKENS) =>
  Type.Integer({ default: byDefault, minimum: LEAST_TOKENS, maximum: MOST_TOKENS });

export const Limit = (byDefault: number, most: number) =>
  Type.Integer({ default: byDefault, minimum: 1, maximum: most });

export const Cursor = Type.Optional(Text("next_cursor of the answer before", 2_000));

export const Offset = Type.Integer({
  default: 0,
  minimum: 0,
  maximum: 100_000_000,
  description: "next_offset of the answer before",
});

export const Moment = (description: string) => Type.Optional(Text(`${description}: day or instant, ISO 8601`, 40));

/** What stands in answers. */
export const Id = (description?: string) => Type.String(description ? { description } : {});
export const Instant = (description?: string) =>
  Type.String({ description: description ? `${description}, ISO 8601` : "ISO 8601" });
export const NextCursor = Nullable(Type.String({ description: "There is more: give it as cursor" }));
export const NextOffset = Nullable(Type.Integer({ description: "There is more: give it as offset" }));
export const Notice = Type.String();

/** Objects that are just what their schema says. */
export const Fields = <Properties extends Record<string, TSchema>>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

export const PathPrefix = Type.Optional(Text("Such as /docs/", 2_048));

export const Url = Text("Absolute http or https URL", 2_048);

export const AllowNewHost = Type.Boolean({
  default: false,
  description: "The person, whom you asked, agrees to a host of no registered website; no page can agree for them",
});

export const MaxWait = Type.Integer({
  default: 0,
  minimum: 0,
  maximum: 600,
  description: "Wait so long for its end; many clients give up after 60",
});
