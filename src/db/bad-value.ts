/**
 * Whether a statement is refused for what it is, and would be again: SQLSTATE classes 21 to 23, 42 and 54. So it is where
 * making it failed.
 */
export function isBadValue(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (
      typeof code === "string" &&
      /^((21|22|23|42|54)[0-9A-Z]{3}|UNDEFINED_VALUE|MAX_PARAMETERS_EXCEEDED)$/.test(code)
    )
      return true;
    if (code === undefined && (at instanceof TypeError || at instanceof RangeError)) return true;
  }
  return false;
}
