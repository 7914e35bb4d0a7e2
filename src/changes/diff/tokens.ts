export type TokenKind = "word" | "space" | "mark";

/** Every token that was met, by its number, so that texts are compared as sequences of numbers. */
export type Vocabulary = {
  numbers: Map<string, number>;
  kinds: TokenKind[];
  texts: string[];
  /** Texts that were read. */
  read: Map<string, Int32Array>;
};

export const createVocabulary = (): Vocabulary => ({ numbers: new Map(), kinds: [], texts: [], read: new Map() });

/** Words, and characters (UTF-16 units) that are no white space. */
export type Amount = { words: number; characters: number };

const asciiKinds = Array.from({ length: 128 }, (_, code): TokenKind => {
  if (code <= 32) return "space";
  return /[A-Za-z0-9_]/.test(String.fromCharCode(code)) ? "word" : "mark";
});

/** Scripts that are written without spaces: each letter is a token by itself, with what is set on it. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
const letter = /^[\p{L}\p{N}]/u;
/** What belongs to the character before it: accents, variation selectors, skin tones. */
const combining = /^(?:\p{M}|[\u{1f3fb}-\u{1f3ff}]|[\u{e0020}-\u{e007f}])/u;
const regional = /^[\u{1f1e6}-\u{1f1ff}]/u;
const zeroWidthJoiner = 0x200d;

type Character = "letter" | "unspaced" | "space" | "mark" | "combining" | "regional" | "joiner";
/** Pages use few characters beyond ASCII, and asking for their properties is slow. */
type CharacterKinds = Map<number, Character>;

/**
 * A text as numbers of tokens, all of which together are the text: words, runs of white space, and single marks. Numbers
 * with their separators, such as 1,299.00, and words with an apostrophe are one word; so is a letter of a script that is
 * written without spaces. An emoji is one mark, whatever it is put together from.
 */
export function tokenize(text: string, vocabulary: Vocabulary): Int32Array {
  const read = vocabulary.read.get(text);
  if (read) return read;
  const found: number[] = [];
  const known: CharacterKinds = new Map();
  for (let at = 0; at < text.length; ) {
    const start = at;
    const code = text.charCodeAt(at);
    const kind = kindAt(text, at, code, known);
    at =
      kind === "space"
        ? endOfSpace(text, at)
        : kind === "word"
          ? endOfWord(text, at, known)
          : endOfMark(text, at, known);
    found.push(numberOf(text.slice(start, at), kind, vocabulary));
  }
  const tokens = new Int32Array(found);
  vocabulary.read.set(text, tokens);
  return tokens;
}

export function amountOf(tokens: Int32Array, { kinds, texts }: Vocabulary): Amount {
  const amount = { words: 0, characters: 0 };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? 0;
    if (kinds[token] === "space") continue;
    if (kinds[token] === "word") amount.words++;
    amount.characters += texts[token]?.length ?? 0;
  }
  return amount;
}

/** As `amountOf` has them, without reading words. */
export function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) if (!isSpace(text.charCodeAt(at))) count++;
  return count;
}

/** Control characters too: they show nothing. */
function isSpace(code: number): boolean {
  if (code < 0xa0) return code <= 32;
  return code === 0xa0 || code === 0xfeff || code === 0x1680 || code === 0x3000 || isGeneralSpace(code);
}

function isGeneralSpace(code: number): boolean {
  return (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f;
}

function numberOf(token: string, kind: TokenKind, { numbers, kinds, texts }: Vocabulary): number {
  const known = numbers.get(token);
  if (known !== undefined) return known;
  const number = texts.length;
  numbers.set(token, number);
  kinds.push(kind);
  texts.push(token);
  return number;
}

function kindAt(text: string, at: number, code: number, known: CharacterKinds): TokenKind {
  if (code < 128) return asciiKinds[code] ?? "mark";
  const character = characterAt(text, at, known);
  if (character === "space") return "space";
  return character === "letter" || character === "unspaced" ? "word" : "mark";
}

function characterAt(text: string, at: number, known: CharacterKinds): Character {
  const code = text.codePointAt(at) ?? 0;
  const before = known.get(code);
  if (before) return before;
  const character = characterOf(code);
  known.set(code, character);
  return character;
}

function characterOf(code: number): Character {
  if (code === zeroWidthJoiner) return "joiner";
  const text = String.fromCodePoint(code);
  if (isSpace(code)) return "space";
  if (combining.test(text)) return "combining";
  if (unspaced.test(text)) return "unspaced";
  if (letter.test(text)) return "letter";
  return regional.test(text) ? "regional" : "mark";
}

function endOfSpace(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function endOfWord(text: string, start: number, known: CharacterKinds): number {
  const isAlone = text.charCodeAt(start) >= 128 && characterAt(text, start, known) === "unspaced";
  let at = start + lengthAt(text, start);
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      if (isAlone || (asciiKinds[code] !== "word" && !joinsWord(text, at, code, known))) break;
      at++;
      continue;
    }
    const character = characterAt(text, at, known);
    const goesOn = character === "combining" || (character === "letter" && !isAlone);
    if (!goesOn && (isAlone || code !== 0x2019 || !joinsWord(text, at, code, known))) break;
    at += lengthAt(text, at);
  }
  return at;
}

/** Apostrophes between letters, points and commas between digits. */
function joinsWord(text: string, at: number, code: number, known: CharacterKinds): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at + 1)];
  if (code === 0x2e || code === 0x2c) return isDigit(before) && isDigit(after);
  if (code !== 0x27 && code !== 0x2019) return false;
  return (
    !isDigit(after) &&
    (after < 128 ? asciiKinds[after] === "word" : at + 1 < text.length && characterAt(text, at + 1, known) === "letter")
  );
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

const lengthAt = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1);

function endOfMark(text: string, start: number, known: CharacterKinds): number {
  let isFlag = text.charCodeAt(start) >= 128 && characterAt(text, start, known) === "regional";
  let at = start + lengthAt(text, start);
  while (at < text.length && text.charCodeAt(at) >= 128) {
    const character = characterAt(text, at, known);
    if (character === "joiner") at += 1 + (isJoined(text, at + 1, known) ? lengthAt(text, at + 1) : 0);
    else if (character === "combining" || (isFlag && character === "regional")) at += lengthAt(text, at);
    else break;
    if (character === "regional") isFlag = false;
  }
  return at;
}

function isJoined(text: string, at: number, known: CharacterKinds): boolean {
  return text.charCodeAt(at) >= 128 && characterAt(text, at, known) === "mark";
}
