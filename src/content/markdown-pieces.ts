/**
 * A block of Markdown by its place in the text, blank lines after it included, so that the pieces of a text are all of
 * it. An item of a list is a piece of its own.
 */
export type Piece = {
  start: number;
  end: number;
  kind: "heading" | "text" | "code" | "table";
  /** Of a heading. */
  level: number;
  /** Of a table, where its first row begins; of code, where its first line does. */
  bodyStart: number;
  /** Of code: the fence by which it goes on elsewhere, and the one that ends it. */
  opening: string;
  closing: string;
};

/** As much of a line as says what it is: a page's text may be one line. */
const HEAD_LENGTH = 300;

const fencePattern = /^([ \t>]{0,100}(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,4})?)(`{3,100}|~{3,100})([^\r\n]*)/;
const headingPattern = /^ {0,3}(#{1,6})(?=\s|$)/;
const itemPattern = /^[ \t>]{0,100}(?:[-*+]|\d{1,9}[.)])[ \t]/;
const underlinePattern = /^ {0,3}(?:=+|-+)\s*$/;
const delimiterRowPattern = /^[ \t>|:-]+\s*$/;

/** Splits Markdown into its blocks, in one pass. */
export function readPieces(markdown: string): Piece[] {
  const reader = new PieceReader(markdown);
  for (let at = 0; at < markdown.length; ) {
    const lineBreak = markdown.indexOf("\n", at);
    const end = lineBreak < 0 ? markdown.length : lineBreak + 1;
    reader.readLine(at, end);
    at = end;
  }
  return reader.pieces;
}

class PieceReader {
  readonly pieces: Piece[] = [];
  private fence = "";
  /** Lines of the piece being read; 0 when the next line begins another one. */
  private lines = 0;

  constructor(private readonly markdown: string) {}

  readLine(start: number, end: number): void {
    const head = this.markdown.slice(start, Math.min(end, start + HEAD_LENGTH));
    const last = this.pieces.at(-1);
    if (this.fence !== "") {
      if (last) last.end = end;
      if (this.closesFence(head)) this.fence = "";
      return;
    }
    if (head.trim() === "" && end - start <= HEAD_LENGTH) {
      if (last) last.end = end;
      else this.add(start, end, "text");
      this.lines = 0;
      return;
    }
    if (this.opensFence(head, start, end)) return;
    const level = headingPattern.exec(head)?.[1]?.length;
    if (level !== undefined) {
      this.add(start, end, "heading").level = level;
      this.lines = 0;
      return;
    }
    if (last && this.lines === 1 && last.kind === "text" && this.turnsPiece(last, head, end)) return;
    const goesOn = last && this.lines > 0 && !itemPattern.test(head) && (last.kind !== "table" || head.includes("|"));
    if (!goesOn) this.add(start, end, "text");
    else {
      last.end = end;
      this.lines++;
    }
  }

  /** What a second line may make of the first: a heading, or the head of a table. */
  private turnsPiece(first: Piece, head: string, end: number): boolean {
    if (underlinePattern.test(head)) {
      Object.assign(first, { kind: "heading", level: head.includes("=") ? 1 : 2, end });
      this.lines = 0;
      return true;
    }
    const above = this.markdown.slice(first.start, Math.min(first.end, first.start + HEAD_LENGTH));
    if (!head.includes("|") || !head.includes("-") || !delimiterRowPattern.test(head) || !above.includes("|"))
      return false;
    Object.assign(first, { kind: "table", bodyStart: end, end });
    this.lines = 2;
    return true;
  }

  private opensFence(head: string, start: number, end: number): boolean {
    const [, place = "", marks, info = ""] = fencePattern.exec(head) ?? [];
    if (!marks || (marks.startsWith("`") && info.includes("`"))) return false;
    this.fence = marks;
    const piece = this.add(start, end, "code");
    // In a list the item's mark stands before the fence once.
    const margin = place.replace(/(?:[-*+]|\d{1,9}[.)])(?=[ \t]{1,4}$)/, (mark) => " ".repeat(mark.length));
    piece.bodyStart = end;
    piece.opening = `${margin}${marks}${info.trim().split(/\s/, 1)[0] ?? ""}\n`;
    piece.closing = `${margin}${marks}\n`;
    this.lines = 0;
    return true;
  }

  private closesFence(head: string): boolean {
    const line = head.replace(/^[ \t>]{0,100}/, "").trimEnd();
    return line.length >= this.fence.length && line.startsWith(this.fence) && /^(?:`+|~+)$/.test(line);
  }

  private add(start: number, end: number, kind: Piece["kind"]): Piece {
    const piece: Piece = { start, end, kind, level: 0, bodyStart: start, opening: "", closing: "" };
    this.pieces.push(piece);
    this.lines = 1;
    return piece;
  }
}

/** The words of a heading's line. */
export function headingText(markdown: string, { start, end }: Piece): string {
  let text = (markdown.slice(start, Math.min(end, start + HEAD_LENGTH)).split("\n", 1)[0] ?? "").trim();
  text = text.replace(/^#{1,6}/, "").trim();
  const withoutMarks = text.replace(/#+$/, "");
  if (withoutMarks === "" || /\s$/.test(withoutMarks)) text = withoutMarks.trim();
  if (!/[\\[*`~]/.test(text)) return text.toWellFormed();
  return text
    .replace(/!?\[([^\][]{0,200})\]\([^()\s]{0,200}\)/g, "$1")
    .replace(/\\([!-/:-@[-`{-~])|[*`]|~~/g, "$1")
    .trim()
    .toWellFormed();
}
