/** How a character counts when Markdown is written. */
export const plain = 0;
export const space = 1;
/** May need an escape. */
export const special = 2;
/** Left out: soft hyphens and zero-width spaces say where a line may break, nothing else. */
export const invisible = 3;

const kinds = new Uint8Array(128);
for (const char of " \t\n\f\r") kinds[char.charCodeAt(0)] = space;
for (const char of "\\`*_~<&[](:") kinds[char.charCodeAt(0)] = special;

export function kindOf(code: number): number {
  if (code < 128) return kinds[code] ?? plain;
  // A no-break space means nothing once the text may be wrapped anywhere, and hides words from search.
  if (code === 0xa0) return space;
  return code === 0xad || code === 0x200b || code === 0xfeff ? invisible : plain;
}

export function isSpace(code: number): boolean {
  return kindOf(code) === space;
}

/** White space where delimiters look for it, the start of a text included. */
export function isWhite(code: number): boolean {
  return code === 0 || isSpace(code);
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const letterOrDigit = /[\p{L}\p{N}\p{M}]/u;

/** Whether a character counts as part of a word where CommonMark asks what flanks a delimiter (section 6.2). */
export function isWord(code: number): boolean {
  if (code < 128) return isDigit(code) || isLetter(code);
  return letterOrDigit.test(String.fromCharCode(code));
}

export function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

export function isAsciiPunctuation(code: number): boolean {
  return code > 32 && code < 127 && !isLetter(code) && !isDigit(code);
}

const entity = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});/y;

/** Whether what starts at `at` would be read as a character reference. */
export function isEntityAt(text: string, at: number): boolean {
  entity.lastIndex = at;
  return entity.test(text);
}

/**
 * Where a backslash must go so that text at the start of a line does not begin a block, or -1.
 * `isContinued` tells whether the line follows another one of its paragraph.
 */
export function findLineStartEscape(text: string, at: number, isContinued: boolean): number {
  const code = text.charCodeAt(at);
  const next = at + 1 < text.length ? text.charCodeAt(at + 1) : 32;
  switch (code) {
    case 35: {
      let end = at;
      while (end < at + 7 && text.charCodeAt(end) === 35) end++;
      return end - at <= 6 && (end === text.length || isSpace(text.charCodeAt(end))) ? at : -1;
    }
    case 62: // >
      return at;
    case 42: // *
    case 43: // +
    case 95: // _
      return isSpace(next) ? at : -1;
    case 45: // -
      return isSpace(next) || next === 45 ? at : -1;
    case 61: // =
    case 124: // |
      return isContinued ? at : -1;
    case 58: // :
      return isContinued && next === 45 ? at : -1;
    case 91: // [
      return isSpace(next) || next === 33 || next === 120 || next === 88 ? at : -1;
  }
  if (!isDigit(code)) return -1;
  let end = at + 1;
  while (end < at + 10 && isDigit(text.charCodeAt(end))) end++;
  const mark = text.charCodeAt(end);
  if (end - at > 9 || (mark !== 46 && mark !== 41)) return -1;
  return end + 1 === text.length || isSpace(text.charCodeAt(end + 1)) ? end : -1;
}

const paired = /^(?:[^[\]!\\`]|\[[^[\]!^\\`]{1,100}\](?![[(:]))*$/;

/** Brackets in pairs may stand in the text of a link as they are, unless they would be a link or an image there. */
export function hasPairedBrackets(text: string): boolean {
  return text.length <= 500 && paired.test(text);
}
