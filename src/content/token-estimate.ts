/**
 * About as many tokens as language models count in a text: within 15 % of `o200k_base` over a passage of English,
 * German, Chinese or Japanese prose or of code, which older encodings exceed outside of English. It goes by the kinds
 * of characters alone, so that it costs little and is the same everywhere.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(weighTokens(text, 0, text.length));
}

/** The same of a part of a text, unrounded: the parts of a text weigh at least as much as the whole. */
export function weighTokens(text: string, start: number, end: number): number {
  let tokens = 0;
  let before = BREAK;
  for (let at = start; at < end; ) {
    const from = at;
    const kind = kindOf(text.charCodeAt(at));
    at = kind === LETTER ? endOfWord(text, at, end) : endOfRun(text, at, end, kind);
    const length = at - from;
    if (kind === LETTER) tokens += costOfWord(text, from, at);
    // One space goes with the word behind it; numbers take none along.
    else if (kind === SPACE) tokens += length > 1 || isDigit(text.charCodeAt(at)) ? 0.8 : 0;
    else if (kind === BREAK) tokens += before === SIGN ? 0.2 : 1;
    else if (kind === DIGIT) tokens += Math.ceil(length / 3);
    else if (kind === SIGN) tokens += costOfSigns(length, at < end && kindOf(text.charCodeAt(at)) === LETTER);
    else tokens += length * (COST_OF_CHARACTER[kind] ?? 1);
    before = kind;
  }
  return tokens;
}

const SPACE = 0;
const BREAK = 1;
const LETTER = 2;
const DIGIT = 3;
const SIGN = 4;
const IDEOGRAPH = 5;
const KANA = 6;
const HANGUL = 7;
const OTHER = 8;

/** Of scripts that are written without spaces, or of which models know few words. */
const COST_OF_CHARACTER: Record<number, number> = { [IDEOGRAPH]: 0.88, [KANA]: 0.8, [HANGUL]: 0.65, [OTHER]: 0.6 };

/** Longer words are more than one token; those with letters beyond ASCII sooner, since models have met fewer of them. */
const PLAIN_WORD = { whole: 6, further: 4.5 };
const OTHER_WORD = { whole: 4, further: 2.6 };

function costOfWord(text: string, start: number, end: number): number {
  let isPlain = true;
  for (let at = start; at < end && isPlain; at++) isPlain = text.charCodeAt(at) < 128;
  const { whole, further } = isPlain ? PLAIN_WORD : OTHER_WORD;
  return 1 + Math.max(0, end - start - whole) / further;
}

/** A single one is often a token with the word that follows, as in `.map`. */
function costOfSigns(length: number, isBeforeWord: boolean): number {
  return length === 1 ? (isBeforeWord ? 0.5 : 0.85) : 0.25 + length * 0.4;
}

/** A capital after a small letter begins another word. */
function endOfWord(text: string, start: number, end: number): number {
  let at = start + 1;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (kindOf(code) !== LETTER || (isCapital(code) && !isCapital(text.charCodeAt(at - 1)))) break;
  }
  return at;
}

function endOfRun(text: string, start: number, end: number, kind: number): number {
  let at = start + 1;
  while (at < end && kindOf(text.charCodeAt(at)) === kind) at++;
  return at;
}

const isDigit = (code: number) => code >= 48 && code <= 57;
const isCapital = (code: number) => code >= 65 && code <= 90;

function kindOf(code: number): number {
  return code < 128 ? (ASCII_KINDS[code] as number) : kindOfOther(code);
}

const ASCII_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  if ((code >= 97 && code <= 122) || isCapital(code)) return LETTER;
  if (code === 32 || code === 9) return SPACE;
  if (isDigit(code)) return DIGIT;
  return code === 10 || code === 13 ? BREAK : SIGN;
});

function kindOfOther(code: number): number {
  // Latin, Greek and Cyrillic
  if (code >= 0xc0 && code < 0x530) return LETTER;
  if (code < 0xc0 || (code >= 0x2000 && code < 0x2c00)) return SIGN;
  if (code >= 0x3040 && code <= 0x30ff) return KANA;
  if (code >= 0x3400 && code <= 0x9fff) return IDEOGRAPH;
  if (code >= 0xac00 && code <= 0xd7a3) return HANGUL;
  return (code >= 0x3000 && code < 0x3040) || (code >= 0xff00 && code <= 0xff0f) ? SIGN : OTHER;
}
