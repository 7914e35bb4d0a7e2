import type { Element } from "../dom.ts";

/** What tags, roles, classes and ids can say of an element, each with the words it is said by. */
const MARKINGS: Readonly<Record<string, string>> = {
  content: "content contents maincontent main body text prose markdown richtext rte copy wysiwyg primary center",
  article: "article articles story news blogpost hentry essay",
  post: "post posts entry entries blog",
  title: "title titles headline heading heading headers hed subtitle lead lede intro standfirst dek",
  comment: "comment comments commentlist disqus respond reply replies discussion livefyre",
  thread: "thread topic message messages msg forum answer answers question conversation",
  navigation: "nav navbar navbars navigation navi subnav sidenav topnav breadcrumbs breadcrumb crumbs crumb jump skip",
  menu: "menu menus megamenu submenu dropdown offcanvas drawer hamburger flyout",
  header: "header head masthead topbar banner hero",
  footer: "footer footers foot bottom colophon",
  sidebar: "sidebar sidebars aside rail secondary side column left right",
  advert:
    "ad ads advert adverts advertisement advertising adsense adslot sponsor sponsored promo promos promotion dfp gpt",
  related:
    "related recommended recommendations recommend recirc recirculation more popular trending outbrain taboola similar latest recent next prev previous also",
  share: "share shares sharing sharebar sharethis addthis addtoany social socials follow facebook twitter",
  author: "author authors byline bio avatar user username userinfo profile contributor",
  meta: "meta metadata info details date time timestamp published updated postmeta dateline",
  tag: "tag tags category categories cat label labels taxonomy topics keywords tagcloud",
  widget: "widget widgets module block box panel plugin",
  overlay:
    "modal modals popup popups overlay cookie cookies consent gdpr lightbox tooltip popover toast notification ccpa",
  form: "form search login signin signup newsletter subscribe subscription register input field",
  product: "product products shop sku item-details buybox variant variants specs specifications features",
  price: "price prices cart basket checkout buy add wishlist minicart money",
  list: "list lists listing listings results result feed index archive archives grid collection",
  item: "item items card cards tile tiles teaser teasers row col cell entry-item",
  signature: "signature sig signatures",
  toolbar: "toolbar toolbars tool tools actions action button buttons btn controls options print",
  pager: "pagination pager paginator paging pagenav pages page-numbers",
  caption: "caption captions credit credits figcaption image img photo media gallery video",
  outline: "toc tableofcontents outline contents-list onthispage",
  concealed: "hidden hide sr-only visuallyhidden screenreader invisible collapse collapsed noprint",
  code: "code highlight highlighter codehilite prism hljs snippet syntax",
  aside: "admonition callout note notes warning tip alert important caution hint pullquote quote blockquote",
  review: "review reviews rating ratings stars testimonial testimonials",
  faq: "faq faqs accordion tabs tab tabpanel tabcontent toggle",
  description: "description desc summary excerpt abstract overview about bodytext",
  legal: "copyright legal disclaimer privacy terms notice",
  login: "paywall premium subscriber regwall gate",
  reference: "reference references reflist footnote footnotes citation bibliography navbox catlinks infobox",
};

/** Names of tags that are markings of their own. */
const TAGS =
  "main article aside nav header footer form section figure blockquote table ul ol dl li a button details noscript address tr h1 h2 h3 pre".split(
    " ",
  );
const ROLES: Readonly<Record<string, string>> = {
  navigation: "navigation",
  banner: "header",
  contentinfo: "footer",
  complementary: "sidebar",
  search: "form",
  menu: "menu",
  menubar: "menu",
  dialog: "overlay",
  alertdialog: "overlay",
  main: "main",
  article: "article",
  list: "list",
  tabpanel: "faq",
  toolbar: "toolbar",
};

/** Names of all markings; a marking is its place in this list. */
export const MARKING_NAMES: readonly string[] = [
  ...Object.keys(MARKINGS).map((name) => `.${name}`),
  ...TAGS,
  "hidden",
  "permalink",
];

