export type RegExpLiteral = { source: string; flags: string; line: number };

/** Where a slash begins an expression and does not divide: behind these, and nowhere else in formatted code. */
const beforeExpression = /^(?:[(,=:[!&|?{};>+*%~^<-]?|return|typeof|case|of|in|await|yield)$/;

/** The regular expression literals of formatted TypeScript, template literals' insides left out. */
export function findRegExpLiterals(code: string): RegExpLiteral[] {
  const literals: RegExpLiteral[] = [];
  let previous = "";
  for (let at = 0; at < code.length; ) {
    const next = code.slice(at, at + 2);
    if (next === "//") at = endOf(code, "\n", at);
    else if (next === "/*") at = endOf(code, "*/", at + 2);
    else if (/["'`]/.test(next[0] ?? "")) {
      at = skipString(code, at);
      previous = "text";
    } else if (next[0] === "/" && beforeExpression.test(previous)) {
      const end = skipExpression(code, at);
      const flags = /^[a-z]*/.exec(code.slice(end))?.[0] ?? "";
      literals.push({ source: code.slice(at + 1, end - 1), flags, line: code.slice(0, at).split("\n").length });
      at = end + flags.length;
      previous = "literal";
    } else {
      const token = /^(?:\s+|[\w$]+|.)/s.exec(code.slice(at, at + 100))?.[0] ?? "";
      if (token.trim() !== "") previous = token;
      at += token.length;
    }
  }
  return literals;
}

function endOf(code: string, mark: string, from: number): number {
  const at = code.indexOf(mark, from);
  return at === -1 ? code.length : at + mark.length;
}

function skipExpression(code: string, from: number): number {
  let isInClass = false;
  for (let at = from + 1; at < code.length && code[at] !== "\n"; at++) {
    if (code[at] === "\\") at++;
    else if (code[at] === "[") isInClass = true;
    else if (code[at] === "]") isInClass = false;
    else if (code[at] === "/" && !isInClass) return at + 1;
  }
  throw new Error(`No end of what looks like a regular expression: ${code.slice(from, from + 60)}`);
}

function skipString(code: string, from: number): number {
  const quote = code[from] ?? "";
  for (let at = from + 1; at < code.length; at++) {
    if (code[at] === "\\") at++;
    else if (code[at] === quote) return at + 1;
    else if (quote === "`" && code.startsWith("${", at)) at = skipInsertion(code, at + 2);
  }
  return code.length;
}

/** Of a template, up to its closing brace. */
function skipInsertion(code: string, from: number): number {
  let depth = 1;
  for (let at = from; at < code.length; at++) {
    const one = code[at] ?? "";
    if (/["'`]/.test(one)) at = skipString(code, at) - 1;
    else if (one === "{") depth++;
    else if (one === "}" && --depth === 0) return at;
  }
  return code.length;
}
