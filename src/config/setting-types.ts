import { Type } from "@sinclair/typebox";

/** One of several words. */
export const OneOf = <const Values extends readonly string[]>(values: Values, options: object) =>
  Type.Unsafe<Values[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      options,
    ),
  );

/** A whole number with a default. */
export const Count = (from: number, to: number, fallback: number, description: string) =>
  Type.Integer({ default: fallback, minimum: from, maximum: to, description });

/** Checked to the last when a scheduler starts, which knows what fires. */
export const SystemCron = (fallback: string, description: string) =>
  Type.String({
    default: fallback,
    pattern: "^(?:off|@[a-z]+|\\S+(?: +\\S+){4,5})$",
    allowed: "off, or a cron expression such as 17 3 * * * or @daily",
    description,
  });

/** Values that must not be shown: their schemas say so, and everything that prints settings looks there. */
export const Secret = (options: object) => Type.String({ minLength: 1, secret: true, ...options });

/** `protocols` and `allowed` (what is allowed, in words) are read by `values.ts`. */
export const Url = (options: object) => Type.String({ protocols: ["http:", "https:"], ...options });
