import {
  findLineStartEscape,
  hasPairedBrackets,
  invisible,
  isAsciiPunctuation,
  isEntityAt,
  isLetter,
  isSpace,
  isWhite,
  isWord,
  kindOf,
  plain,
  space,
} from "./characters.ts";
import { codeSpan } from "./code.ts";

export type Format = {
  /** Formats of one kind do not nest. */
  kind: string;
  open: string;
  close: string;
  /** Written in place of the delimiters where CommonMark would not take these for emphasis; none for links. */
  tag?: string;
};

type OpenFormat = Format & { at: number; isTag: boolean; isDone: boolean };
/** An emphasis that ended: the places of its delimiters, and the character before the closing ones. */
type Closing = { opening: number; closing: number; tag: string; mark: string; before: number };

const noPending = 0;
const pendingSpace = 1;
const pendingBreak = 2;

/**
 * One paragraph's worth of inline Markdown. White space collapses as in HTML; delimiters are written only around text,
 * so that spaces at the edges of an emphasis come to stand outside of it.
 */
export class InlineWriter {
  isInCell = false;
  /** In headings, where a line break can't be. */
  isOneLine = false;

  private parts: string[] = [];
  /** The last character that is no emphasis delimiter: 0 at the start, 10 after a line break. */
  private last = 0;
  private pending = noPending;
  private readonly formats: (OpenFormat | null)[] = [];
  private opened = 0;
  /** Closed emphases whose right side has not been seen yet. */
  private closings: Closing[] = [];
  /** Texts of code spans that were joined, by their place; written when the paragraph ends. */
  private readonly joinedCodes = new Map<number, string>();
  private lastCode: { at: number; text: string } | undefined;
  private startsWithBracket = false;

  isEmpty(): boolean {
    return this.parts.length === 0;
  }

  hasPendingBreak(): boolean {
    return this.pending === pendingBreak;
  }

  isIn(kind: string): boolean {
    return this.formats.some((format) => format?.kind === kind && !format.isDone);
  }

  text(value: string): void {
    const { length } = value;
    let start = 0;
    let buffer = "";
    let wasUnderscoreEscaped = false;
    for (let at = 0; at < length; at++) {
      const code = value.charCodeAt(at);
      const kind = kindOf(code);
      if (buffer === "" && at === start && kind !== space && kind !== invisible) {
        const escapeAt = this.lineStartEscape(value, at);
        if (escapeAt >= 0) {
          buffer = `${value.slice(at, escapeAt)}\\`;
          start = escapeAt;
          at = escapeAt;
          continue;
        }
      }
      if (kind === plain) continue;
      if (kind === space) {
        const isAlone = code === 32 && at > start && at + 1 < length && kindOf(value.charCodeAt(at + 1)) !== space;
        if (isAlone) continue;
        this.raw(buffer + value.slice(start, at));
        buffer = "";
        while (at + 1 < length && kindOf(value.charCodeAt(at + 1)) === space) at++;
        start = at + 1;
        if (this.pending === noPending) this.pending = pendingSpace;
        continue;
      }
      if (kind === invisible) {
        buffer += value.slice(start, at);
        start = at + 1;
        continue;
      }
      const isFirst = at === start && buffer === "" && (at === 0 || this.pending !== noPending);
      const previous = isFirst ? this.previous() : value.charCodeAt(at - 1);
      let mustEscape = this.mustEscape(value, at, code, previous);
      if (code === 95) {
        // All of a run of underscores opens an emphasis, or none of it.
        if (previous === 95 && at > 0) mustEscape = wasUnderscoreEscaped;
        wasUnderscoreEscaped = mustEscape;
      }
      if (mustEscape) {
        buffer += `${value.slice(start, at)}\\`;
        start = at;
      }
    }
    this.raw(buffer + value.slice(start, length));
  }

  /** Writes Markdown as it stands. */
  raw(markdown: string): void {
    if (markdown === "") return;
    this.prepare(markdown.charCodeAt(0));
    this.parts.push(markdown);
    this.last = markdown.charCodeAt(markdown.length - 1);
  }

  space(): void {
    if (this.pending === noPending) this.pending = pendingSpace;
  }

  /** Takes back white space that was to come before what follows. */
  closeUp(): void {
    this.pending = noPending;
  }

  break(): void {
    this.pending = this.isOneLine ? pendingSpace : pendingBreak;
  }

  /** `keepsIndent`: what spaces stand before the code are kept, as spaces that do not collapse. */
  code(value: string, keepsIndent = false): void {
    let text = value.replace(/[ \t\n\f\r\u00a0]+/g, " ");
    if (text.startsWith(" ") && !this.isEmpty()) this.space();
    const endsInSpace = text.endsWith(" ");
    text = text.trim();
    if (text === "") {
      this.space();
      return;
    }
    if (keepsIndent) text = "\u00a0".repeat(Math.min(40, value.search(/\S/))) + text;
    if (this.isInCell && text.includes("\\|")) {
      // A table's row is split before code is read, and a backslash can't be escaped in code.
      this.raw("<code>");
      this.text(text);
      this.raw("</code>");
      return;
    }
    const before = this.lastCode;
    if (before && before.at === this.parts.length - 1 && this.pending === noPending && this.formatsAreOpen()) {
      // Two spans side by side would be read as one with longer fences.
      before.text += text;
      this.joinedCodes.set(before.at, before.text);
    } else {
      this.raw(codeSpan(text));
      this.lastCode = { at: this.parts.length - 1, text };
    }
    if (endsInSpace) this.space();
  }

