import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

const BOOLEANS: Record<string, boolean> = {
  ...{ true: true, yes: true, on: true, "1": true },
  ...{ false: false, no: false, off: false, "0": false },
};

/** What a setting's text stands for; the text itself when it stands for nothing of its type. */
export function readText(schema: TSchema, text: string): unknown {
  const trimmed = text.trim();
  if (schema.type === "boolean") return BOOLEANS[trimmed.toLowerCase()] ?? text;
  // Number alone takes "", "0x10" and "1e3" too, which nobody means.
  if (schema.type === "integer") return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : text;
  if (schema.type === "number") return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : text;
  const choices = choicesOf(schema);
  if (choices) return choices.find((choice) => choice === trimmed.toLowerCase()) ?? text;
  return text;
}

/** What a file says with types of its own: lists and numbers are texts where a text is wanted. */
export function readTyped(schema: TSchema, value: unknown): unknown {
  if (typeof value === "string") return readText(schema, value);
  if (typeof value === "boolean" && schema.type !== "boolean")
    return readText(schema, choicesOf(schema) ? (value ? "on" : "off") : String(value));
  if (typeof value === "number" && schema.type === "string") return String(value);
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number");
  return isList && schema.type === "string" ? value.join(",") : value;
}

/** Whether a setting can have that value: its schema, and for a URL whether it is one and names a host. */
export function isAllowed(schema: TSchema, value: unknown): boolean {
  return Value.Check(schema, value) && (!schema.protocols || isUrlOf(schema.protocols, String(value)));
}

/** A database may be named by its socket's folder, in the query, and by several hosts that stand for each other. */
function isUrlOf(protocols: readonly string[], text: string): boolean {
  const [, before = "", hosts = "", after = ""] = /^([a-z]+:\/\/(?:.*@)?)([^/?#]*)(.*)$/i.exec(text) ?? [];
  return hosts.split(",").every((host) => {
    const url = URL.parse(before + host + after);
    if (!url || !protocols.includes(url.protocol) || /\s/.test(text)) return false;
    return url.hostname !== "" || url.searchParams.has("host");
  });
}

/** In words, to follow "is not". */
export function describeAllowed(schema: TSchema): string {
  if (schema.allowed) return schema.allowed;
  if (schema.protocols) {
    const starts = schema.protocols.map((protocol: string) => `${protocol}//`).join(" or ");
    const escaped = schema.secret ? ", with %23 for # and so on in a password" : "";
    return `a URL that begins with ${starts} and names a host${escaped}`;
  }
  const choices = choicesOf(schema);
  if (choices) return `one of ${choices.join(", ")}`;
  if (schema.type === "integer") return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === "number") return `a number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === "boolean") return "true or false";
  if (schema.minLength > 1) return `a text of at least ${schema.minLength} characters`;
  return "a text that is not empty";
}

/** A value that works, as it is written in the environment; `undefined` where there is none to show. */
export function exampleOf(schema: TSchema): string | undefined {
  const example = schema.examples?.[0] ?? schema.default;
  return example === undefined || example === "" ? undefined : String(example);
}

const MASK = "********";

/** As it may be shown: secrets and the passwords within URLs are not. What a secret URL leads to is no secret. */
export function showValue(schema: TSchema, value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (schema.secret !== true) return hideCredentials(text);
  const url = schema.protocols && isAllowed(schema, value) ? URL.parse(text) : null;
  if (!url) return MASK;
  const user = url.username || url.password ? `${url.username}${url.password ? `:${MASK}` : ""}@` : "";
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search ? `?${MASK}` : ""}`;
}

/** What stands before the host in whatever looks like a URL. */
export function hideCredentials(text: string): string {
  return text.replace(/\/\/[^/\s]*@/g, `//${MASK}@`);
}

export function choicesOf(schema: TSchema): string[] | undefined {
  return schema.anyOf?.map((one: { const: string }) => one.const);
}
