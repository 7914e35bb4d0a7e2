/** JSON longer than this is kept as it was sent. */
const maxPrettyLength = 256 * 1024;

/** JSON as an indented code block, and as it was sent where it is broken or very long. */
export function toJsonBlock(text: string): string {
  return toCodeBlock(prettyJson(text), "json");
}

/** A code block whose fence is longer than any run of back-ticks inside. */
export function toCodeBlock(text: string, language: string): string {
  const trimmed = text.replace(/^\ufeff/, "").trim();
  if (trimmed === "") return "";
  let longest = 2;
  for (const [run] of trimmed.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length);
  const marks = "`".repeat(longest + 1);
  return `${marks}${language}\n${trimmed}\n${marks}\n`;
}

function prettyJson(text: string): string {
  if (text.length > maxPrettyLength) return text;
  try {
    const pretty = JSON.stringify(JSON.parse(text), null, 2);
    // Indentation of deep nesting grows with the square of its depth.
    return pretty.length <= 4 * maxPrettyLength ? pretty.toWellFormed() : text;
  } catch {
    return text;
  }
}
