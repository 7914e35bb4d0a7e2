import { ASCII, DIGIT, GRAM, kindAt, LETTER, LOWER, MARK, NONE, UNDERSCORE, UNSEEN, UPPER } from "./characters.ts";

/** A word of a text, as it is searched. */
export type Word = {
  /** In lower case, composed (NFKC), marks kept: what dictionaries reduce to stems. */
  text: string;
  /** Where it stands, in UTF-16 code units. */
  start: number;
  end: number;
  /** Counted from 1; an identifier stands where its first part does. */
  position: number;
  /**
   * `word` is reduced to its stem. `whole` is an identifier of several parts, which follow as words; a part that has parts
   * itself (`getItem` in `map.getItem`) comes as a whole, too, before these. `gram` is two characters of a script that is
   * written without spaces, or one that stands alone. How each is looked up is told by `lexemeOf`.
   */
  kind: "word" | "whole" | "gram";
};

/** Longer ones are no words that anybody searches for, but keys, sums and data. */
const MAX_LENGTH = 64;
const MAX_LENGTH_WITH_DIGITS = 31;
/** From this length on, what changes between cases every few letters is data as well. */
const MIN_LENGTH_OF_DATA = 20;

/** The words of a text in their order, by the same rules for what is searched and for what is searched for. */
export function readWords(text: string): Word[] {
  const words: Word[] = [];
  scanWords(text, (word, start, end, position, kind) => words.push({ text: word, start, end, position, kind }));
  return words;
}

export type TakeWord = (text: string, start: number, end: number, position: number, kind: Word["kind"]) => void;

/** Gives the words of a text as `readWords` does, without making an object of each: there are millions. */
export function scanWords(text: string, take: TakeWord): void {
  new WordReader(text, take).read();
}

/** A word's text made alike, however it is typed. */
function toAlike(written: string): string {
  return (
    written
      .normalize("NFKC")
      .toLowerCase()
      .replace(UNSEEN, "")
      // Some ligatures stand for several words.
      .replace(/\s/g, "")
      .replaceAll("i\u0307", "i")
      .replaceAll("ς", "σ")
      .replaceAll("\u2010", "-")
      .normalize("NFKC")
  );
}

const DOT = 46;
const HYPHEN = 45;
const COLON = 58;
const AMPERSAND = 38;
const AT = 64;
const PLUS = 43;
const HASH = 35;
const PERCENT = 37;
const QUESTION = 63;

/** What joins words, or belongs to a name, by its code. */
const JOINTS = Uint8Array.from({ length: 128 }, (_, code) =>
  [HYPHEN, COLON, AMPERSAND, AT, PLUS, HASH].includes(code) ? 1 : 0,
);

const isWordKind = (kind: number) => kind >= LOWER && kind <= UNDERSCORE;
const isLetter = (kind: number) => kind === LOWER || kind === UPPER || kind === LETTER;

class WordReader {
  private position = 0;
  /** Where the address ends that is being read; 0 outside of one. */
  private addressEnd = 0;

  constructor(
    private readonly text: string,
    private readonly take: TakeWord,
  ) {}

  read(): void {
    const { text } = this;
    const { length } = text;
    for (let at = 0; at < length; ) {
      const code = text.charCodeAt(at);
      const kind = code < 128 ? (ASCII[code] as number) : kindAt(text, at);
      if (kind === NONE || kind === MARK) at = at < this.addressEnd ? this.skipInAddress(at, code) : at + 1;
      else if (kind === GRAM) at = this.readGrams(at);
      else at = this.readRun(at);
    }
  }

  /** What an address asks for, and what is escaped in it, are no words. */
  private skipInAddress(at: number, code: number): number {
    if (code === QUESTION || code === HASH) return this.addressEnd;
    return code === PERCENT && /^[\da-f]{2}$/i.test(this.text.slice(at + 1, at + 3)) ? at + 3 : at + 1;
  }

