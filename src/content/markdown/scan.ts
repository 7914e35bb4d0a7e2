/** Where a destination stands in a Markdown text, without the brackets around it. */
export type Destination = { start: number; end: number; form: "bare" | "pointed" | "autolink" };

const openFence = /^(?:[ \t]|>|[-+*][ \t]|\d{1,9}[.)][ \t]){0,64}(`{3,}|~{3,})([^\n]*)/;
const quoteOrIndent = /^[ \t>]{0,200}/;
/** Several lists may begin on one line. */
const listMarkers = /^(?:[ \t>]{0,200}(?:[-+*]|\d{1,9}[.)])[ \t]{1,4}){1,40}/;
const autolink = /<([a-zA-Z][a-zA-Z\d+.-]{1,31}:[^\s<>]{0,8192})>/y;
const definition = /^[ \t>]{0,64}\[(?!\^)(?:[^[\]\\\n]|\\[^\n]){1,999}\]:[ \t]*/;

/** The destinations of a Markdown text in order, none of them in code. Linear in the text. */
export function findDestinations(markdown: string): Destination[] {
  const found: Destination[] = [];
  for (const { start, end } of proseRanges(markdown)) scanProse(markdown, start, end, found);
  return found;
}

/** Ranges of lines that are not in fenced or indented code, cut at blank lines: no inline reaches across those. */
export function proseRanges(markdown: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let fence: { mark: string; length: number } | undefined;
  let start = -1;
  let isAfterBlank = true;
  let listIndent = 0;
  for (let at = 0; at < markdown.length; ) {
    const feed = markdown.indexOf("\n", at);
    const end = feed < 0 ? markdown.length : feed;
    const line = markdown.slice(at, end);
    const open: RegExpExecArray | null = fence ? null : openFence.exec(line.slice(0, 4096));
    const isBlank = line.trim() === "" || /^[ \t>]{1,200}$/.test(line);
    const indent = indentOf(line);
    let isCode = true;
    if (fence) {
      if (closesFence(line, fence)) fence = undefined;
    } else if (open?.[1] && !(open[1].startsWith("`") && open[2]?.includes("`"))) {
      fence = { mark: open[1].charAt(0), length: open[1].length };
    } else if (isBlank) {
      isAfterBlank = true;
    } else if (isAfterBlank && indent >= listIndent + 4) {
      // Indented code goes on until a line with less indentation.
    } else {
      isCode = false;
      isAfterBlank = false;
    }
    const markers = isBlank ? undefined : listMarkers.exec(line)?.[0];
    if (markers !== undefined && (!isCode || open)) {
      const inner = markers.length - quotesOf(line);
      // After a nested list ends, its items' indentation is still taken for prose: rather a link too many than one lost.
      listIndent = /^[ \t>]/.test(line) ? Math.max(listIndent, inner) : inner;
    }
    if (markers === undefined && !isCode && indent === 0 && isStartOfBlock(markdown, at) && !/^[ \t>]/.test(line))
      listIndent = 0;
    if (!isCode) {
      if (start < 0) start = at;
    } else {
      if (!isBlank && fence === undefined && open === null && !isAfterBlank) isAfterBlank = true;
      if (start >= 0) ranges.push({ start, end: at });
      start = -1;
    }
    at = end + 1;
  }
  if (start >= 0) ranges.push({ start, end: markdown.length });
  return ranges;
}

function isStartOfBlock(markdown: string, at: number): boolean {
  return at < 2 || markdown.charCodeAt(at - 2) === 10;
}

/** Columns before the text, not counting quote marks and the space after each. */
function indentOf(line: string): number {
  let indent = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === " ") indent++;
    else if (char === "\t") indent += 4 - (indent % 4);
    else if (char === ">") {
      indent = 0;
      if (line.charAt(at + 1) === " ") at++;
    } else break;
  }
  return indent;
}

function quotesOf(line: string): number {
  const before = quoteOrIndent.exec(line)?.[0] ?? "";
  const last = before.lastIndexOf(">");
  return last < 0 ? 0 : last + (before.charAt(last + 1) === " " ? 2 : 1);
}

function closesFence(line: string, fence: { mark: string; length: number }): boolean {
  const rest = line.replace(quoteOrIndent, "").trimEnd();
  if (rest.length < fence.length) return false;
  for (let at = 0; at < rest.length; at++) if (rest.charAt(at) !== fence.mark) return false;
  return true;
}

function scanProse(text: string, start: number, end: number, found: Destination[]): void {
  const spans = codeSpanEnds(text, start, end);
  let isLineStart = true;
  // A definition can't interrupt a paragraph: only another one, or a heading, may stand right before it.
  let mayDefine = true;
  for (let at = start; at < end; at++) {
    if (isLineStart) {
      isLineStart = false;
      const isAllowed = mayDefine;
      mayDefine = text.charCodeAt(at) === 35;
      const head = isAllowed && definition.exec(text.slice(at, Math.min(end, at + 1100)));
      if (head) {
        const target = readDestination(text, at + head[0].length, end);
        if (target) {
          found.push(target);
          mayDefine = true;
          at = target.end - (target.form === "pointed" ? 0 : 1);
          continue;
        }
      }
    }
    switch (text.charCodeAt(at)) {
      case 10:
        isLineStart = true;
        break;
      case 92: // A backslash takes what follows out of the game.
        if (text.charCodeAt(at + 1) !== 10) at++;
        break;
      case 96: {
        let runEnd = at;
        while (runEnd < end && text.charCodeAt(runEnd) === 96) runEnd++;
        at = (spans.get(at) ?? runEnd) - 1;
        break;
      }
      case 60: {
        autolink.lastIndex = at;
        const link = autolink.exec(text);
        if (link?.[1] === undefined || at + link[0].length > end) break;
        found.push({ start: at + 1, end: at + link[0].length - 1, form: "autolink" });
        at += link[0].length - 1;
        break;
      }
      case 93: {
        if (text.charCodeAt(at + 1) !== 40) break;
        const target = readInline(text, at + 2, end);
        if (!target) break;
        found.push(target.destination);
        at = target.end - 1;
        break;
      }
    }
  }
}

/** For each back-tick run that opens a code span, where the span ends. One pass from the right, so linear. */
function codeSpanEnds(text: string, start: number, end: number): Map<number, number> {
  const ends = new Map<number, number>();
  const next = new Map<number, number>();
  for (let at = end - 1; at >= start; at--) {
    if (text.charCodeAt(at) !== 96) continue;
    const runEnd = at + 1;
    while (at > start && text.charCodeAt(at - 1) === 96) at--;
    const length = runEnd - at;
    const closing = next.get(length);
    if (closing !== undefined) ends.set(at, closing);
    // An escaped back-tick opens nothing, yet the rest of its run may: seen from its second one on.
    if (text.charCodeAt(at - 1) === 92 && length > 1) {
      const shorter = next.get(length - 1);
      if (shorter !== undefined) ends.set(at + 1, shorter);
    }
    next.set(length, runEnd);
  }
  return ends;
}

/** `url "title")` after `](`; `undefined` when it is no link. */
function readInline(text: string, from: number, end: number): { destination: Destination; end: number } | undefined {
  const destination = readDestination(text, skipSpace(text, from, end), end);
  if (!destination) return undefined;
  let at = destination.end + (destination.form === "pointed" ? 1 : 0);
  const afterSpace = skipSpace(text, at, end);
  if (text.charCodeAt(afterSpace) === 41 && afterSpace < end) return { destination, end: afterSpace + 1 };
  if (afterSpace === at) return undefined;
  at = skipTitle(text, afterSpace, end);
  if (at < 0) return undefined;
  at = skipSpace(text, at, end);
  return at < end && text.charCodeAt(at) === 41 ? { destination, end: at + 1 } : undefined;
}

const maxDestination = 16_384;

function readDestination(text: string, from: number, end: number): Destination | undefined {
  const limit = Math.min(end, from + maxDestination);
  const isPointed = text.charCodeAt(from) === 60;
  const start = isPointed ? from + 1 : from;
  let depth = 0;
  let at = start;
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) {
      at++;
      continue;
    }
    if (isPointed) {
      if (code === 62) return { start, end: at, form: "pointed" };
      if (code === 10 || code === 60) return undefined;
    } else if (code <= 32) break;
    else if (code === 40) {
      // As many as other parsers follow; it also keeps a text of nothing but "](" linear.
      if (++depth > 32) return undefined;
    } else if (code === 41 && --depth < 0) break;
  }
  if (isPointed || at >= end + 1 || at === start || at - start >= maxDestination) return undefined;
  return depth > 0 ? undefined : { start, end: Math.min(at, end), form: "bare" };
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9 || text.charCodeAt(at) === 10)) at++;
  return at;
}

/** The position after a title, or -1. */
function skipTitle(text: string, from: number, end: number): number {
  const open = text.charAt(from);
  const close = open === "(" ? ")" : open === '"' || open === "'" ? open : "";
  if (close === "") return -1;
  const limit = Math.min(end, from + maxDestination);
  for (let at = from + 1; at < limit; at++) {
    const char = text.charAt(at);
    if (char === "\\") at++;
    else if (char === close) return at + 1;
    else if (char === open) return -1;
  }
  return -1;
}
