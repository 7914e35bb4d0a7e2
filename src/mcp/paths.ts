import { toKept } from "../search/path-rules.ts";
import { badInput } from "./moments.ts";

/**
 * The beginning of a path as paths are kept: percent-encoded.
 * @throws AppError `invalid`
 */
export function readPathPrefix(prefix: string | undefined): string | undefined {
  if (prefix === undefined) return undefined;
  if (!prefix.startsWith("/")) throw badInput("path_prefix", "must begin with a slash, as in /docs/");
  return toKept(prefix);
}
