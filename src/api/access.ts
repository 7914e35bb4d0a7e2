import { Elysia } from "elysia";
import type { Authenticator } from "../access/authenticator.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../access/principal.ts";
import type { Config } from "../config/settings.ts";
import { AppError } from "../errors.ts";
import { isDocumentation } from "./documentation-path.ts";
import { HttpError } from "./problems.ts";
import { isProtectedResource, metadataUrlOf } from "./protected-resource.ts";
import { findContext, setContext } from "./request-context.ts";

/** Who finds out whom a credential stands for; `open` where everybody may do everything. */
export type Access = Pick<Authenticator, "authenticate"> | "open";

/**
 * Asks every request but those for public paths who makes it, before there is a route for it: strangers don't learn
 * which paths there are, and nothing that they send is parsed.
 */
export const accessRules = (config: Config, access: Access) => {
  const { DOCS } = config;
  const plugin = new Elysia({ name: "access" });
  if (access === "open") {
    // Without a value, which Elysia would wait for.
    return plugin.onRequest(({ request }) => {
      setPrincipal(request, LOCAL_PRINCIPAL);
    });
  }
  const metadataUrl = metadataUrlOf(config);
  // Elysia has the path here already, though its types don't say so. Without one nothing is public.
  return plugin.onRequest(async ({ request, path = "" }: { request: Request; path?: string }) => {
    if (isPublic(path, DOCS) || isPreflight(request)) return;
    setPrincipal(request, await identify(access, request, path, path === "/mcp" ? metadataUrl : undefined));
  });
};

/** The path is the one by which the route will be found, so both judge the same text. */
function isPublic(path: string, docs: Config["DOCS"]): boolean {
  if (isDocumentation(path)) return docs === "on";
  if (isProtectedResource(path)) return true;
  return path === "/" || path === "/health" || path.startsWith("/health/") || path.startsWith("/api/v1/public/");
}

/** A browser asks it without credentials, whatever it will send with the request itself (WHATWG Fetch §3.2.2). */
function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

async function identify(
  access: Exclude<Access, "open">,
  request: Request,
  path: string,
  metadataUrl: string | undefined,
): Promise<Principal> {
  const isForPeople = isDocumentation(path);
  const takesBasic = isForPeople || (isFeed(path) && (request.method === "GET" || request.method === "HEAD"));
  const credential = findCredential(request.headers, takesBasic);
  if (credential === undefined) {
    const how = "send a key or a token as Authorization: Bearer …, or a key as X-API-Key";
    throw challenge(request, path, "no_credential", `This needs a credential: ${how}`, metadataUrl);
  }
  try {
    return await access.authenticate(credential);
  } catch (error) {
    if (!(error instanceof AppError) || error.reason !== "unauthorized") throw error;
    throw challenge(request, path, error.code, error.message, metadataUrl);
  }
}

/**
 * `X-API-Key` goes first: a proxy in front may have a use of its own for `Authorization`. Basic (RFC 7617) with the key
 * as the password is taken where documentation and feeds are read, and nowhere else: it is how a browser can ask a person
 * for a key, Swagger UI's own requests carry it on, and feed readers know nothing else. Elsewhere it would let other
 * websites act through what the browser remembers.
 */
function findCredential(headers: Headers, takesBasic: boolean): string | undefined {
  const key = headers.get("x-api-key")?.trim();
  if (key) return key;
  const [, scheme = "", token = ""] = /^(\S+) +(\S+)\s*$/.exec(headers.get("authorization") ?? "") ?? [];
  if (/^bearer$/i.test(scheme)) return token;
  if (!takesBasic || !/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(token, "base64").toString();
  // A person may type the key into either field.
  return pair.slice(pair.indexOf(":") + 1) || pair.slice(0, -1) || undefined;
}

/** RFC 6750 §3: without a credential no error is named. */
function challenge(
  { headers }: Request,
  path: string,
  code: string,
  message: string,
  metadataUrl: string | undefined,
): HttpError {
  const isBrowser = isDocumentation(path) && headers.get("accept")?.includes("text/html");
  const error = code === "no_credential" ? "" : ', error="invalid_token"';
  const metadata = metadataUrl === undefined ? "" : `, resource_metadata="${metadataUrl}"`;
  return new HttpError(401, code, message, {
    "www-authenticate": isBrowser || isFeed(path) ? BASIC : `Bearer realm="orbweaver"${error}${metadata}`,
  });
}

const BASIC = 'Basic realm="orbweaver: any name, and an API key as the password", charset="UTF-8"';

/** A website's changes as a feed. */
function isFeed(path: string): boolean {
  return /^\/api\/v1\/websites\/[^/]+\/feed\.(?:rss|atom|json)$/.test(path);
}

function setPrincipal(request: Request, principal: Principal): void {
  const context = findContext(request) ?? { requestId: "", address: "", isSecure: false, signal: request.signal };
  setContext(request, { ...context, principal });
}
