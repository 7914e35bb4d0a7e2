import { LOCAL_PRINCIPAL, type Principal, toViewer } from "../access/principal.ts";
import type { Viewer } from "../access/viewer.ts";

/** What is known of a request beside what it says: set before the routes, read by them. */
export type RequestContext = {
  requestId: string;
  /** The client's, looked for behind proxies that are trusted. */
  address: string;
  principal: Principal;
};

const contexts = new WeakMap<Request, RequestContext>();

export function setContext(request: Request, context: RequestContext): void {
  contexts.set(request, context);
}

export function findContext(request: Request): RequestContext | undefined {
  return contexts.get(request);
}

export function principalOf(request: Request): Principal {
  return contexts.get(request)?.principal ?? LOCAL_PRINCIPAL;
}

/** On whose behalf the request is made. */
export function viewerOf(request: Request): Viewer {
  return toViewer(principalOf(request));
}
