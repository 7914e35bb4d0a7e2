/** What a UTF-16 code unit is to a word. */
export const NONE = 0;
export const LOWER = 1;
export const UPPER = 2;
export const DIGIT = 3;
/** A letter that is neither: of a script without capitals. */
export const LETTER = 4;
export const UNDERSCORE = 5;
/** Goes with what stands before it: a mark, the second half of a pair, or what is not seen. */
export const MARK = 6;
/** Of a script that is written without spaces between words, or is read in pairs all the same (Hangul). */
export const GRAM = 7;

/** The kind of the character that begins at a place, or goes on there. */
export function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 128) return ASCII[code] as number;
  if ((code & 0xf800) === 0xd800) return kindOfSurrogate(text, at, code);
  return (blocks[code >> 8] ?? fillBlock(code >> 8))[code & 255] as number;
}

/** What is left out of a word where it stands in one: it is not seen, and not typed by those who search. */
export const UNSEEN = /\u034f|[\u00ad\u0640\u200c-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]|[\ufe00-\ufe0f]/g;

export const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  if (code >= 48 && code <= 57) return DIGIT;
  return code === 95 ? UNDERSCORE : NONE;
});

/** Kinds by 256 code units, each made when a text first has one of them. */
const blocks: (Uint8Array | undefined)[] = [];

function fillBlock(block: number): Uint8Array {
  const kinds = Uint8Array.from({ length: 256 }, (_, low) => judge(String.fromCharCode(block * 256 + low)));
  blocks[block] = kinds;
  return kinds;
}

const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u30fc\uff70]/u;
const unseen = new RegExp(UNSEEN.source);
/** Those of half width are letters by their category. */
const mark = /[\p{M}\uff9e\uff9f]/u;

function judge(character: string): number {
  if (unseen.test(character) || mark.test(character)) return MARK;
  if (/\p{Nd}/u.test(character)) return DIGIT;
  if (!/[\p{L}\p{Nl}]/u.test(character)) return NONE;
  if (spaceless.test(character)) return GRAM;
  if (/[\p{Lu}\p{Lt}]/u.test(character)) return UPPER;
  return /\p{Ll}/u.test(character) ? LOWER : LETTER;
}

function kindOfSurrogate(text: string, at: number, code: number): number {
  if (code >= 0xdc00) return at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 ? MARK : NONE;
  const point = text.codePointAt(at) ?? 0;
  return point > 0xffff ? judge(String.fromCodePoint(point)) : NONE;
}