/** Words by the hash that `scanNames` makes of them. */
const ofWord = new Map<number, number>();
for (const [at, words] of Object.values(MARKINGS).entries()) {
  for (const word of words.split(" ")) ofWord.set(hashOf(word), at);
}
const ofTag = new Map(TAGS.map((name, at) => [name, Object.keys(MARKINGS).length + at]));
const ofRole = new Map(
  Object.entries(ROLES).map(([role, name]) => [
    role,
    Math.max(MARKING_NAMES.indexOf(`.${name}`), MARKING_NAMES.indexOf(name)),
  ]),
);
/** Parts of words written together, such as `articlebody`, looked for in longer words that are not known. */
const stem =
  /article|comment|sidebar|footer|header|navigation|breadcrumb|related|newsletter|content|product|author|share|social|cookie|popup|banner|advert|widget|toolbar|pagination|signature|caption/g;

export const HIDDEN = MARKING_NAMES.indexOf("hidden");

/** Attributes that say what an element is for. Sites whose class names are hashes name parts by those for tests. */
const telling = new Set(["class", "id", "role", "itemprop", "aria-label", "data-testid", "data-component", "data-qa"]);
/** Ids made from headings are sentences; names that somebody gave are short. */
const maxIdLength = 40;
const maxClassLength = 1_000;
const stemLength = 8;

/** Calls `mark` with what an element's tag, role, class and id say of it, some of it twice. Returns a hash of tag and class. */
export function markingsOf(element: Element, mark: (marking: number) => void): number {
  const { attributes, name: tag } = element;
  const marking = ofTag.get(tag);
  if (marking !== undefined) mark(marking);
  let hash = hashOf(tag);
  for (let at = 0; at < attributes.length; at += 2) {
    const name = attributes[at];
    if (name === undefined || !telling.has(name)) continue;
    const value = attributes[at + 1] as string;
    if (name === "class") {
      if (value.length <= maxClassLength) hash = Math.imul(hash ^ scanNames(value, mark), 0x0100_0193);
    } else if (name === "role") {
      const said = ofRole.get(value);
      if (said !== undefined) mark(said);
    } else if (value.length <= maxIdLength) scanNames(value, mark);
  }
  return hash;
}

/** First words of names that are about what stands beside, or is missing: `has-sidebar`, `no-footer`. */
const besides = new Set(["has", "with", "no", "is", "without", "js"].map(hashOf));

/**
 * Marks what the words in names say, cut at other characters than letters and where a capital follows a small letter.
 * Returns a hash of the names without the numbers in them, which differ between items of one kind. Nothing is kept from
 * page to page, since websites invent names without end.
 */
function scanNames(text: string, mark: (marking: number) => void): number {
  let names = 0x811c_9dc5;
  let word = 0x811c_9dc5;
  let start = 0;
  let isFirst = true;
  let isAbout = true;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 32;
    const isCapital = code >= 65 && code <= 90;
    const isLetter = isCapital || (code >= 97 && code <= 122);
    if (at > start && (!isLetter || (isCapital && !isUpper(text.charCodeAt(at - 1))))) {
      if (isFirst && besides.has(word)) isAbout = false;
      isFirst = false;
      if (isAbout) markWord(text, start, at, word, mark);
      word = 0x811c_9dc5;
      start = at;
    }
    if (isLetter) word = Math.imul(word ^ (code | 32), 0x0100_0193) | 0;
    else start = at + 1;
    if (code <= 32) {
      isFirst = true;
      isAbout = true;
    }
    if (code < 48 || code > 57) names = Math.imul(names ^ code, 0x0100_0193);
  }
  return names | 0;
}

const isUpper = (code: number) => code >= 65 && code <= 90;

function markWord(text: string, start: number, end: number, hash: number, mark: (marking: number) => void): void {
  const marking = ofWord.get(hash);
  if (marking !== undefined) mark(marking);
  else if (end - start >= stemLength) {
    for (const [found] of text.slice(start, end).toLowerCase().matchAll(stem))
      mark(ofWord.get(hashOf(found)) as number);
  }
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash | 0;
}
