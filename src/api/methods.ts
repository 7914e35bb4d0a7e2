export type Route = { method: string; path: string };

/** The methods that some route takes at a path; empty when there is no route at all. */
export function allowedMethods(routes: readonly Route[], path: string): string[] {
  const given = withoutEnd(path).split("/");
  const methods = routes.filter((route) => matches(route.path.split("/"), given)).map(({ method }) => method);
  return [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))];
}

/** The path without the slash that it may end with. */
export function withoutEnd(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Whether a path belongs to a route's pattern, both in parts. */
export function matches(pattern: readonly string[], given: readonly string[]): boolean {
  return pattern.length === given.length && pattern.every((part, at) => part.startsWith(":") || part === given[at]);
}
