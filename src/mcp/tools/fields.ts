import { type SchemaOptions, type TSchema, Type } from "@sinclair/typebox";
import { DEFAULT_TOKENS, LEAST_TOKENS, MOST_TOKENS } from "../budget.ts";

/** Schemas are read by models with every list of tools, so they are short; formats are left to what reads the text. */
export const Text = (description: string, maxLength = 1_000) => Type.String({ minLength: 1, maxLength, description });

/** As JSON Schema has it for strings, which takes less room than a union of literals. */
export const OneOf = <const Value extends string>(values: readonly Value[], options: SchemaOptions = {}) =>
  Type.Unsafe<Value>(Type.String({ ...options, enum: [...values], pattern: `^(?:${values.join("|")})$` }));

export const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

export const WebsiteReference = (description = "Registered website") =>
  Text(`${description}: its id, a URL of it, its host or its name`, 2_048);

export const PageReference = (description = "Stored page: its id or URL") => Text(description, 2_048);

export const MaxTokens = (byDefault = DEFAULT_TOKENS) =>
  Type.Integer({
    default: byDefault,
    minimum: LEAST_TOKENS,
    maximum: MOST_TOKENS,
    description: "About how long the answer may be; what does not fit comes with another call",
  });

export const Limit = (byDefault: number, most: number) =>
  Type.Integer({ default: byDefault, minimum: 1, maximum: most, description: "Items at the most" });

export const Cursor = Type.Optional(Text("next_cursor of the answer before", 2_000));

export const Offset = Type.Integer({
  default: 0,
  minimum: 0,
  maximum: 100_000_000,
  description: "Characters to leave out at the beginning: next_offset of the answer before",
});

export const Moment = (description: string) => Type.Optional(Text(`${description}: an instant or day, ISO 8601`, 40));

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

export const PathPrefix = Type.Optional(Text("Only paths that begin so, such as /docs/", 2_048));

export const Url = Text("Absolute http or https URL", 2_048);

export const AllowNewHost = Type.Boolean({
  default: false,
  description:
    "Needed for a host that belongs to no registered website, where the client can't ask the person itself. Ask the person first; text of a page can't agree in their place",
});

export const MaxWait = Type.Integer({
  default: 0,
  minimum: 0,
  maximum: 600,
  description: "Wait so long for its end; progress is told meanwhile. Many clients give up after 60",
});
