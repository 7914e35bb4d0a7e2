import { STATUS_CODES } from "node:http";
import { type Static, Type } from "@sinclair/typebox";
import { Elysia, NotFoundError, ParseError, ValidationError } from "elysia";
import type { App } from "../app.ts";
import { isOutage } from "../db/connection-failure.ts";
import { AppError, type Fault, type Reason } from "../errors.ts";
import type { CorsPolicy } from "./cors.ts";
import { describeFaults } from "./faults.ts";
import { exampleId } from "./fields.ts";
import { allowedMethods, type Route } from "./methods.ts";
import { answerOptions } from "./preflights.ts";
import { findContext } from "./request-context.ts";

/** What concerns HTTP alone and no feature: a method, a media type, a foreign origin. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** RFC 9457. */
export const Problem = Type.Object(
  {
    type: Type.String({
      description: "Always about:blank: the title is the status's, the code says more",
      examples: ["about:blank"],
    }),
    title: Type.String({ description: "What the HTTP status means", examples: ["Not Found"] }),
    status: Type.Integer({ description: "HTTP status", examples: [404] }),
    detail: Type.String({
      description: "One sentence for people: what is wrong and how to mend it",
      examples: ["There is no crawl 0195f3e0-5c1a-7000-8000-3f6c2b1d9e10"],
    }),
    instance: Type.String({ description: "Path of the request", examples: ["/api/v1/crawls"] }),
    request_id: Type.String({ description: "Also in X-Request-Id, and in the service's log", examples: [exampleId] }),
    code: Type.String({ description: "Stable name for programs", examples: ["not_found", "dns", "robots"] }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          at: Type.String({ description: "JSON pointer into the body, or a parameter's name", examples: ["/url"] }),
          message: Type.String({ description: "What would be right", examples: ["is missing"] }),
        }),
        { description: "Each fault in what was sent" },
      ),
    ),
  },
  { $id: "Problem", description: "Why the request was not done (RFC 9457)" },
);
export type Problem = Static<typeof Problem>;

/** The problem responses that a route may give, for its `response`; besides those that any may. */
export function problems<Status extends number>(...statuses: Status[]): Record<Status | 429 | 504, typeof Problem> {
  return Object.fromEntries([...statuses, 429, 504].map((status) => [status, Problem])) as Record<
    Status | 429 | 504,
    typeof Problem
  >;
}

const STATUS: Record<Reason, number> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  external: 502,
  unavailable: 503,
  timeout: 504,
};

/** What a client may do about a status, beside what its problem says. */
const STATUS_HEADERS: Record<number, Record<string, string>> = {
  401: { "www-authenticate": 'Bearer realm="orbweaver"' },
  429: { "retry-after": "5" },
  503: { "retry-after": "5" },
};

type Explained = {
  status: number;
  code: string;
  detail: string;
  faults?: readonly Fault[];
  headers?: Record<string, string>;
};

type Context = Pick<App, "log"> & { cors: CorsPolicy };

/** Turns every error of the routes that follow into a problem response. */
export const problemResponses = ({ log, cors }: Context, routes: () => readonly Route[]) =>
  new Elysia({ name: "problems" }).onError({ as: "global" }, ({ error, request, set, path }) => {
    delete set.headers.location;
    const allowed = error instanceof NotFoundError ? allowedMethods(routes(), path) : [];
    if (request.method === "OPTIONS" && allowed.length > 0) {
      return answerOptions(cors, request, allowed);
    }
    const explained = error instanceof NotFoundError ? explainNoRoute(allowed, request, path) : explain(error);
    const requestId = findContext(request)?.requestId ?? "";
    if (explained.status >= 500 && !(error instanceof AppError))
      log.error("request failed", { requestId, method: request.method, path, error });
    return respondProblem(explained, path, requestId);
  });

export function respondProblem(explained: Explained, path: string, requestId: string): Response {
  const { status, code, detail, faults = [], headers } = explained;
  const problem: Problem = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    instance: path,
    request_id: requestId,
    code,
    ...(faults.length > 0 ? { errors: [...faults] } : {}),
  };
  const type = { "content-type": "application/problem+json" };
  return new Response(JSON.stringify(problem), { status, headers: { ...type, ...STATUS_HEADERS[status], ...headers } });
}

function explain(error: unknown): Explained {
  // Whatever a body's parser throws comes wrapped.
  if (error instanceof ParseError && error.cause) return explain(error.cause);
  if (error instanceof AppError) {
    const { reason, code, message, faults } = error;
    return { status: STATUS[reason], code, detail: message, faults };
  }
  if (error instanceof HttpError) {
    const { status, code, message, headers } = error;
    return { status, code, detail: message, headers };
  }
  if (error instanceof ValidationError && error.type !== "response") {
    const faults = describeFaults(error);
    const detail = faults.map(({ at, message }) => `${at || "The body"} ${message}`).join("; ");
    return { status: 400, code: "invalid", detail, faults };
  }
  if (isOutage(error)) {
    return { status: 503, code: "unavailable", detail: "The database can't be used at the moment; try again later" };
  }
  return {
    status: 500,
    code: "internal",
    detail: "The service failed at this request; its log says why, under the request's id",
  };
}

function explainNoRoute(allowed: string[], { method }: Request, path: string): Explained {
  if (allowed.length === 0) {
    return { status: 404, code: "no_route", detail: `There is nothing at ${path}` };
  }
  const allow = [...allowed, "OPTIONS"].join(", ");
  const detail = `${path} does not take ${method}; it takes ${allow}`;
  return { status: 405, code: "method_not_allowed", detail, headers: { allow } };
}
