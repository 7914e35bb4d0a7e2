/** Text that repeats `pump` behind `prefix`, and then does not go on as the expression wants. */
export type Attack = { prefix: string; pump: string };

const MAX_ATTACKS = 60;

/** Classes of characters hold neither of the two, or one, and `$` does not hold before them. */
const SUFFIX = "\n\0";

export function writeAttack({ prefix, pump }: Attack, length: number): string {
  return prefix + pump.repeat(Math.ceil(length / pump.length)) + SUFFIX;
}

/**
 * Texts over which a backtracking matcher of an expression would take the longest: for each repetition in it, what
 * stands before it and then what it repeats, again and again; and its beginnings, again and again, from each of which a
 * search starts anew.
 */
export function findAttacks(source: string, flags: string): Attack[] {
  const sets: CharacterSet[] = [];
  const pattern = new PatternReader(source, flags, sets).read();
  const attacks = new Map<string, Attack>();
  const add = (prefix: string, pump: string) => {
    if (pump !== "") attacks.set(JSON.stringify([prefix, pump]), { prefix, pump });
  };
  const accepting = (character: string) => sets.filter(({ characters }) => characters.includes(character)).length;
  const visit = (options: Sequence[], before: string): void => {
    for (const sequence of options) {
      let prefix = before;
      for (const { of, min, max } of sequence) {
        if (max > 1) for (const pump of pumpsOf(of, accepting)) add(prefix, pump);
        if ("options" in of) visit(of.options, prefix);
        prefix += sampleOf(of).repeat(Math.min(8, Math.max(1, min)));
        if (prefix.length > 200) return;
        add("", prefix);
      }
    }
  };
  visit(pattern.options, "");
  // Of a long list of words, each is attacked in the same way.
  const step = Math.max(1, attacks.size / MAX_ATTACKS);
  return [...attacks.values()].filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
}

type CharacterSet = { characters: string[] };
type Group = { options: Sequence[] };
type Sequence = { of: CharacterSet | Group; min: number; max: number }[];

const CHARACTERS = [
  ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)),
  ..."\t\n\r\0é½中\u00ad\u2010\u200b\u00a0“’",
];

/** The characters that most of the expression's classes take come first: they are what classes quarrel over. */
function pumpsOf(of: CharacterSet | Group, accepting: (character: string) => number): string[] {
  if ("options" in of) {
    const samples = of.options.map((option) =>
      option.map(({ of, min }) => sampleOf(of).repeat(Math.max(1, min))).join(""),
    );
    return [...samples.slice(0, 6), samples.slice(0, 3).join("")];
  }
  return [...of.characters].sort((a, b) => accepting(b) - accepting(a)).slice(0, 3);
}

function sampleOf(of: CharacterSet | Group): string {
  if ("characters" in of) return of.characters[0] ?? "";
  return (of.options[0] ?? []).map(({ of, min }) => sampleOf(of).repeat(Math.min(8, Math.max(1, min)))).join("");
}

/** Reads as much of an expression as attacks take: what looks around or back stands for nothing. */
class PatternReader {
  readonly #tokens: string[];
  readonly #flags: string;
  readonly #sets: CharacterSet[];
  #at = 0;

  constructor(source: string, flags: string, sets: CharacterSet[]) {
    this.#tokens = source.match(TOKEN) ?? [];
    this.#flags = flags.replace(/[gy]/g, "");
    this.#sets = sets;
  }

  read(): Group {
    const options: Sequence[] = [[]];
    for (let token = this.#next(); token !== undefined && token !== ")"; token = this.#next()) {
      if (token === "|") options.push([]);
      else options.at(-1)?.push({ of: this.#readAtom(token), ...this.#readQuantifier() });
    }
    return { options };
  }

  #next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  #readAtom(token: string): CharacterSet | Group {
    if (token.startsWith("(")) {
      const group = this.read();
      return /^\(\?<?[=!]/.test(token) ? { options: [[]] } : group;
    }
    if (/^(?:[\^$]|\\[bB\d]|\\k<.*>)$/.test(token)) return { options: [[]] };
    const matcher = new RegExp(`^(?:${token})$`, this.#flags);
    const set = { characters: CHARACTERS.filter((character) => matcher.test(character)) };
    // A character of its own that is none of those.
    if (set.characters.length === 0) set.characters.push(token.startsWith("\\") ? "" : token);
    this.#sets.push(set);
    return set;
  }

  #readQuantifier(): { min: number; max: number } {
    const [, one, min, comma, max] = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??$/.exec(this.#tokens[this.#at] ?? "") ?? [];
    if (one === undefined && min === undefined) return { min: 1, max: 1 };
    this.#at++;
    if (one !== undefined) return { min: one === "+" ? 1 : 0, max: one === "?" ? 1 : Number.POSITIVE_INFINITY };
    return { min: Number(min), max: max ? Number(max) : comma ? Number.POSITIVE_INFINITY : Number(min) };
  }
}

const TOKEN =
  /\\(?:u\{[\da-f]+\}|u[\da-f]{4}|x[\da-f]{2}|[pP]\{[^}]*\}|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<?[=!]|:|<\w+>))?|\)|[*+?]\??|\{\d+,?\d*\}\??|./gisu;