  /** Begins a format; it must be ended by `end`, in reverse order. */
  begin(format: Format): void {
    if (this.isIn(format.kind)) {
      this.formats.push(null);
      return;
    }
    const closing = this.closings.at(-1);
    if (closing && closing.closing === this.parts.length - 1 && this.pending === noPending && this.formatsAreOpen()) {
      if (this.parts[closing.opening] === format.open && this.parts[closing.closing] === format.close) {
        // "**a****b**" is no emphasis: go on with the one that ended just now.
        this.parts.pop();
        this.closings.pop();
        this.formats.push({ ...format, at: closing.opening, isTag: false, isDone: false });
        this.opened = this.formats.length;
        return;
      }
    }
    this.formats.push({ ...format, at: -1, isTag: false, isDone: false });
  }

  end(): void {
    const format = this.formats.at(-1);
    if (format) this.close(format);
    this.formats.pop();
    this.opened = Math.min(this.opened, this.formats.length);
  }

  /** The paragraph so far, or the empty string; formats that are still open go on in the next one. */
  take(): string {
    for (let at = this.opened - 1; at >= 0; at--) {
      const format = this.formats[at];
      if (format) this.close(format);
      // A link around several blocks is a link once.
      if (format?.kind === "link" && format.at >= 0) format.isDone = true;
      if (format) format.at = -1;
    }
    this.opened = 0;
    this.settle(32);
    for (const [at, code] of this.joinedCodes) this.parts[at] = codeSpan(code);
    this.joinedCodes.clear();
    const text = this.parts.join("");
    this.parts = [];
    this.closings = [];
    this.lastCode = undefined;
    this.last = 0;
    this.pending = noPending;
    this.startsWithBracket = false;
    return text;
  }

  private previous(): number {
    // What begins with this text stands between it and what was written.
    if (!this.formatsAreOpen()) return 62;
    if (this.pending !== noPending) return this.pending === pendingBreak && this.isInCell ? 62 : 32;
    if (this.closings.at(-1)?.closing === this.parts.length - 1) return 42;
    return this.last === 0 ? 32 : this.last;
  }

  private formatsAreOpen(): boolean {
    for (let at = this.opened; at < this.formats.length; at++) if (this.formats[at]) return false;
    return true;
  }

  private isAtLineStart(): boolean {
    return this.last === 0 || (this.pending === pendingBreak && !this.isInCell);
  }

  private lineStartEscape(value: string, at: number): number {
    if (!this.isAtLineStart() || this.isInCell || !this.formatsAreOpen()) return -1;
    const escapeAt = this.isOneLine ? -1 : findLineStartEscape(value, at, this.last !== 0);
    if (this.last === 0 && value.charCodeAt(at) === 91 && escapeAt < 0)
      this.startsWithBracket = value.charCodeAt(at + 1) !== 94;
    return escapeAt;
  }

  private mustEscape(value: string, at: number, code: number, previous: number): boolean {
    const isLast = at + 1 === value.length;
    const next = isLast ? 0 : value.charCodeAt(at + 1);
    // A space may yet move out of an emphasis, whose delimiter then comes to stand there.
    const isSpaceSure = this.formats.length === 0;
    switch (code) {
      case 92: // \
        return isLast || isAsciiPunctuation(next) || (isSpace(next) && !isSpaceSure);
      case 96: // `
        return true;
      case 42: // *
        return !isSpace(next) || !isSpaceSure || previous === 42;
      case 95: // _
        return !isWord(previous) && (!isSpace(next) || !isSpaceSure);
      case 126: // ~
        return isLast || next === 126 || !isSpace(previous) || this.isIn("del");
      case 60: // <
        return isLast || isLetter(next) || next === 47 || next === 33 || next === 63;
      case 38: // &
        return isEntityAt(value, at);
      case 91: // [
        return next === 94 || (this.isIn("link") && !hasPairedBrackets(value));
      case 93: // ]
        return this.isIn("link") && !hasPairedBrackets(value);
      case 40: // (
        return previous === 93;
      case 58: // :
        return previous === 93 && this.startsWithBracket;
    }
    return false;
  }

