import { attribute, classNames, collapse, type Element, lineOf } from "../dom.ts";
import { toIsoDate } from "../metadata/date-value.ts";
import { isSignature } from "./post-bodies.ts";

/** Who wrote a post and when. */
export type Byline = {
  author: string | null;
  /** ISO 8601, where the date can be read. */
  date: string | null;
  /** As the page shows it. */
  shownDate: string | null;
  permalink: string | null;
  score: number | null;
  isAccepted: boolean;
};

const AUTHOR_NAMES = new Set(
  (
    "username author authorname postauthor poster postername postusername nickname nick creator hnuser userlink " +
    "commentauthor messageauthor messagename userdetails bbpauthorname cauthorpaneauthor postusername postuser " +
    "forumpostauthor personlisting displayname userlogin liausernamelink byauthor memberlink bigusername authorlink " +
    "authornamelink userprofile posterinfo authorinformation submittedby postheadersubmittedby tagline comhead fn user"
  ).split(" "),
);
const DATE_NAMES =
  /^(?:js-)?(?:post|comment|message|msg|forum|relative|bbp|reply)?[-_]{0,2}(?:post)?[-_]?(?:date|time|datetime|timestamp|posted|when|age|ago|permalink|smalltext)(?:[-_]?(?:posted|time|line|label))?$/i;
/** In every name above: most classes need no closer look. */
const mayTell =
  /auth|user|poster|nick|creator|link|member|message-?name|person|display|submitted|tagline|comhead|\bfn\b|date|time|when|\bago|\bage|smalltext|permalink|accepted/i;
const maxClass = 300;
const maxNames = 12;
const memberHref =
  /\/(?:u|users?|members?|profiles?|people|author)\/[^/]|memberlist\.php|member\.php|[?&;](?:action=profile|showuser=|u=\d|userid=)|profile\.php|\/@[\w.-]/i;
const permalinkHref =
  /#(?:post|p|pid|msg|comment|c|reply|answer|entry|findComment|js-post|r)?[-_]?\d|\/post-\d|\/(?:a|q|posts?|comments?)\/\d|[?&;](?:p|pid|postid)=\d|#post/i;

const looksDated = /\b(?:19|20)\d\d\b|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}/;

const maxName = 60;
const maxDate = 60;
const maxElements = 400;

/** Reads a byline from an element, without what is inside `skipped`, and from what stands right before it. */
export function readByline(post: Element, skipped: ReadonlySet<Element>, language: string | null): Byline {
  const reader = new BylineReader(skipped, language);
  reader.read(post);
  return reader.byline();
}

class BylineReader {
  private author = "";
  private rank = 0;
  private date: string | null = null;
  private shownDate: string | null = null;
  private dateRank = 0;
  private permalink: string | null = null;
  private score: number | null = null;
  private isAccepted = false;
  private left = maxElements;

  constructor(
    private readonly skipped: ReadonlySet<Element>,
    private readonly language: string | null,
  ) {}

  byline(): Byline {
    const { date, shownDate, permalink, score, isAccepted } = this;
    return { author: this.author || null, date, shownDate, permalink, score, isAccepted };
  }

  read(element: Element): void {
    if (this.left-- <= 0 || this.skipped.has(element) || isSignature(element)) return;
    this.note(element);
    for (const child of element.children) {
      if (child.type === "element") this.read(child);
      else if (this.dateRank === 0) this.readText(child.text);
    }
  }

  private note(element: Element): void {
    const { name, attributes } = element;
    if (name === "time" || name === "relative-time" || name === "faceplate-timeago") {
      this.offerDate(element, attribute(element, "datetime") ?? attribute(element, "ts"), 4);
    } else if (name === "strong" || name === "b" || name === "h3" || name === "h4") this.offerName(element, 1);
    for (let at = 0; at < attributes.length; at += 2) {
      const value = attributes[at + 1] as string;
      switch (attributes[at]) {
        case "data-author":
        case "data-username":
        case "author":
          this.offer(value, 6);
          break;
        case "data-score":
        case "score":
          if (/^-?\d{1,9}$/.test(value)) this.score ??= Number(value);
          break;
        case "data-time":
        case "data-timestamp":
          this.offerDate(element, value, 3);
          break;
        case "title":
        case "datetime":
          if (/\d/.test(value) && value.length <= maxDate) this.offerDate(element, value, 2);
          break;
        case "itemprop":
          this.noteProperty(element, value.toLowerCase());
          break;
        case "class":
          this.noteClasses(element, value);
          break;
        case "href":
          if (name === "a") this.noteLink(element, value);
          break;
      }
    }
  }