  /** What hangs together: a word, or words with joints between them. */
  private readRun(start: number): number {
    const { text } = this;
    let end = this.endOfSegment(start);
    // By far the most.
    if (!this.isCompound && !this.mayGoOn(end) && !this.hasDotBefore(start)) {
      this.addPart(start, end, this.isWide, this.hasDigit);
      return end;
    }
    if (text.startsWith("://", end) && !this.isWide) {
      // One within another ends where that does; to look again each time would take the square of their number.
      if (end >= this.addressEnd) this.addressEnd = endOfAddress(text, end + 3);
      return end + 3;
    }
    let isWide = this.isWide;
    const segments = [{ start, end, isCompound: this.isCompound, isWide: this.isWide, hasDigit: this.hasDigit }];
    for (let next = this.afterJoint(end); next > 0; next = this.afterJoint(end)) {
      isWide ||= text.charCodeAt(end) > 127;
      end = this.endOfSegment(next);
      isWide ||= this.isWide;
      segments.push({ start: next, end, isCompound: this.isCompound, isWide: this.isWide, hasDigit: this.hasDigit });
    }
    // Of some of them, or of all.
    this.hasCapital = true;
    const last = segments.length === 1 ? this.endOfMarks(start, end) : end;
    const first = this.hasDotBefore(start) ? start - 1 : start;
    if (segments.length > 1 || last > end || first < start) this.addWhole(first, last, isWide);
    for (const segment of segments) this.addSegment(segment);
    return last;
  }

  private isCompound = false;
  private isWide = false;
  private hasDigit = false;
  private hasCapital = false;

  /** Whether what stands behind a segment may belong to it. */
  private mayGoOn(end: number): boolean {
    const code = this.text.charCodeAt(end);
    // At the end of the text there is none.
    if (code > 127) return true;
    if (code === DOT) return this.text.charCodeAt(end + 1) > 32;
    return JOINTS[code] === 1;
  }

  /** Reads on as long as there is nothing between, and remembers what was met. */
  private endOfSegment(start: number): number {
    const { text } = this;
    const { length } = text;
    let before = NONE;
    let isCompound = false;
    let isWide = false;
    let hasDigit = false;
    let hasCapital = false;
    let at = start;
    for (; at < length; at++) {
      const code = text.charCodeAt(at);
      const kind = code < 128 ? (ASCII[code] as number) : kindAt(text, at);
      if (kind === NONE || kind === GRAM) break;
      if (code > 127) isWide = true;
      if (kind === LOWER) {
        before = LOWER;
        continue;
      }
      if (kind === MARK) continue;
      if (kind === DIGIT) hasDigit = true;
      else if (kind === UNDERSCORE) isCompound = true;
      else if (kind === UPPER) {
        hasCapital = true;
        // One that is not the first: it is looked at closely later.
        if (before !== NONE) isCompound = true;
      }
      before = kind;
    }
    this.hasCapital = hasCapital;
    this.isCompound = isCompound;
    this.isWide = isWide;
    this.hasDigit = hasDigit;
    return at;
  }

  /** Where the run goes on after a joint; 0 when it ends. */
  private afterJoint(at: number): number {
    const { text } = this;
    if (at >= text.length) return 0;
    const code = text.charCodeAt(at);
    const isColon = code === COLON;
    const isHyphen = code === HYPHEN || code === 0x2010 || code === 0x2011;
    if (code !== DOT && !isHyphen && !isColon && code !== AMPERSAND && code !== AT) return 0;
    const next = isColon && text.charCodeAt(at + 1) === COLON ? at + 2 : at + 1;
    if (next >= text.length) return 0;
    const kind = kindAt(text, next);
    if (!isWordKind(kind)) return 0;
    const before = kindAt(text, at - 1);
    if (isColon && (before === DIGIT || (next === at + 1 && kind === DIGIT && at < this.addressEnd))) return 0;
    if (code === AMPERSAND && !(isLetter(before) && isLetter(kind))) return 0;
    return next;
  }

  /** The end with what belongs to a name: C++, C#. */
  private endOfMarks(start: number, end: number): number {
    const { text } = this;
    const code = text.charCodeAt(end);
    if (code === PLUS && text.charCodeAt(end + 1) === PLUS) return end + 2;
    const isSharp = code === HASH && end === start + 1 && isLetter(kindAt(text, start));
    return isSharp && !(end + 1 < text.length && isWordKind(kindAt(text, end + 1))) ? end + 1 : end;
  }

