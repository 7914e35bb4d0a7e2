import { STATUS_CODES } from "node:http";
import { VERSION } from "../version.ts";
import { EXPORT_FIELD, EXPORTED } from "./export-stream.ts";
import { IDEMPOTENCY_KEY_PARAMETER, IDEMPOTENT_FIELD } from "./idempotency.ts";
import { type Needed, PERMISSION_FIELD } from "./permissions.ts";

/** What the document says of the whole; the plugin says the rest, from the routes. */
export const DOCUMENTATION = {
  openapi: "3.1.0",
  info: {
    title: "Orbweaver",
    version: VERSION,
    description: "Crawls websites and gives their pages as clean Markdown.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/", description: "This service" }],
  tags: [
    { name: "Websites", description: "What is crawled" },
    { name: "Crawls", description: "Runs over a website" },
    { name: "Schedules", description: "When websites are crawled again, and when the service cleans up" },
    { name: "Pages", description: "What crawls brought: documents, raw bodies, links" },
    { name: "Channels", description: "Who is told what happens, and what was sent to them" },
    { name: "Search", description: "Finding pages by what they say" },
    { name: "Changes", description: "What changed, when, and between which versions" },
    { name: "Scrape", description: "One page, now" },
    { name: "Extract", description: "What options make of a page, and why" },
    { name: "Jobs", description: "The work behind it all: queues, and what is in them" },
    { name: "Access", description: "Who may use the service: users and their keys" },
    { name: "Health", description: "Whether the service works" },
  ],
};

type Schema = Record<string, unknown>;
type Content = Record<string, { schema?: Schema }>;
type Parameter = { name: string; in: string; required?: boolean; description?: string; examples?: unknown } & {
  schema: Schema;
};
type Answer = { $id?: string; description?: string; content?: Content };
type Operation = {
  operationId: string;
  description?: string;
  security?: object[];
  [PERMISSION_FIELD]?: Needed;
  [IDEMPOTENT_FIELD]?: true;
  [EXPORT_FIELD]?: true;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, Answer>;
};

/** What the plugin makes of the routes, as far as it is read here. */
export type OpenApiDocument = { paths: Record<string, Record<string, Operation>> } & Record<string, unknown>;

/**
 * The plugin's document, made exact: it gives every body three media types, forgets the names of schemas, and says
 * things of parameters in places where OpenAPI has no room for them.
 */
export function refineDocument({ paths, ...document }: OpenApiDocument): OpenApiDocument {
  const schemas: Record<string, unknown> = {};
  const refined = mapValues(paths, (operations) => mapValues(operations, refineOperation));
  const described = hoistSchemas(refined, schemas) as OpenApiDocument["paths"];
  return { ...document, paths: described, components: { schemas, securitySchemes: SECURITY_SCHEMES } };
}

/** Where access is on; an open service asks nobody. */
const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key (`ow_live_…`), or a token (JWT) of the identity provider that the service trusts",
  },
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key; goes before the other" },
};

/** What a route's permission means for callers: said here, so that no route can forget it. */
function describeAccess(needed: Needed | undefined): { security?: object[]; sentence?: string } {
  // For administrators alone, as it forgot to say: a test finds it by the silence here.
  if (needed === undefined) return {};
  if (needed === "public") return { security: [] };
  return { security: [{ bearer: [] }, { apiKey: [] }], sentence: `Needs the permission \`${needed}\`.` };
}

/** The problem responses of a route that declares its responses by hand. */
export function describeProblems(...statuses: number[]): Record<number, unknown> {
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries(
    [...statuses, 429, 504].map((status) => [status, { description: STATUS_CODES[status], content }]),
  );
}

function refineOperation({ operationId, requestBody, responses, ...given }: Operation): Operation {
  const { [IDEMPOTENT_FIELD]: isIdempotent, [EXPORT_FIELD]: isExported, parameters: own = [], ...operation } = given;
  const parameters = isIdempotent ? [...own, IDEMPOTENCY_KEY_PARAMETER] : own;
  const { security, sentence } = describeAccess(operation[PERMISSION_FIELD]);
  const description = [operation.description, sentence].filter(Boolean).join("\n\n");
  return {
    ...operation,
    ...(description === "" ? {} : { description }),
    ...(security ? { security } : {}),
    // `POST /api/v1/crawls/{id}/pause` is `postCrawlsByIdPause`.
    operationId: operationId.replace("ApiV1", ""),
    ...(parameters.length > 0 ? { parameters: parameters.map(refineParameter) } : {}),
    ...(requestBody ? { requestBody: { ...requestBody, content: only("application/json", requestBody.content) } } : {}),
    responses: {
      ...(sentence ? REFUSALS : {}),
      ...mapValues(responses, (answer, status) => {
        const refined = refineResponse(answer, status);
        return isExported && status === "200" ? { ...refined, content: { ...refined.content, ...EXPORTED } } : refined;
      }),
    },
  };
}

/** What every route may answer that is not for everybody. */
const REFUSALS = describeProblems(401, 403) as Record<string, Answer>;

function refineParameter({ name, in: place, required, description, examples, schema }: Parameter): Parameter {
  const written = { ...readNumber(schema), ...(examples === undefined ? {} : { examples }) };
  return { name, in: place, required: required === true && schema.default === undefined, description, schema: written };
}

/** Elysia lets a number in a query be a text as well; callers are told of the number. */
function readNumber(schema: Schema): Schema {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const number: Schema | undefined = anyOf.find(({ type }: Schema) => type === "integer" || type === "number");
  if (!number) return schema;
  const { description: _, ...range } = number;
  return { ...rest, ...range };
}

/** A schema's name and description end up beside the plugin's media types, of which there is one in truth. */
function refineResponse({ $id, description, content }: Answer, status: string): Answer {
  const isProblem = $id === "Problem";
  const what = (isProblem ? undefined : description) ?? STATUS_CODES[status] ?? "";
  const made = content?.["multipart/form-data"]?.schema;
  if (!made) return { description: what, ...(content ? { content } : {}) };
  const schema = { ...($id === undefined ? {} : { $id }), description, ...made };
  return { description: what, content: { [isProblem ? "application/problem+json" : "application/json"]: { schema } } };
}

function only(type: string, content: Content): Content {
  return { [type]: content[type] ?? {} };
}

/** Schemas with a name of their own are described once, and referred to. */
function hoistSchemas(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoistSchemas(item, schemas));
  if (typeof value !== "object" || value === null) return value;
  const { $id, ...rest } = value as Schema;
  const inner = mapValues(rest, (part) => hoistSchemas(part, schemas));
  if (typeof $id !== "string") return inner;
  // The plugin leaves the examples out of some.
  schemas[$id] = { ...(schemas[$id] as object | undefined), ...inner };
  return { $ref: `#/components/schemas/${$id}` };
}

function mapValues<Value, Mapped>(record: Record<string, Value>, map: (value: Value, key: string) => Mapped) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
