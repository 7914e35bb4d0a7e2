/** Which elements end others, after the HTML standard's tree construction (section 13.2.6), as far as text depends on it. */
const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));

export const voidNames = names(
  "area base basefont bgsound br col command embed frame hr img input isindex keygen link meta param source track wbr",
);

const headNames = names("base basefont bgsound link meta noscript script style template title");

/** The standard's "special" category: inline end tags do not reach past these. */
const specialNames = names(
  "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd " +
    "details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head " +
    "header hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes " +
    "noscript object ol p param plaintext pre script search section select source style summary table tbody td " +
    "template textarea tfoot th thead title tr track ul wbr xmp",
);

const blockNames = names(
  "address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset " +
    "figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link listing main " +
    "menu meta nav noframes ol optgroup option p pre script search section select style summary table tbody td " +
    "template tfoot th thead title tr ul xmp",
);

const foreignBreakers = names(
  "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta " +
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var article section main footer header nav",
);

export const isSpecial = (name: string): boolean => specialNames.has(name);
/** Starts and ends a line of its own in every browser's default style. */
export const isBlock = (name: string): boolean => blockNames.has(name);
export const mayStayInHead = (name: string): boolean => headNames.has(name);
/** HTML inside `<svg>` or `<math>` ends it, so that one unclosed icon does not swallow the page. */
export const leavesForeign = (name: string): boolean => foreignBreakers.has(name);

const boundaryNames = names("applet caption html table td th marquee object template");
/** End tags do not reach out of these. */
export const isBoundary = (name: string): boolean => boundaryNames.has(name);

export const holdsRows = (name: string): boolean =>
  name === "tbody" || name === "table" || name === "thead" || name === "tfoot";

type Rule = { closes: readonly string[]; stopsAt: (name: string) => boolean };

const paragraph: Rule = { closes: ["p"], stopsAt: (name) => isBoundary(name) || name === "button" };
const untilSpecial = (name: string) => specialNames.has(name) && name !== "address" && name !== "div" && name !== "p";
const untilTable = (name: string) => name === "table" || name === "template";
const untilRow = (name: string) => name === "tr" || untilTable(name);
const untilOther = () => true;
const untilBlock = (name: string) => specialNames.has(name);

const cell: Rule = { closes: ["td", "th"], stopsAt: untilRow };
const row: Rule = { closes: ["tr"], stopsAt: untilTable };
const section: Rule = { closes: ["thead", "tbody", "tfoot"], stopsAt: untilTable };
const caption: Rule = { closes: ["caption", "colgroup"], stopsAt: untilTable };

/** For a start tag: the open elements it ends, and where the search for them stops. */
export const closedByStart: ReadonlyMap<string, readonly Rule[]> = new Map<string, readonly Rule[]>([
  ...(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form header " +
    "hgroup hr listing main menu nav ol p pre search section summary table ul xmp plaintext"
  )
    .split(" ")
    .map((name): [string, Rule[]] => [name, [paragraph]]),
  ...["h1", "h2", "h3", "h4", "h5", "h6"].map((name): [string, Rule[]] => [
    name,
    [paragraph, { closes: ["h1", "h2", "h3", "h4", "h5", "h6"], stopsAt: untilOther }],
  ]),
  ["li", [{ closes: ["li"], stopsAt: untilSpecial }, paragraph]],
  ["dd", [{ closes: ["dd", "dt"], stopsAt: untilSpecial }, paragraph]],
  ["dt", [{ closes: ["dd", "dt"], stopsAt: untilSpecial }, paragraph]],
  ["td", [cell, caption]],
  ["th", [cell, caption]],
  ["tr", [row, caption]],
  ["thead", [section, row, caption]],
  ["tbody", [section, row, caption]],
  ["tfoot", [section, row, caption]],
  ["a", [{ closes: ["a"], stopsAt: untilBlock }]],
  ["button", [{ closes: ["button"], stopsAt: isBoundary }]],
  ["option", [{ closes: ["option"], stopsAt: untilOther }]],
  [
    "optgroup",
    [
      { closes: ["option"], stopsAt: untilOther },
      { closes: ["optgroup"], stopsAt: untilOther },
    ],
  ],
  ["rt", [{ closes: ["rt", "rp"], stopsAt: untilOther }]],
  ["rp", [{ closes: ["rt", "rp"], stopsAt: untilOther }]],
  ["rb", [{ closes: ["rb", "rt", "rp"], stopsAt: untilOther }]],
]);
