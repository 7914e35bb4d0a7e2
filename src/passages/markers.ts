/**
 * Lexemes that no text has, by which the index itself narrows a search: each passage has that of its website and of its
 * language, so that what others have costs nothing.
 */
export function websiteMarker(websiteId: string): string {
  return `\u0001w${Buffer.from(websiteId.replaceAll("-", ""), "hex").toString("base64url")}`;
}

/** @param language BCP 47; its first part counts */
export function languageMarker(language: string | null): string {
  return `\u0001l${language?.split("-")[0]?.toLowerCase() ?? ""}`;
}

/**
 * Of a word in a page's title or in a heading, by which pages that are about it are found among the thousands that merely
 * say it: an index knows no weights.
 */
export function nameMarker(lexeme: string): string {
  return `\u0001n${lexeme}`;
}

/** Of all that a page or a part of it is called (`listNames`). */
export function wholeNameMarker(name: string): string {
  return `\u0001=${name}`;
}
