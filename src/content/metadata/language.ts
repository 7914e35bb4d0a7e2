import { attribute, type Element } from "../dom.ts";
import { detectLanguage, isEnglish } from "./language-detection.ts";
import { countScripts } from "./writing-systems.ts";

/** Letters that a sample has at least if it is to overrule what a page declares. */
const leastLetters = 150;
/** Labels are in the language of the site's makers, or in none. */
type Sample = { text: string; isProse: boolean };

/** Enough to see which words are common. */
const leastSample = 350;
const maxSample = 600;
const maxNodes = 4000;
const maxPiece = 400;
/** Shorter texts are labels, which are English or a brand's in every language. */
const leastPiece = 40;
const skipped = new Set(
  "head title nav footer aside script style code pre kbd samp textarea select button math svg noscript iframe template".split(
    " ",
  ),
);

const beyondLatin = /[\u0370-\u1dff\u3040-\ud7ff]/;

/** Languages by the one script they are written in; others may be in several, and are believed. */
const scriptOf = new Map<string, string>([
  ..."en de fr es it pt nl sv da no nb nn fi is et lv lt pl cs sk sl hr hu ro tr vi id ca eu gl cy ga sq af sw"
    .split(" ")
    .map((language) => [language, "Latn"] as const),
  ..."ru uk be bg mk".split(" ").map((language) => [language, "Cyrl"] as const),
  ..."ar fa ur".split(" ").map((language) => [language, "Arab"] as const),
  ..."hi mr ne".split(" ").map((language) => [language, "Deva"] as const),
  ["el", "Grek"],
  ["he", "Hebr"],
  ["hy", "Armn"],
  ["ka", "Geor"],
  ["th", "Thai"],
  ["bn", "Beng"],
  ["ta", "Taml"],
  ["te", "Telu"],
  ["ko", "Hang"],
  ["ja", "Kana"],
  ["zh", "Hani"],
]);

/**
 * The language that a page declares, unless its text can't be in it: then, and where none is declared, the one that is
 * detected in a sample of the text, below the title's heading if there is one. `null` when that is too short or too mixed.
 */
export function readLanguage(
  root: Element,
  heading: Element | undefined,
  declared: readonly (string | undefined)[],
): string | null {
  let language: string | null = null;
  for (const value of declared) {
    language = normalizeLanguage(value);
    if (language) break;
  }
  // What stands above the title is a menu, or what a law or an advertiser wants, and may be in another language.
  const below = heading && sampleText(root, heading.order);
  const sample = below?.isProse ? below : sampleText(root, 0);
  if (language && isPlausible(language, sample)) return language;
  const detected = detectLanguage(sample.text);
  return detected === null || language?.split("-")[0] === detected ? language : detected;
}

/** `pt_br` → `pt-BR`; `null` for what is no language tag. Of a list, the first. */
export function normalizeLanguage(value: string | undefined): string | null {
  const tag = value?.slice(0, 200).split(/[,;]/)[0]?.trim().replaceAll("_", "-");
  if (!tag || tag.length > 35 || !/^[a-z]{2,3}(?:-|$)/i.test(tag) || /^(?:und|zxx|mul)\b/i.test(tag)) return null;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return normalizeLanguage(tag.split("-").length > 1 ? tag.split("-")[0] : undefined);
  }
}

/** Whether a text can be in the language: in its script, and with some of the commonest words if it is to be English. */
function isPlausible(language: string, { text: sample, isProse }: Sample): boolean {
  const [base = "", subtag = ""] = language.split("-");
  const script = scriptOf.get(base);
  if (!script || sample.length < leastLetters || /^[A-Z][a-z]{3}$/.test(subtag)) return true;
  if (base === "en" && isProse && sample.length >= leastSample && !isEnglish(sample, 0.02)) return false;
  if (script === "Latn" && !beyondLatin.test(sample)) return true;
  const counts = countScripts(sample);
  let letters = 0;
  for (const count of counts.values()) letters += count;
  if (letters < leastLetters) return true;
  const kana = counts.get("Kana") ?? 0;
  const han = counts.get("Hani") ?? 0;
  if (base === "ja") return kana + han >= letters / 20;
  if (base === "zh") return han >= letters / 20 && kana < han / 5;
  return (counts.get(script) ?? 0) >= letters / 20;
}

/** The beginning of the page's running text; of its labels where there is little of that. */
function sampleText(root: Element, from: number): Sample {
  const long: string[] = [];
  const short: string[] = [];
  let [longLength, shortLength, nodes] = [0, 0, 0];
  const visit = (element: Element): void => {
    for (const child of element.children) {
      if (longLength >= maxSample || ++nodes > maxNodes) return;
      if (child.type === "element") {
        if (!skipped.has(child.name) && !isForeign(child)) visit(child);
        continue;
      }
      if (element.order < from) continue;
      if (child.text.length >= leastPiece) {
        const text = child.text.slice(0, maxPiece);
        if (!text.includes(" ") && countScripts(text).has("Latn")) continue;
        long.push(text);
        longLength += text.length;
      } else if (shortLength < maxSample && child.text !== " ") {
        short.push(child.text);
        shortLength += child.text.length;
      }
    }
  };
  visit(root);
  const isProse = longLength >= leastLetters;
  const text = (isProse ? long : [...long, ...short]).join(" ").replace(/\s+/g, " ").slice(0, maxSample);
  return { text, isProse };
}

/** What is marked as being in a language of its own, such as the names of languages in a menu. */
function isForeign(element: Element): boolean {
  if (element.attributes.length === 0 || element.name === "body") return false;
  return element.attributes.includes("lang") && attribute(element, "lang") !== "";
}
