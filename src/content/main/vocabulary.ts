import { hashOf } from "./markings.ts";

/** Words that tell chrome from text in short blocks, by what they are about. */
const VOCABULARY: Readonly<Record<string, string>> = {
  legal:
    "copyright rights reserved privacy terms policy cookie cookies conditions impressum datenschutz disclaimer trademark legal mentions légales consent",
  social:
    "share tweet facebook twitter linkedin pinterest whatsapp instagram youtube email print follow like likes telegram reddit teilen partager compartir x",
  subscribe:
    "subscribe newsletter sign signup login log register account password join inbox free abonnieren anmelden suscríbete unlimited",
  comment:
    "comment comments reply replies report quote posted permalink upvote vote votes answered asked thread posts joined kommentare commentaires responder member likes",
  related:
    "related read more also recommended popular trending latest recent next previous see might continue reading articles stories mehr weitere voir plus leer",
  navigation:
    "home about contact menu search skip help faq blog careers sitemap back top support browse explore categories products services company resources toggle navigation",
  commerce:
    "cart buy price shipping wishlist checkout sale stock qty quantity add compare sort filter filters reviews delivery returns warranty size color options",
  byline:
    "by author written published updated min minutes ago editor staff reporter contributor posted von par por edited modified january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec",
  advert: "advertisement advertising sponsored ad promoted anzeige publicité",
  prose:
    "the and that was were with which their been they this from have had not und der die que les des los une which",
  self: "i you my your we our me us",
};

export const VOCABULARY_NAMES: readonly string[] = Object.keys(VOCABULARY);

const subjects = new Map<number, number>();
for (const [at, words] of Object.values(VOCABULARY).entries()) {
  for (const word of words.split(" ")) subjects.set(hashOf(word), (subjects.get(hashOf(word)) ?? 0) | (1 << at));
}

/** A set of bits, one for each of `VOCABULARY_NAMES`, of a word by the hash that `countText` makes letter by letter. */
export const subjectsOf = (hash: number): number => subjects.get(hash) ?? 0;
