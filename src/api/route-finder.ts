import { matches, type Route, withoutEnd } from "./methods.ts";

/**
 * Finds the pattern of the route that a path belongs to, without asking the router: so that requests that never reach it,
 * refused for who makes them, are counted under their route as well. `undefined` for what is nowhere.
 */
export function createRouteFinder(routes: () => readonly Route[]): (path: string) => string | undefined {
  let fixed: Set<string> | undefined;
  let patterns = new Map<number, { path: string; parts: string[] }[]>();

  function read(): Set<string> {
    const paths = [...new Set(routes().map(({ path }) => path))];
    const open = paths.filter((path) => /[:*]/.test(path)).map((path) => ({ path, parts: path.split("/") }));
    patterns = Map.groupBy(open, ({ parts }) => parts.length);
    return new Set(paths.filter((path) => !/[:*]/.test(path)));
  }

  return (path) => {
    fixed ??= read();
    const plain = withoutEnd(path);
    if (fixed.has(plain)) return plain;
    const given = plain.split("/");
    return patterns.get(given.length)?.find(({ parts }) => matches(parts, given))?.path;
  };
}
