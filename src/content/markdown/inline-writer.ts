import {
  findLineStartEscape,
  invisible,
  isAsciiPunctuation,
  isEntityAt,
  isLetter,
  isSpace,
  isWord,
  kindOf,
  plain,
  space,
} from "./characters.ts";

export type Format = {
  /** Formats of one kind do not nest. */
  kind: string;
  open: string;
  close: string;
  /** Written in place of the delimiters where CommonMark would not take these for emphasis; none for links. */
  tag?: string;
};

type OpenFormat = Format & { at: number; isTag: boolean; isDone: boolean };
type Closing = { opening: number; closing: number; tag: string };

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
      let previous = at > 0 ? value.charCodeAt(at - 1) : this.previous();
      if (at === start && buffer === "" && this.pending !== noPending) previous = 32;
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

  break(): void {
    this.pending = this.isOneLine ? pendingSpace : pendingBreak;
  }

  code(value: string): void {
    let text = value.replace(/[ \t\n\f\r\u00a0]+/g, " ");
    if (text.startsWith(" ") && !this.isEmpty()) this.space();
    const endsInSpace = text.endsWith(" ");
    text = text.trim();
    if (text === "") {
      this.space();
      return;
    }
    const before = this.lastCode;
    if (before && before.at === this.parts.length - 1 && this.pending === noPending && this.formatsAreOpen()) {
      // Two spans side by side would be read as one with longer fences.
      before.text += text;
      this.parts[before.at] = codeSpan(before.text);
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
    if (this.pending !== noPending) return 32;
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
    if (this.last === 0 && value.charCodeAt(at) === 91) this.startsWithBracket = true;
    return this.isOneLine ? -1 : findLineStartEscape(value, at, this.last !== 0);
  }

  private mustEscape(value: string, at: number, code: number, previous: number): boolean {
    const isLast = at + 1 === value.length;
    const next = isLast ? 0 : value.charCodeAt(at + 1);
    switch (code) {
      case 92: // \
        return isLast || isAsciiPunctuation(next);
      case 96: // `
        return true;
      case 42: // *
        return !isSpace(next) || this.isIn("strong") || this.isIn("em") || this.last === 0;
      case 95: // _
        return !isWord(previous) && !isSpace(next);
      case 126: // ~
        return next === 126 || !isSpace(previous);
      case 60: // <
        return isLast || isLetter(next) || next === 47 || next === 33 || next === 63;
      case 38: // &
        return isEntityAt(value, at);
      case 91: // [
        return next === 94 || this.isIn("link");
      case 93: // ]
        return this.isIn("link");
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
        this.last = this.pending === pendingSpace || this.isInCell ? 32 : 10;
      }
      this.pending = noPending;
    }
    const { length } = this.formats;
    if (this.opened === length) {
      if (this.closings.length > 0) this.settle(next);
      return;
    }
    let following = next;
    for (let at = length - 1; at >= this.opened; at--) {
      const format = this.formats[at];
      if (!format || format.isDone) continue;
      if (format.kind === "strong" || format.kind === "em" || format.kind === "del") {
        format.isTag = !isWord(following) && !isSpace(following) && isWord(this.last);
      } else following = format.open.charCodeAt(0);
    }
    this.settle(following);
    for (let at = this.opened; at < length; at++) this.open(this.formats[at]);
    this.opened = length;
  }

  private open(format: OpenFormat | null | undefined): void {
    if (!format || format.isDone) return;
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
    this.closings.push({ opening: format.at, closing: this.parts.length - 1, tag: format.tag });
  }

  private closeAsAutolink(format: OpenFormat): boolean {
    const url = format.close.slice(2, -1);
    if (this.parts.length - format.at > 6 || !/^(?:https?:|mailto:)[^\s<>\\]+$/.test(url)) return false;
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

  /** Now that the character after closed emphases is known: would CommonMark close them there? */
  private settle(next: number): void {
    const { closings } = this;
    if (closings.length === 0) return;
    if (isWord(next) && !isWord(this.last)) {
      for (const { opening, closing, tag } of closings) {
        // Only those that end right here.
        if (closing < this.parts.length - closings.length) continue;
        this.parts[opening] = `<${tag}>`;
        this.parts[closing] = `</${tag}>`;
      }
    }
    this.closings = [];
  }
}

function codeSpan(text: string): string {
  if (!text.includes("`")) return `\`${text}\``;
  let longest = 0;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}
