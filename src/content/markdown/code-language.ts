import { attribute, classNames, type Element, isElement, lineOf, walk } from "../dom.ts";

const prefixes = [
  "language-",
  "lang-",
  "lang:",
  "mw-highlight-lang-",
  "highlight-source-",
  "highlight-text-",
  "highlight-",
  "brush:",
  "sourceCode-",
  "enlighter-l-",
];
/** Names of languages that stand bare in class names and `lang`, where other words stand too. */
const languages = new Set(
  (
    "ada apache applescript asm awk bash basic bat batch c clojure cmake cobol coffeescript console cpp crystal csharp css " +
    "csv cuda d dart delphi diff django docker dockerfile elixir elm erlang fish fortran fsharp gherkin glsl go golang " +
    "gradle graphql groovy handlebars haskell hcl html http ini java javascript jinja js json json5 jsonc jsx julia kotlin " +
    "latex less lisp lua make makefile markdown mathematica matlab md mdx mermaid nginx nim nix objc objectivec ocaml pascal " +
    "perl php plsql postgresql powershell properties prolog protobuf puppet py python python3 r racket rb ruby rust sass " +
    "scala scheme scss sh shell smalltalk solidity sql swift tcl terraform tex toml ts tsx typescript vb vbnet verilog vhdl " +
    "vim vue wasm xml yaml yml zig zsh"
  ).split(" "),
);
const noLanguage = new Set(
  "default none plain plaintext plain-text text txt nohighlight no-highlight source undefined null unknown auto".split(
    " ",
  ),
);
const aliases: Record<string, string> = {
  python3: "python",
  py3: "python",
  ipython3: "python",
  ipython: "python",
  "python-traceback": "pytb",
  "html-basic": "html",
  pycon3: "pycon",
  "shell-session": "console",
  shellsession: "console",
  "c#": "csharp",
  "c++": "c++",
};
const bareMarkers = new Set(
  (
    "hljs highlight sourceCode chroma codehilite prettyprint src listing-block syntaxhighlighter code literal-block " +
    "programlisting"
  ).split(" "),
);
const notLanguages = new Set([
  ...bareMarkers,
  ...(
    "notranslate numberLines line-numbers code-block linenums wrap copy highlighted shiki prism rouge pygments coderay " +
    "coloured nogutter collapsed ie file block snippet container output input cell scroll dark light theme pre screen " +
    "lang-none vp-code dracula monokai"
  ).split(" "),
]);
const attributes = ["data-lang", "data-language", "data-enlighter-language", "data-mode-id", "language", "syntax"];

/** From the class names of the block, its `<code>`, and the wrappers that highlighters put around it. */
export function codeLanguage(pre: Element): string {
  // A table of code has a column of numbers before it.
  let own = languageOf(pre);
  let looked = 0;
  walk(pre, (element) => {
    const { name } = element;
    if (own === undefined && (name === "code" || name === "pre" || element.attributes.includes("data-language")))
      own = languageOf(element);
    if (own === undefined && element.attributes.includes("crayon-language")) own = clean(lineOf(element, 40));
    return own === undefined && ++looked < 20;
  });
  if (own !== undefined) return own;
  let above = pre.parent;
  for (let levels = 0; above && levels < 4 && above.name !== "body"; levels++) {
    // A wrapper's class speaks for what it wraps, not for prose beside it.
    if (above.children.length > 6 && levels > 0) break;
    const found = languageOf(above);
    if (found !== undefined) return found;
    above = above.parent;
  }
  return "";
}

function languageOf(element: Element): string | undefined {
  if (element.attributes.length === 0) return undefined;
  for (const name of attributes) {
    const given = attribute(element, name);
    if (given) return clean(given);
  }
  const isCode = element.name === "code" || element.name === "pre";
  const parameters = isCode ? attribute(element, "data-syntaxhighlighter-params") : undefined;
  const brush = parameters && /(?:^|;)\s{0,5}brush:\s{0,5}([\w+#-]{1,30})/.exec(parameters.slice(0, 300))?.[1];
  if (brush) return clean(brush);
  const names = classNames(element);
  for (const [at, name] of names.entries()) {
    if (name === "brush:" && names[at + 1]) return clean(names[at + 1] ?? "");
    for (const prefix of prefixes) {
      if (name.startsWith(prefix) && name.length > prefix.length) {
        const language = clean(name.slice(prefix.length));
        // GitHub names grammars by scope: `text-html-erb` is a kind of HTML.
        return prefix === "highlight-text-" ? (/^(?:html|xml)-(.+)$/.exec(language)?.[1] ?? language) : language;
      }
    }
  }
  return bareLanguage(element, names, isCode);
}

function bareLanguage(element: Element, names: readonly string[], isCode: boolean): string | undefined {
  const org = names.find((name) => name.startsWith("src-"));
  if (org && names.includes("src")) return clean(org.slice(4));
  if (isCode) {
    const lang = attribute(element, "lang")?.toLowerCase();
    if (lang && languages.has(lang)) return clean(lang);
    const known = names.find((name) => languages.has(name)) ?? names.find((name) => /^code-[a-z]{1,12}$/.test(name));
    const language = known?.replace(/^code-/, "");
    if (language && languages.has(language)) return clean(language);
  } else if (names.length === 1 && names[0] && languages.has(names[0])) {
    // GeSHi's wrapper is named by the language alone.
    return element.children.filter(isElement).length === 1 ? clean(names[0]) : undefined;
  }
  const isMarked = names.some((name) => bareMarkers.has(name));
  if (!isMarked || !(isCode || element.name === "figure" || names.includes("syntaxhighlighter"))) return undefined;
  const bare = names.find(
    (name) =>
      !notLanguages.has(name) && /^[a-z][a-z\d+#-]{0,19}$/.test(name) && !/^(?:hljs|src|brush|theme)-/.test(name),
  );
  return bare && clean(bare);
}

function clean(value: string): string {
  const name = value
    .slice(0, 60)
    .trim()
    .toLowerCase()
    .replace(/[;{\s].*$/s, "");
  if (noLanguage.has(name) || !/^[a-z\d][\w+#./-]{0,29}$/.test(name)) return "";
  return Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
}
