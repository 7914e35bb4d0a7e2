import { groupOfHash, HASH_START, stepHash, tableOf } from "./word-table.ts";

/**
 * Words of class names and ids that tell what a page is for, grouped by what they speak of. Class names are English on
 * sites of every language.
 */
const GROUPS: Readonly<Record<string, string>> = {
  product: "product products prod pdp sku productdetail gtin",
  price: "price prices money currency msrp sale",
  cart: "cart addtocart basket checkout buy buybox minicart purchase",
  variant: "variant variants swatch swatches quantity qty option options",
  rating: "rating ratings star stars review reviews",
  grid: "grid tile tiles plp productgrid masonry",
  card: "card cards teaser teasers",
  item: "item items row rows listitem",
  list: "list lists listing listings results result feed index archive archives stream",
  filter: "filter filters facet facets refine refinement refinements sort sorting sortby",
  pager: "pagination pager paginator paging pagenav loadmore",
  collection: "collection collections category categories catalog department browse",
  article: "article articles story news headline dek standfirst",
  post: "post posts entry blog blogpost hentry",
  author: "author authors byline contributor writer bio",
  date: "date dates dateline time timestamp published updated",
  share: "share shares sharing social socials addthis addtoany sharebar",
  related: "related recommended recommendations recirc trending popular latest",
  comment: "comment comments commentlist disqus",
  thread: "thread threads topic topics message messages forum forums discussion conversation board",
  reply: "reply replies quote quotes quoted answer answers question questions",
  member: "user users username userinfo member members avatar avatars profile signature poster karma reputation",
  vote: "vote votes voting upvote downvote score like likes reaction reactions",
  outline: "toc tableofcontents onthispage outline contents",
  docs: "docs doc documentation sphinx reference api guide manual version versions",
  code: "code highlight highlighter codehilite prism hljs shiki snippet syntax language copy",
  side: "sidebar sidebars aside sidenav rail",
  hero: "hero jumbotron masthead banner slide slides slider carousel swiper",
  button: "btn button buttons",
  appeal: "cta demo signup trial getstarted subscribe register",
  feature: "feature features benefit benefits solution solutions service services capability",
  testimonial: "testimonial testimonials client clients customer customers logos partner partners trusted",
  pricing: "pricing plan plans tier tiers faq faqs accordion",
  contact: "contact phone address location locations map hours consultation appointment",
  section: "section sections container block blocks module modules wrapper",
  search: "search searchbox searchform query",
  person: "staff team people person faculty directory",
  event: "event events calendar schedule",
  job: "job jobs career careers vacancy",
  rank: "rank ranking rankings position chart standings",
  media: "video videos player gallery podcast episode audio",
  edit: "edit editsection revision history wiki mw",
  repository: "repo repository commit branch file files readme",
};

export const WORD_GROUPS: readonly string[] = Object.keys(GROUPS);

const table = tableOf(Object.values(GROUPS));
/** What comes after this many characters of an attribute are utilities of its looks. */
const maxLength = 80;
/** When each group was last met, so that an attribute counts it once. */
const metAt = new Float64Array(WORD_GROUPS.length);
let serial = 0;

/** Adds one to each group that a class attribute or an id speaks of. */
export function countWords(names: string, counts: Int32Array): void {
  if (names.length < 2) return;
  const end = Math.min(names.length, maxLength);
  serial++;
  let hash = HASH_START;
  let letters = 0;
  let wasLower = false;
  for (let at = 0; at <= end; at++) {
    const code = at < end ? names.charCodeAt(at) : 0;
    const isLower = code > 96 && code < 123;
    const isUpper = code > 64 && code < 91;
    // A capital after a small letter begins a word, as in `productCard`.
    if (letters > 0 && (!(isLower || isUpper) || (isUpper && wasLower))) {
      const group = groupOfHash(table, hash);
      if (group >= 0 && metAt[group] !== serial) {
        metAt[group] = serial;
        counts[group] = (counts[group] as number) + 1;
      }
      hash = HASH_START;
      letters = 0;
    }
    if (isLower || isUpper) {
      hash = stepHash(hash, code | 32);
      letters++;
    }
    wasLower = isLower;
  }
}
