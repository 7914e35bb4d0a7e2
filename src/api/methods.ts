export type Route = { method: string; path: string };

/** The methods that some route takes at a path; empty when there is no route at all. */
export function allowedMethods(routes: readonly Route[], path: string): string[] {
  const methods = routes.filter((route) => matches(route.path, path)).map(({ method }) => method);
  return [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))];
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path).split("/");
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith(":") || part === given[at]);
}
