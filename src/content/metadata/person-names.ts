import { cleanLabel, isAscii, squeeze } from "./labels.ts";

const maxLength = 80;
const maxNames = 30;
const maxLabel = 250;

/** "By", in front of a name. */
const prefix =
  /^(?:(?:(?:article|story|post|text|words?|review|recipe|content)\s+)?(?:written\s+|posted\s+|published\s+|reported\s+|created\s+|authored\s+|started\s+|submitted\s+)?by|authors?|writer|contributors?|thread starter|autor(?:in|es|en)?|auteurs?|autore)(?:\s*[:：]\s*|\s+)/i;
const otherPrefix = /^(?:[Аа]втор|作者|著者|文|記者|기자)(?:\s*[:：]\s*|\s+)/;
/** The same in other languages, where the word may also begin a name. */
const preposition = /^(?:von|vom|par|por|di|door|av|af)(?:\s?:)?\s+(?=\p{Lu}\S*\s\p{Lu})/iu;
/** Most names, which need no further look. */
const plainName = /^[A-Z][a-z]+(?: [A-Z]\.?| [A-Z][a-z]+){1,2}$/;
/** How what is not a name by itself may begin. */
const lead =
  /^(?:By|Von|Vom|Par|Por|Di|Door|Av|Af|[A-Z]\w*(?:ed|ten) [Bb]y|Words?|Text|Story|Photos?|Article|Posts?|Reviews?|Recipe|Content|Writer|Contributors?|Thread|Aut\w+|Auth\w+|Updated|Published|Posted) /;
/** What follows is somebody else, or no name any more. */
const ending =
  /\s?(?:[|•·‧⋅]|\s[-/–—]\s|[,;(]?\s?(?:(?:medically |fact |expert |legally |clinically )?(?:reviewed|checked|edited|updated|published|posted|photographed|illustrated|translated) (?:by|on|at|in)\b|last updated\b|updated:?(?=\s)|published:?(?=\s)|read time\b|min(?:ute)?s? read\b)).*$/is;
/** Degrees and the like, after the comma. */
const credential =
  /^(?:(?:[A-Z]{1,2}[a-z]{0,2}\.?){1,3}|[A-Z]{2,6}(?:[-/][A-Z]{1,6}){0,3}|Jr\.?|Sr\.?|[IVX]{1,4}|Esq\.?|Inc\.?|LLC|Ltd\.?|GmbH|Co\.?)(?:\s*\([^)]{1,20}\))?$/;
const nobody = new Set(
  (
    "admin administrator webmaster root user guest anonymous unknown none null undefined author authors editor staff " +
    "wordpress default nobody test login signin register subscribe share more readmore viewmoreposts viewallposts " +
    "seeallposts allposts about aboutme aboutus contact home comments follow moderator by written writtenby team na " +
    "siteadmin superuser super blog news website email twitter facebook linkedin instagram profile viewprofile " +
    "seebio readbio fullbio bio advertisement published updated youtube tiktok pinterest reply replies like quote posts " +
    "comment joined member location editorial"
  ).split(" "),
);

/** The people that a value names, one by one: "By Ada Lovelace and Grace Hopper, PhD" gives two. Empty for none. */
export function readNames(value: string | null | undefined): string[] {
  const label = cleanLabel(value);
  if (label === null || label.length > maxLabel || /https?:|www\.|[{}<>=]|^[/@]/i.test(label)) return [];
  if (plainName.test(label) && !lead.test(label)) return nobody.has(squeeze(label)) ? [] : [label];
  const text = withoutPrefix(label).replace(preposition, "").replace(ending, "").trim();
  return splitNames(text).flatMap((name) => toName(name) ?? []);
}

function withoutPrefix(text: string): string {
  return isAscii(text) ? text.replace(prefix, "") : text.replace(prefix, "").replace(otherPrefix, "");
}

function toName(text: string): string | undefined {
  const name = withoutPrefix(text).replace(/^[\s,;:&]{1,20}|[\s,;:&]{1,20}$/g, "");
  if (name.length < 2 || name.length > maxLength || name.includes("@")) return undefined;
  if (!/\p{L}/u.test(name) || nobody.has(squeeze(name))) return undefined;
  if (/\b(?:19|20)\d\d\b|^\w+(?:\.\w+){2,}$/.test(name)) return undefined;
  return name.split(" ").length > 7 ? undefined : name;
}

function splitNames(text: string): string[] {
  const names: string[] = [];
  for (const piece of text.split(/;|\s(?:and|und|et|y|e|og|och|en|i)\s(?=\p{Lu})|\s?[&＆、]\s?|, and /u)) {
    names.push(...splitAtCommas(piece.trim()));
    if (names.length > maxNames) break;
  }
  const isList = names.length < 2 || names.every((name) => name.includes(" ") || /[\u0250-\uffff]/.test(name));
  // "Home and Garden" is one name, or none.
  return isList ? names.slice(0, maxNames) : splitAtCommas(text).slice(0, maxNames);
}

/** A comma parts names from each other or from what their bearers are. */
function splitAtCommas(text: string): string[] {
  const [first = "", ...others] = text.split(/\s?[,，]\s?/);
  const names = [first];
  for (const other of others) {
    if (credential.test(other)) continue;
    if (looksLikePerson(first) && looksLikePerson(other)) names.push(other);
    else if (!looksLikePerson(first)) return [text];
    else break;
  }
  return names;
}

const jobWord =
  /\b(?:editor|writer|reporter|correspondent|contributor|expert|manager|director|founder|ceo|cto|president|head|lead|senior|staff|author|analyst|specialist|consultant|engineer|professor|coach|team|vice|chief|officer|partner|researcher|scientist|nurse|dietitian|columnist|journalist|university|institute|company)\b/i;

/** Two to four words that begin with capitals, as names have in scripts with capitals. */
export function looksLikePerson(text: string): boolean {
  if (text.length > 50 || jobWord.test(text)) return false;
  const words = text.split(" ");
  if (words.length < 2 || words.length > 5) return false;
  return words.every((word) =>
    /^(?:\p{Lu}|(?:de|da|di|van|von|der|den|la|le|el|al|bin|ibn|del|du|dos|of|y)$)/u.test(word),
  );
}

/** "Lovelace, Ada", as library catalogues have it. */
export function inReadingOrder(name: string): string {
  const [family, given, ...others] = name.split(/,\s*/);
  return family && given && others.length === 0 ? `${given} ${family}` : name;
}
