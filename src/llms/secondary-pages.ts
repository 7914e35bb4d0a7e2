import type { ListedPage } from "./listed-pages.ts";

/** What every website has and few ask for: what is legal, what is needed to use the website, and all of it on one page. */
const ASIDE = new Set(
  (
    "legal imprint impressum privacy privacy-policy privacy-notice datenschutz datenschutzerklaerung terms terms-of-service " +
    "terms-of-use terms-and-conditions tos agb cookies cookie-policy disclaimer gdpr accessibility-statement copyright license " +
    "licence licenses mentions-legales aviso-legal politica-de-privacidad dmca security-policy code-of-conduct " +
    "login signin sign-in signup sign-up register logout account cart checkout search sitemap contact-us thank-you 404 " +
    "feed rss atom genindex py-modindex modindex general-index download downloads print all all-in-one single-page onepage"
  ).split(" "),
);

/** Lists of what is listed elsewhere, by who wrote it or what it is about. */
const ARCHIVES = new Set("tag tags author authors archive archives label labels".split(" "));
/** The same, but on some websites what these pages are about. */
const MAYBE_ARCHIVES = new Set("category categories topic topics".split(" "));

/** What was new once. */
const CHANGELOGS = new Set(
  "changelog changelogs change-log changes release-notes releasenotes releases whatsnew whats-new what-s-new".split(
    " ",
  ),
);

/** A page of a list that goes on over several. */
const PAGED_PATH = /\/(?:page|seite)\/?\d{1,6}\/?$/i;

const LISTS = new Set(["listing", "collection"]);

/** What is data or a feed, rather than a page that somebody reads. */
const DATA = new Set(["feed", "xml", "json", "csv"]);

/** More pages than this share with a query, and a query is how the website names its pages. */
const NAMED_BY_QUERY = 0.5;

/**
 * Tells the pages that can be left out where there is little room: what is legal, archives, change logs, pages of lists, data,
 * and other views of a page, which a query makes.
 */
export function createSecondaryRule(pages: readonly ListedPage[]): (page: ListedPage) => boolean {
  const withQuery = pages.filter(({ path }) => path.includes("?")).length;
  const isNamedByQuery = withQuery > pages.length * NAMED_BY_QUERY;
  return (page) => (!isNamedByQuery && page.path.includes("?")) || isSecondary(page);
}

function isSecondary({ path, pageType, kind }: ListedPage): boolean {
  const [pathname = ""] = path.split("?", 1);
  if (DATA.has(kind) || PAGED_PATH.test(pathname)) return true;
  const names = pathname
    .toLowerCase()
    .split("/")
    .filter((name) => name !== "")
    .map((name) => name.replace(/\.(?:x?html?|php|aspx?|md|txt)$/, "").replaceAll("_", "-"));
  const last = names.at(-1) ?? "";
  if (ASIDE.has(last) || names[0] === "legal" || last.startsWith("genindex-")) return true;
  if (names.some((name) => ARCHIVES.has(name) || CHANGELOGS.has(name))) return true;
  const isList = LISTS.has(pageType ?? "");
  return isList && (names.some((name) => MAYBE_ARCHIVES.has(name)) || isOfDate(names));
}

/** `/2024/`, `/blog/2024/05/`. */
function isOfDate(names: readonly string[]): boolean {
  return names.slice(-3).some((name) => /^(?:19|20)\d\d$/.test(name)) && /^\d{1,4}$/.test(names.at(-1) ?? "");
}
