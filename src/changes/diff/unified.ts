import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

/** A unified diff (text/x-diff) of two texts, which `patch` applies; the empty string where they are equal. */
export function toUnifiedDiff(before: string, after: string, names: { before: string; after: string }): string {
  if (before === after) return "";
  return createTwoFilesPatch(names.before, names.after, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
