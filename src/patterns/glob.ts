/** A place in a pattern's text that can't be understood; `at` counts from 0. */
export class PatternFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Read position in a glob, and the braces that are open there. */
type Scan = { readonly glob: string; at: number; readonly braces: number[] };

// Line comments, since a glob can end a block comment.
//
// A glob as a regular expression in RE2's syntax that matches all of a text: `*` is anything within a segment, `**`
// anything at all, `?` one character but `/`, `{a,b}` one of several (they may nest), `[a-z]` and `[!a-z]` one of a set;
// `\` takes the next character as it is. Two stars between slashes can stand for no segment (`/a/**/b` matches `/a/b`),
// and at the end for the folder without its slash (`/a/**` matches `/a`). Spaces and characters outside ASCII match
// their percent-encoding, since that is what a canonical URL has. Throws PatternFault.
export function globToRegExp(glob: string): string {
  const scan: Scan = { glob, at: 0, braces: [] };
  let source = "";
  while (scan.at < glob.length) source += nextToken(scan);
  const open = scan.braces.at(-1);
  if (open !== undefined) throw new PatternFault(open, `"{" is never closed`);
  return `^(?:${source})$`;
}

function nextToken(scan: Scan): string {
  const { glob, braces } = scan;
  const start = scan.at;
  const point = glob.codePointAt(start) ?? 0;
  const character = String.fromCodePoint(point);
  scan.at += character.length;
  switch (character) {
    case "/":
      return nextSlash(scan);
    case "*":
      return glob[scan.at] === "*" ? anything(scan) : "[^/]*";
    case "?":
      return "[^/]";
    case "[":
      return nextSet(scan, start);
    case "]":
      throw new PatternFault(start, `"]" closes nothing; write "\\]" for the character itself`);
    case "{":
      braces.push(start);
      return "(?:";
    case "}":
      if (braces.pop() === undefined) {
        throw new PatternFault(start, `"}" closes nothing; write "\\}" for the character itself`);
      }
      return ")";
    case ",":
      return braces.length > 0 ? "|" : ",";
    case "\\":
      return nextEscaped(scan, start);
    default:
      return literal(character);
  }
}

function nextSlash(scan: Scan): string {
  if (!scan.glob.startsWith("**", scan.at)) return "/";
  let end = scan.at;
  while (scan.glob[end] === "*") end += 1;
  if (end === scan.glob.length && scan.at > 1) {
    scan.at = end;
    return "(?:/.*)?";
  }
  if (scan.glob[end] !== "/") return "/";
  scan.at = end + 1;
  return "/(?:.*/)?";
}

/** The stars after the first of several; at the very start, a slash after them may be missing from the text too. */
function anything(scan: Scan): string {
  while (scan.glob[scan.at] === "*") scan.at += 1;
  return ".*";
}

function nextEscaped(scan: Scan, start: number): string {
  const point = scan.glob.codePointAt(scan.at);
  if (point === undefined) throw new PatternFault(start, `"\\" at the end takes no character`);
  const character = String.fromCodePoint(point);
  scan.at += character.length;
  return literal(character);
}

function nextSet(scan: Scan, start: number): string {
  const { glob } = scan;
  const isNegated = glob[scan.at] === "!" || glob[scan.at] === "^";
  if (isNegated) scan.at += 1;
  let members = "";
  while (glob[scan.at] !== "]") {
    const at = scan.at;
    const from = setMember(scan, start);
    if (glob[scan.at] === "-" && glob[scan.at + 1] !== "]" && scan.at + 1 < glob.length) {
      scan.at += 1;
      const to = setMember(scan, start);
      if (to < from) throw new PatternFault(at, `the range "${glob.slice(at, scan.at)}" runs backwards`);
      members += `${escapeInSet(from)}-${escapeInSet(to)}`;
    } else {
      members += escapeInSet(from);
    }
  }
  if (members === "") throw new PatternFault(start, `"[" and "]" have no character between them`);
  scan.at += 1;
  return isNegated ? `[^/${members}]` : `[${members}]`;
}

function setMember(scan: Scan, start: number): string {
  if (scan.glob[scan.at] === "\\") scan.at += 1;
  const character = scan.glob[scan.at];
  if (character === undefined) throw new PatternFault(start, `"[" is never closed`);
  // Outside ASCII a character is several octets in a URL, which a set, matching one, can't stand for.
  if (character > "~") throw new PatternFault(scan.at, `"${character}" can't be in a set; use {a,b}`);
  scan.at += 1;
  return character;
}

function escapeInSet(character: string): string {
  return /[a-z0-9]/i.test(character) ? character : `\\x{${character.charCodeAt(0).toString(16)}}`;
}

function literal(character: string): string {
  if (/[a-z0-9/_~%=&-]/i.test(character)) return character;
  if (character > "~" || character === " ") return encodeURIComponent(character.toWellFormed());
  return `\\x{${character.charCodeAt(0).toString(16)}}`;
}
