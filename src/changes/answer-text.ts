/** Small letters and single spaces, without punctuation, and without the marks and URLs of Markdown. */
export function simplify(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/\]\([^()\s]{0,2000}\)/g, " ")
    .replace(/[^\p{L}\p{M}\p{N}'@]+/gu, " ")
    .trim();
}