  /** Brings pending white space and delimiters out before a character. */
  private prepare(next: number): void {
    if (this.pending !== noPending) {
      this.settle(32);
      if (this.last !== 0) {
        this.parts.push(this.pending === pendingSpace ? " " : this.isInCell ? "<br>" : "  \n");
        this.last = this.pending === pendingSpace ? 32 : this.isInCell ? 62 : 10;
      }
      this.pending = noPending;
    }
    const { length } = this.formats;
    if (this.opened === length) {
      this.settle(next);
      return;
    }
    const waiting = this.formats.slice(this.opened).filter((format) => format !== null && !format.isDone);
    const isTag = this.needTags(waiting as OpenFormat[], next);
    this.settle(waiting.length > 0 ? 60 : next);
    for (const format of waiting as OpenFormat[]) this.open(format, isTag);
    this.opened = length;
  }

  /**
   * Whether CommonMark would not open all these emphases here (section 6.2), or might take one's delimiters for the end
   * of another. Right after the end of an emphasis nobody could tell which of the delimiters end and which begin.
   */
  private needTags(waiting: readonly OpenFormat[], next: number): boolean {
    let isInside = this.formats.some((format, at) => at < this.opened && format?.tag !== undefined);
    let before = this.last === 0 ? 32 : this.last;
    let outer = "";
    for (const [at, format] of waiting.entries()) {
      const mark = format.open.charAt(0);
      if (format.tag === undefined) {
        before = format.open.charCodeAt(format.open.length - 1);
        isInside ||= outer !== "";
        outer = "";
        continue;
      }
      if (this.closings.length > 0) return true;
      if (outer !== "" && outer !== mark) {
        before = outer.charCodeAt(0);
        isInside = true;
      }
      outer = mark;
      const inner = waiting.slice(at + 1).find((other) => other.open.charAt(0) !== mark);
      const after = inner ? inner.open.charCodeAt(0) : next;
      if (isWord(before) ? isInside || !isWord(after) : isInside && !isWhite(before) && !isWord(after)) return true;
    }
    return false;
  }

  private open(format: OpenFormat, isTag: boolean): void {
    format.isTag = isTag && format.tag !== undefined;
    if (format.kind === "link" && this.last === 33) {
      const before = this.parts.at(-1);
      if (before?.endsWith("!")) this.parts[this.parts.length - 1] = `${before.slice(0, -1)}\\!`;
    }
    format.at = this.parts.length;
    this.parts.push(format.isTag ? `<${format.tag}>` : format.open);
    if (format.isTag || !format.tag) this.last = format.isTag ? 62 : format.open.charCodeAt(format.open.length - 1);
  }

  private close(format: OpenFormat): void {
    if (format.at < 0 || format.isDone) return;
    if (format.kind === "link" && this.closeAsAutolink(format)) return;
    this.parts.push(format.isTag ? `</${format.tag}>` : format.close);
    if (format.isTag || !format.tag) {
      this.last = format.isTag ? 62 : format.close.charCodeAt(format.close.length - 1);
      return;
    }
    const inner = this.closings.at(-1);
    const isNext = inner !== undefined && inner.closing === this.parts.length - 2;
    // For CommonMark the delimiters of another kind are punctuation.
    const before = isNext ? (inner.mark === format.close.charAt(0) ? inner.before : 42) : this.last;
    const mark = format.close.charAt(0);
    this.closings.push({ opening: format.at, closing: this.parts.length - 1, tag: format.tag, mark, before });
  }

  private closeAsAutolink(format: OpenFormat): boolean {
    if (this.parts.length - format.at > 6) return false;
    const first = this.parts[format.at + 1] ?? "";
    // Most links say something else than where they lead.
    if (!first.includes(".") && !first.includes(":") && !first.includes("@")) return false;
    const url = format.close.slice(2, -1);
    if (!/^(?:https?:|mailto:)[^\s<>\\]+$/.test(url)) return false;
    const text = this.parts
      .slice(format.at + 1)
      .join("")
      .replaceAll("\\", "");
    if (text !== url && `${text}/` !== url && `mailto:${text}` !== url) return false;
    this.parts.length = format.at;
    this.parts.push(`<${url.startsWith("mailto:") ? url.slice(7) : url}>`);
    this.last = 62;
    return true;
  }

  /** A delimiter that comes to stand before a tag may no longer open. */
  private tagOpenedAt(place: number): void {
    const format = this.formats.find((open) => open?.tag !== undefined && open.at === place && !open.isTag);
    if (!format) return;
    format.isTag = true;
    this.parts[place] = `<${format.tag}>`;
    this.tagOpenedAt(place - 1);
  }

  /** Now that the character after closed emphases is known: would CommonMark close them there? */
  private settle(next: number): void {
    const { closings } = this;
    if (closings.length === 0) return;
    const last = closings.at(-1);
    let at = this.parts.length - 1;
    if (last && isWord(next)) {
      for (const { opening, closing, tag, mark, before } of closings.toReversed()) {
        // Only those that end right here, and are not followed by delimiters of another kind.
        if (closing !== at-- || mark !== last.mark) break;
        if (isWord(before)) continue;
        this.parts[opening] = `<${tag}>`;
        this.parts[closing] = `</${tag}>`;
        this.tagOpenedAt(opening - 1);
      }
    }
    this.closings = [];
  }
}
