import { attribute, type Element } from "./dom.ts";
import { isHeading } from "./headings.ts";
import { ownCopy } from "./names.ts";

/** What an element's tag, role, class and id say about it. */
export type Role = "content" | "boilerplate" | "overlay" | "comments" | "neutral";

const set = (list: string): ReadonlySet<string> => new Set(list.split(" "));

/** Never text to a reader, wherever they stand. */
const silentNames = set(
  "script style link meta title template button select input textarea iframe svg canvas object embed audio video dialog datalist frame noframes map menu label",
);
const boilerplateRoles = set(
  "navigation banner contentinfo complementary search menu menubar dialog alertdialog toolbar alert",
);

const boilerplateWords = set(
  "nav navbar navbars navigation navi menu menus megamenu submenu topbar topnav subnav sidenav breadcrumb breadcrumbs crumbs crumb " +
    "sidebar sidebars footer footers foot masthead ccpa newsletter newsletters subscribe " +
    "subscription signup optin share shares sharing sharebar sharethis addthis addtoany social socials sociable related " +
    "recommended recommendations recirc recirculation outbrain taboola pagination pager paginator pagenav " +
    "advert adverts advertisement advertising ads ad adsense adslot advertorial sponsor sponsors sponsored promo promos " +
    "offcanvas drawer overlay skiplink skiplinks toc tableofcontents login signin " +
    "search searchbox searchform toolbar toolbars printonly noprint " +
    "editsection metabox author authors authorbio reviews signature signatures postprofile userinfo disclaimer navbox catlinks jumplinks backtotop totop carousel-indicators dropdown " +
    "wishlist minicart cartdrawer languageswitcher langswitcher byline authorbox postmeta tagcloud tagged",
);
/** Boxes over the page or outside its flow, which are never its content however long they are. */
const overlayWords = set("modal modals popup popups cookie cookies consent gdpr lightbox tooltip popover toast");
const overlayNames = set(
  "sr-only visually-hidden visuallyhidden screen-reader-text screenreader-text assistive-text u-hidden-visually",
);
const commentWords = set("comment comments commentlist disqus respond replies commentform livefyre");
const contentWords = set(
  "article content entry post story body main maincontent blogpost hentry markdown prose documentation",
);
/** Boxes that are part of a text although they stand beside it. */
const asideWords = set("admonition callout note notes warning tip alert important caution hint info danger pullquote");

const verdicts = new Map<string, Role>();
const maxVerdicts = 20_000;

export function isSilent(element: Element): boolean {
  return silentNames.has(element.name);
}

export function roleOf(element: Element): Role {
  const { name } = element;
  if (name === "nav" || name === "footer" || name === "form") return "boilerplate";
  if (name === "main" || name === "body" || name === "html" || name === "article") return "content";
  if (element.attributes.length === 0) return name === "aside" ? "boilerplate" : "neutral";
  const role = attribute(element, "role");
  if (role && boilerplateRoles.has(role)) return "boilerplate";
  if (role === "main" || attribute(element, "itemprop") === "articleBody") return "content";
  const words = namesRole(element);
  return name === "aside" && words !== "content" ? "boilerplate" : words;
}

function namesRole(element: Element): Role {
  const names = attribute(element, "class");
  const id = attribute(element, "id");
  if (!id) return names ? wordsRole(names) : "neutral";
  const isSection = element.name === "section" || (names !== undefined && /^(?:section|level\d|sect\d)$/.test(names));
  // A section's id is made from its heading: one about menus or cookies is named after them.
  if (isSection && element.children.some(isHeading)) return names ? wordsRole(names) : "neutral";
  return wordsRole(names ? `${names} ${id}` : id);
}

/** The same few class names come again on every page of a website: what they mean is worked out once. */
function wordsRole(text: string): Role {
  if (text.length < 2 || text.length > 1000) return "neutral";
  const known = verdicts.get(text);
  if (known) return known;
  const role = judge(text);
  if (verdicts.size >= maxVerdicts) verdicts.clear();
  verdicts.set(ownCopy(text), role);
  return role;
}

function judge(text: string): Role {
  let isContent = false;
  let isComments = false;
  for (const name of text.split(/\s+/)) {
    if (overlayNames.has(name)) return "overlay";
    // What follows two hyphens modifies a block: `field--label-hidden` is no label.
    const words = (name.split("--", 1)[0] ?? "")
      .replace(/([a-z])([A-Z])/g, "$1-$2")
      .toLowerCase()
      .split(/[^a-z]+/);
    // `has-sidebar` and `with-ads` are about what stands beside, `no-footer` about what is missing.
    if (/^(?:has|with|no|is|without|js|show)$/.test(words[0] ?? "")) continue;
    if (words.some((word) => asideWords.has(word))) return "content";
    if (words.some((word) => overlayWords.has(word))) return "overlay";
    if (words.some((word) => boilerplateWords.has(word))) return "boilerplate";
    isComments ||= words.some((word) => commentWords.has(word));
    isContent ||= words.some((word) => contentWords.has(word));
  }
  if (isComments) return "comments";
  return isContent ? "content" : "neutral";
}

/** Whether the page itself hides the element. */
export function isHidden(element: Element): boolean {
  const { attributes } = element;
  if (attributes.length === 0) return false;
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] ?? "";
    switch (attributes[at]) {
      case "hidden":
        // React sends what it renders late in hidden boxes of this kind, and a script shows them.
        if (value !== "until-found" && !/^S:/.test(attribute(element, "id") ?? "")) return true;
        break;
      case "style":
        if (/display\s{0,5}:\s{0,5}none/i.test(value)) return true;
        break;
    }
  }
  return false;
}