  /** Some engines write a date without any mark, after the author's name and a sign. */
  private readText(text: string): void {
    if (text.length > 3 * maxDate || !/\d/.test(text)) return;
    const shown = collapse(text).replace(/^[^\p{L}\p{N}]{1,5}/u, "");
    if (shown.length < 8 || shown.length > maxDate || !looksDated.test(shown)) return;
    this.date = toIsoDate(shown, this.language);
    this.shownDate = shown;
    this.dateRank = 1;
  }

  private noteProperty(element: Element, property: string): void {
    if (property === "author" || property === "creator") this.offerName(element, 5);
    else if (property === "datepublished" || property === "datecreated" || property === "commenttime") {
      this.offerDate(element, attribute(element, "datetime") ?? attribute(element, "content"), 5);
    } else if (property === "acceptedanswer") this.isAccepted = true;
    else if (property === "upvotecount") {
      const count = Number(attribute(element, "content") ?? lineOf(element, 20));
      if (Number.isSafeInteger(count)) this.score ??= count;
    }
  }

  private noteClasses(element: Element, names: string): void {
    if (!mayTell.test(names.slice(0, maxClass))) return;
    for (const name of classNames(element).slice(0, maxNames)) {
      if (name === "accepted-answer") this.isAccepted = true;
      if (DATE_NAMES.test(name)) this.offerDate(element, undefined, 2);
      if (AUTHOR_NAMES.has(name.replace(/[^a-z]/gi, "").toLowerCase())) this.offerName(element, 4);
    }
  }

  private noteLink(link: Element, href: string): void {
    if (memberHref.test(href)) this.offerName(link, 3);
    if (this.permalink === null && permalinkHref.test(href)) this.permalink = href.slice(0, 500);
  }

  private offerName(element: Element, rank: number): void {
    if (rank <= this.rank) return;
    const name = nameIn(element);
    if (name) this.offer(name, rank);
  }

  private offer(name: string, rank: number): void {
    const text = name
      .trim()
      .replace(/^(?:by|von|par|por|de|da|av|przez) /i, "")
      .replace(/[\s:,–—-]{1,5}$/, "");
    if (rank <= this.rank || text.length === 0 || text.length > maxName || !/[\p{L}\p{N}]/u.test(text)) return;
    this.author = text;
    this.rank = rank;
  }

  private offerDate(element: Element, value: string | undefined, rank: number): void {
    if (rank <= this.dateRank) return;
    const shown = lineOf(element, 2 * maxDate);
    const date = toIsoDate(value, this.language) ?? (shown.length <= maxDate ? toIsoDate(shown, this.language) : null);
    if (date === null) return;
    this.date = date;
    this.dateRank = rank;
    this.shownDate = shown !== "" && shown.length <= maxDate && /\d/.test(shown) ? shown : null;
  }
}

/** The name in an element that may hold more than that: what it links to, or what it sets in bold, else all of it. */
function nameIn(element: Element): string | undefined {
  const line = lineOf(element, 4 * maxName);
  if (line === "") return undefined;
  const inner = isName(element) ? undefined : firstName(element, { left: 40 });
  if (inner) return inner;
  return line.length > maxName / 2 || line.split(" ").length > 4 || /\d{1,2}:\d\d/.test(line) ? undefined : line;
}

function isName(element: Element): boolean {
  return /^(?:a|strong|b)$/.test(element.name) || attribute(element, "itemprop") === "name";
}

function firstName(element: Element, budget: { left: number }): string | undefined {
  for (const child of element.children) {
    if (child.type === "text" || budget.left-- <= 0) continue;
    const line = isName(child) ? lineOf(child, maxName + 1) : "";
    if (line !== "" && line.length <= maxName && !/^\d/.test(line)) return line;
    const inner = firstName(child, budget);
    if (inner) return inner;
  }
  return undefined;
}
