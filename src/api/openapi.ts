import { STATUS_CODES } from "node:http";
import type { TSchema } from "@sinclair/typebox";
import { VERSION } from "../version.ts";
import { Problem } from "./problems.ts";

/** A route as Elysia keeps it. */
export type DocumentedRoute = {
  method: string;
  path: string;
  hooks: {
    body?: unknown;
    params?: unknown;
    query?: unknown;
    response?: unknown;
    detail?: { hide?: boolean; responses?: unknown; [field: string]: unknown };
  };
};

export type OpenApiDocument = Record<string, unknown> & { paths: Record<string, Record<string, Operation>> };
type Operation = Record<string, unknown>;

const TAGS = [
  { name: "Websites", description: "What is crawled" },
  { name: "Crawls", description: "Runs over a website" },
  { name: "Pages", description: "What crawls brought: documents, raw bodies, links" },
  { name: "Scrape", description: "One page, now" },
  { name: "Health", description: "Whether the service works" },
];

/** The routes as an OpenAPI 3.1 document. */
export function describeRoutes(routes: readonly DocumentedRoute[]): OpenApiDocument {
  const schemas: Record<string, unknown> = {};
  const paths: OpenApiDocument["paths"] = {};
  for (const route of routes) {
    if (route.hooks.detail?.hide) continue;
    const path = route.path.replace(/:([^/]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(route, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Orbweaver",
      version: VERSION,
      description: "Crawls websites and gives their pages as clean Markdown.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "This service" }],
    tags: TAGS,
    paths,
    components: { schemas },
  };
}

/** The problem responses of a route that declares its responses by hand. */
export function describeProblems(...statuses: number[]): Record<number, unknown> {
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries(statuses.map((status) => [status, { description: STATUS_CODES[status], content }]));
}

function describeOperation({ method, path, hooks }: DocumentedRoute, schemas: Record<string, unknown>): Operation {
  const { detail, body, response } = hooks;
  const toRef = (schema: unknown) => toReference(schema, schemas);
  const parameters = [...describeParameters("path", hooks.params), ...describeParameters("query", hooks.query)];
  const byStatus = (response ?? {}) as Record<string, TSchema>;
  const responses = Object.entries(byStatus).map(([status, schema]) => [
    status,
    describeResponse(status, schema, toRef),
  ]);
  toRef(Problem);
  return {
    operationId: nameOperation(method, path),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { "application/json": { schema: toRef(body) } } } } : {}),
    ...detail,
    responses: { ...Object.fromEntries(responses), ...(toRef(detail?.responses ?? {}) as object) },
  };
}

function describeParameters(place: "path" | "query", schema: unknown): unknown[] {
  const { properties = {}, required = [] } = (schema ?? {}) as TSchema;
  return Object.entries(properties as Record<string, TSchema>).map(([name, property]) => {
    const { description, ...rest } = asWritten(property);
    const isRequired = required.includes(name) && property.default === undefined;
    return { name, in: place, required: isRequired, description, schema: rest };
  });
}

/** Elysia lets a number in a query be a text as well; callers are told of the number. */
function asWritten(schema: TSchema): TSchema {
  const number = schema.anyOf?.find(({ type }: TSchema) => type === "integer" || type === "number");
  if (!number) return schema;
  const { anyOf, ...rest } = schema;
  return { ...rest, ...number };
}

function describeResponse(status: string, schema: TSchema, toRef: (schema: unknown) => unknown): unknown {
  const description = schema.description ?? STATUS_CODES[status] ?? "";
  if (schema.type === "void") return { description };
  const type = Number(status) >= 400 ? "application/problem+json" : "application/json";
  return { description, content: { [type]: { schema: toRef(schema) } } };
}

/** Schemas with a name of their own are described once, and referred to. */
function toReference(schema: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => toReference(item, schemas));
  if (typeof schema !== "object" || schema === null) return schema;
  const { $id, ...rest } = schema as Record<string, unknown>;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, toReference(value, schemas)]));
  if (typeof $id !== "string") return inner;
  schemas[$id] = inner;
  return { $ref: `#/components/schemas/${$id}` };
}

/** `POST /api/v1/crawls/:id/pause` is `postCrawlsIdPause`. */
function nameOperation(method: string, path: string): string {
  const words = path.replace(/^\/api\/v1/, "").match(/[A-Za-z]+/g) ?? [];
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
