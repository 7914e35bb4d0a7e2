import { Elysia } from "elysia";
import type { CorsPolicy } from "./cors.ts";
import { allowedMethods, type Route } from "./methods.ts";

/** Taken apart where it comes in, or Elysia believes that the hook needs cookies and all. */
type Hooked = {
  request: Request;
  /** It is there already, though Elysia's types don't say so. */
  path?: string;
};

/**
 * Answers a browser that asks before a page's request: ahead of whatever wants a credential, since browsers send none
 * with the question (WHATWG Fetch §4.8).
 */
export const preflights = (cors: CorsPolicy, routes: () => readonly Route[]) =>
  new Elysia({ name: "preflights" }).onRequest(({ request, path = "" }: Hooked) => {
    if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return;
    const methods = allowedMethods(routes(), path);
    if (methods.length > 0 && cors.allows(request.headers.get("origin") ?? "null")) {
      return answerOptions(cors, request, methods);
    }
  });

/** What may be asked of a path (RFC 9110 §9.3.7), and by which pages of other origins. */
export function answerOptions(cors: CorsPolicy, request: Request, methods: readonly string[]): Response {
  const all = [...methods, "OPTIONS"];
  const headers = { allow: all.join(", "), ...cors.preflightHeaders(request, all) };
  return new Response(null, { status: 204, headers });
}
