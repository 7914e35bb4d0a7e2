/** Scripts that put no spaces between words. */
export const spaceless = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** Ranges of letters by ISO 15924 code, in order; what lies between them is no letter that tells anything. */
const ranges: readonly (readonly [from: number, to: number, script: string])[] = [
  [0x41, 0x5a, "Latn"],
  [0x61, 0x7a, "Latn"],
  [0xc0, 0x24f, "Latn"],
  [0x370, 0x3ff, "Grek"],
  [0x400, 0x52f, "Cyrl"],
  [0x531, 0x58f, "Armn"],
  [0x5d0, 0x5f4, "Hebr"],
  [0x620, 0x6ff, "Arab"],
  [0x750, 0x77f, "Arab"],
  [0x900, 0x97f, "Deva"],
  [0x980, 0x9ff, "Beng"],
  [0xa00, 0xa7f, "Guru"],
  [0xa80, 0xaff, "Gujr"],
  [0xb00, 0xb7f, "Orya"],
  [0xb80, 0xbff, "Taml"],
  [0xc00, 0xc7f, "Telu"],
  [0xc80, 0xcff, "Knda"],
  [0xd00, 0xd7f, "Mlym"],
  [0xd80, 0xdff, "Sinh"],
  [0xe00, 0xe7f, "Thai"],
  [0xe80, 0xeff, "Laoo"],
  [0xf00, 0xfff, "Tibt"],
  [0x1000, 0x109f, "Mymr"],
  [0x10a0, 0x10ff, "Geor"],
  [0x1100, 0x11ff, "Hang"],
  [0x1200, 0x137f, "Ethi"],
  [0x1780, 0x17ff, "Khmr"],
  [0x1e00, 0x1eff, "Latn"],
  [0x3040, 0x30ff, "Kana"],
  [0x3400, 0x9fff, "Hani"],
  [0xac00, 0xd7af, "Hang"],
];

/** How many letters of each script a text has; kana of both kinds are one. */
export function countScripts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  let [from, to, script] = [1, 0, ""];
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= from && code <= to) {
      run++;
      continue;
    }
    const range = code < 0x41 ? undefined : rangeOf(code);
    if (!range) continue;
    if (run > 0) counts.set(script, (counts.get(script) ?? 0) + run);
    [from, to, script] = range;
    run = 1;
  }
  if (run > 0) counts.set(script, (counts.get(script) ?? 0) + run);
  return counts;
}

function rangeOf(code: number): readonly [number, number, string] | undefined {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (!range) return undefined;
    if (code < range[0]) high = middle - 1;
    else if (code > range[1]) low = middle + 1;
    else return range;
  }
  return undefined;
}
