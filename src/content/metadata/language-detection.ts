import { countScripts } from "./writing-systems.ts";

/** Scripts that one language uses, or one so much more than others that it is the answer. */
const languageOf = new Map<string, string>(
  (
    "Grek:el Armn:hy Hebr:he Beng:bn Guru:pa Gujr:gu Orya:or Taml:ta Telu:te Knda:kn Mlym:ml Sinh:si Thai:th Laoo:lo " +
    "Tibt:bo Mymr:my Geor:ka Hang:ko Ethi:am Khmr:km Kana:ja Hani:zh"
  )
    .split(" ")
    .map((pair) => [pair.slice(0, 4), pair.slice(5)] as const),
);
const leastLetters = 40;
const leastShare = 0.5;

const englishWords = new Set("the and of to for with that this are you your from have was not can will our".split(" "));

/**
 * The language of a text, as an ISO 639-1 code: by its script where that is enough, by the commonest words if it is
 * English, else by n-grams. `null` when none of these is sure.
 */
export function detectLanguage(text: string): string | null {
  const script = mainScript(text);
  if (script === undefined) return null;
  const only = languageOf.get(script);
  if (only) return only;
  if (script === "Latn" && isEnglish(text, 0.12)) return "en";
  return byNgrams(text);
}

/** Whether English's commonest words make up that share of a text, which is a quarter in prose. */
export function isEnglish(text: string, leastShare: number): boolean {
  // Words have six characters with their space, on average; all of them are looked at only if need be.
  const enough = Math.max(2, Math.ceil((text.length / 6) * leastShare));
  let known = 0;
  for (let start = 0; start < text.length; ) {
    const space = text.indexOf(" ", start);
    const end = space < 0 ? text.length : space;
    if (end - start <= 4 && end - start > 1 && englishWords.has(text.slice(start, end).toLowerCase())) known++;
    if (known >= enough) return true;
    start = end + 1;
  }
  return false;
}

/** Han counts as Japanese where there are kana, and what writes a word in one letter counts twice. */
function mainScript(text: string): string | undefined {
  const counts = countScripts(text);
  const kana = counts.get("Kana") ?? 0;
  const han = counts.get("Hani") ?? 0;
  if (kana >= han / 10 && kana > 0) {
    counts.set("Kana", 2 * (kana + han));
    counts.delete("Hani");
  } else {
    counts.set("Hani", 2 * (kana + han));
    counts.delete("Kana");
  }
  counts.set("Hang", 2 * (counts.get("Hang") ?? 0));
  let [all, most] = [0, 0];
  let main: string | undefined;
  for (const [script, count] of counts) {
    all += count;
    if (count > most) [main, most] = [script, count];
  }
  return most >= leastLetters && most >= all * leastShare ? main : undefined;
}

type Detector = { detect(text: string): { language: string; isReliable(): boolean } };

let detector: Detector | undefined;

function byNgrams(text: string): string | null {
  // A fifth of a second and 50 MB, which only few pages are worth.
  detector ??= (require("../../../node_modules/eld/src/entries/static.extrasmall.js") as { eld: Detector }).eld;
  const found = detector.detect(text.replace(/[^\p{L}\p{M}]+/gu, " ").slice(0, 1000));
  if (found.language === "" || !found.isReliable()) return null;
  return found.language === "ms" ? malayOrIndonesian(text) : found.language;
}

/** Too near to each other for n-grams, and Indonesian is not among the detector's languages. */
function malayOrIndonesian(text: string): string {
  const malay = text.match(/\b(?:bahawa|kerana|sahaja|ialah|berbeza|syarikat|telah pun|pejabat|awak)\b/gi)?.length ?? 0;
  const indonesian =
    text.match(/\b(?:bahwa|karena|saja|bisa|berbeda|perusahaan|kantor|adalah|sangat)\b/gi)?.length ?? 0;
  return malay > indonesian ? "ms" : "id";
}