  /** `.NET`, `.gitignore`, but no full stop of what stands before. */
  private hasDotBefore(start: number): boolean {
    const { text } = this;
    if (start === 0 || text.charCodeAt(start - 1) !== DOT || !isLetter(kindAt(text, start))) return false;
    if (start === 1) return true;
    const before = text.charCodeAt(start - 2);
    // White space, and what opens: " ' ( [ ` /
    return before <= 32 || before === 34 || (before >= 39 && before <= 40) || before === 91 || before === 96;
  }

  private addSegment({ start, end, isCompound, isWide, hasDigit }: Segment): void {
    if (!isCompound) {
      this.addPart(start, end, isWide, hasDigit);
      return;
    }
    const parts = this.splitParts(start, end);
    const length = end - start;
    const isJumbled = parts.length * (hasDigit ? 3.5 : 2.5) > length;
    if (parts.length === 0) return;
    if (length >= MIN_LENGTH_OF_DATA && isJumbled) {
      this.position++;
      return;
    }
    const isWhole = parts.length === 1 && parts[0]?.start === start && parts[0].end === end;
    if (!isWhole) this.addWhole(start, end, isWide);
    for (const part of parts) this.addPart(part.start, part.end, isWide, hasDigit);
  }

  /** The parts of snake_case, camelCase, PascalCase and XMLHttpRequest; one alone of what only looks like it (URLs). */
  private splitParts(start: number, end: number): { start: number; end: number }[] {
    const { text } = this;
    const parts: { start: number; end: number }[] = [];
    let from = -1;
    let before = NONE;
    for (let at = start; at < end; at++) {
      const kind = kindAt(text, at);
      if (kind === MARK) continue;
      if (kind === UNDERSCORE) {
        if (from >= 0) parts.push({ start: from, end: at });
        from = -1;
      } else if (from < 0) from = at;
      else if (kind === UPPER && this.beginsPart(at, end, before)) {
        parts.push({ start: from, end: at });
        from = at;
      }
      before = kind;
    }
    if (from >= 0) parts.push({ start: from, end });
    return parts;
  }

  private beginsPart(at: number, end: number, before: number): boolean {
    if (before === LOWER) return true;
    const isBeforeLower = at + 1 < end && kindAt(this.text, at + 1) === LOWER;
    if (!isBeforeLower || (before !== UPPER && before !== DIGIT)) return false;
    // The plural of capitals.
    const isPlural = this.text.charCodeAt(at + 1) === 115 && (at + 2 === end || kindAt(this.text, at + 2) !== LOWER);
    return !isPlural;
  }

  private addWhole(start: number, end: number, isWide: boolean): void {
    if (end - start <= MAX_LENGTH) this.add("whole", this.position + 1, start, end, isWide);
  }

  private addPart(start: number, end: number, isWide: boolean, hasDigit: boolean): void {
    this.position++;
    const length = end - start;
    if (length > MAX_LENGTH || (hasDigit && length > MAX_LENGTH_WITH_DIGITS)) return;
    this.add("word", this.position, start, end, isWide);
  }

  private add(kind: Word["kind"], position: number, start: number, end: number, isWide: boolean): void {
    const written = this.text.slice(start, end);
    const text = isWide ? toAlike(written) : this.hasCapital ? written.toLowerCase() : written;
    // A single character may stand for many.
    if (text === "" || (isWide && text.length > MAX_LENGTH)) return;
    this.take(text, start, end, position, kind);
  }

  private readGrams(start: number): number {
    const { text } = this;
    let first = start;
    let second = this.endOfCharacter(start);
    let isAlone = true;
    while (second < text.length && kindAt(text, second) === GRAM) {
      const end = this.endOfCharacter(second);
      this.add("gram", ++this.position, first, end, true);
      first = second;
      second = end;
      isAlone = false;
    }
    if (isAlone) this.add("gram", ++this.position, start, second, true);
    return second;
  }

  private endOfCharacter(start: number): number {
    let at = start + 1;
    while (at < this.text.length && kindAt(this.text, at) === MARK) at++;
    return at;
  }
}

type Segment = { start: number; end: number; isCompound: boolean; isWide: boolean; hasDigit: boolean };

/** An address ends at white space, quotes and brackets, or where another script begins. */
function endOfAddress(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 34 || code === 39 || code === 60 || code === 62 || code === 96 || code > 0x2000) break;
  }
  return at;
}
