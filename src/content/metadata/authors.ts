import { attribute, type Element, lineOf, walk } from "../dom.ts";
import { headingText } from "../headings.ts";
import { squeeze, uniqueLabels } from "./labels.ts";
import type { LinkedFacts } from "./linked-facts.ts";
import { allMetas, allRelated, firstMeta, type Metas, type Related } from "./metas.ts";
import type { Line } from "./neighbourhood.ts";
import { inReadingOrder, looksLikePerson, readNames } from "./person-names.ts";
import { findWrittenDates } from "./written-dates.ts";

export type AuthorSources = {
  metas: Metas;
  facts: LinkedFacts;
  /** The `<a>` with a `rel`. */
  related: Related;
  /** Elements with `itemprop`. */
  properties: readonly Element[];
  lines: readonly Line[];
  headings: readonly Element[];
  anchors: readonly Element[];
  siteName: string | null;
};

const maxLineLength = 300;
/** More than this are teasers' authors. */
const maxLinked = 3;
const maxMarks = 5;
const maxHeadings = 20;
const maxAnchors = 2000;
/** Elements inside one that holds authors. */
const maxElements = 60;
/** Properties `author` that are looked into. */
const maxProperties = 20;

/** Who wrote the page, from the first source that names anybody but the site itself. */
export function findAuthors({
  metas,
  facts,
  related,
  properties,
  lines,
  headings,
  anchors,
  siteName,
}: AuthorSources): string[] {
  const site = siteName === null ? "" : squeeze(siteName);
  const people = (names: readonly string[]) => uniqueLabels(names.filter((name) => squeeze(name) !== site));
  const sources = [
    () => facts.authors.flatMap(readNames),
    () => declaredIn(metas),
    () => allMetas(metas, "citation_author").flatMap((name) => readNames(inReadingOrder(name))),
    () => inProperties(properties),
    () => linkedIn(related),
    () => inByline(lines, site),
    () => inHeadings(headings),
    () => everywhereLinked(anchors),
  ];
  for (const source of sources) {
    const authors = people(source());
    if (authors.length > 0) return authors;
  }
  // A person's own site may bear the person's name.
  return uniqueLabels(facts.people.flatMap(readNames).filter(looksLikePerson));
}

function declaredIn(metas: Metas): string[] {
  for (const name of [
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "dc.creator.personalname",
    "byl",
    "twitter:data1",
  ]) {
    if (name === "twitter:data1" && !/^(?:written by|author)/i.test(firstMeta(metas, "twitter:label1") ?? "")) continue;
    const names = allMetas(metas, name).flatMap(readNames);
    if (names.length > 0) return names;
  }
  return [];
}

/** `itemprop=author` of the page's first item that has one, and none of a comment's. */
function inProperties(properties: readonly Element[]): string[] {
  let scope: Element | undefined;
  let looked = 0;
  const names: string[] = [];
  for (const element of properties) {
    const property = attribute(element, "itemprop");
    if (property !== "author" && property !== "creator") continue;
    if (++looked > maxProperties) break;
    const item = itemOf(element);
    if (isComment(item)) continue;
    if (scope !== undefined && item !== scope) break;
    scope = item;
    names.push(...namesIn(element));
    if (names.length > maxMarks) break;
  }
  return names;
}

function itemOf(element: Element): Element {
  let item = element;
  while (item.parent) {
    item = item.parent;
    if (item.attributes.includes("itemscope")) break;
  }
  return item;
}

function isComment(item: Element): boolean {
  return /review|comment|answer/i.test(`${attribute(item, "itemprop") ?? ""} ${attribute(item, "itemtype") ?? ""}`);
}

function linkedIn(related: Related): string[] {
  const linked = new Set<string>();
  for (const anchor of allRelated(related, "author")) {
    for (const name of readNames(lineOf(anchor, maxLineLength))) linked.add(name);
    if (linked.size > maxLinked) return [];
  }
  return [...linked];
}

/** "Written by Ada Lovelace" over the box below an article. */
function inHeadings(headings: readonly Element[]): string[] {
  for (const heading of headings.slice(-maxHeadings)) {
    if (!/^\P{L}{0,3}(?:written|about|meet)/iu.test(lineOf(heading, 40))) continue;
    const said = /^(?:written by|(?:about|meet) (?:the |our )?authors?)\b[\s:–-]*(\S.*)$/i.exec(
      headingText(heading),
    )?.[1];
    const names = readNames(said).filter(looksLikePerson);
    if (names.length > 0) return names;
  }
  return [];
}

/** Links to authors' pages in all of the page, if they are one person's. */
function everywhereLinked(anchors: readonly Element[]): string[] {
  const linked = new Set<string>();
  for (const anchor of anchors.slice(0, maxAnchors)) {
    const href = attribute(anchor, "href");
    if (!href?.includes("/author") || !isAuthorLink(anchor)) continue;
    for (const name of namesOfLink(anchor)) if (looksLikePerson(name)) linked.add(name);
    if (linked.size > 1) return [];
  }
  return [...linked];
}

/** Names in what stands around the title: in elements and links that say so, or after "By". */
function inByline(lines: readonly Line[], site: string): string[] {
  for (const [at, line] of lines.entries()) {
    if (line.text.length > maxLineLength) continue;
    const marked = line.authors.slice(0, maxMarks).flatMap(namesIn);
    const linked = line.anchors.slice(0, 20).filter(isAuthorLink);
    const sources = [marked, linked.flatMap(namesOfLink), spoken(line.text), below(lines[at - 1], line)];
    for (const names of sources) if (names.some((name) => squeeze(name) !== site)) return names;
  }
  return [];
}

const authorPath =
  /\/(?:authors?|contributors?|people|by|users?|u|profiles?|members?|staff|our-team|team|experts?|writers?|columnists?|journalists?|reporters?|autore?n?|auteurs?)\/[^/?#]{1,200}\/?(?:[?#].*)?$|\/@[^/?#]{1,200}\/?(?:[?#].*)?$|\/(?:member|profile)\.php\?/i;

/** What an author's page is called by: a person's name, or the one that its own address spells. */
function namesOfLink(anchor: Element): string[] {
  const slug = squeeze(attribute(anchor, "href") ?? "");
  return readNames(lineOf(anchor, maxLineLength)).filter(
    (name) => looksLikePerson(name) || slug.endsWith(squeeze(name)),
  );
}

function isAuthorLink(anchor: Element): boolean {
  const href = attribute(anchor, "href");
  return href !== undefined && href.length < 500 && authorPath.test(href);
}

/** A name below "Written by", on a line of its own. */
function below(label: Line | undefined, line: Line): string[] {
  if (!label || !/^(?:(?:written|posted|published|text|words|story) )?(?:by|authors?)\s?:?$/i.test(label.text))
    return [];
  return looksLikePerson(line.text) ? readNames(line.text) : [];
}

const bylineStart =
  /^\P{L}{0,3}(?:(?:(?:article|story|post|text|words?|review|recipe|content)\s)?(?:(?:written|posted|published|reported|created|authored|started|submitted|contributed)\s)?by|von|par|por|di|door|av|af|authors?|autor(?:in)?|auteurs?|autore|автор|作者|著者|文|記者)[:：\s]/iu;

/** "By Ada Lovelace on 1 May 2024". */
function spoken(line: string): string[] {
  if (line.length > 200 || !bylineStart.test(line)) return [];
  const [date] = findWrittenDates(line, null);
  const text = (date ? line.slice(0, date.start) : line).replace(/^[^\p{L}]{1,3}/u, "").trimEnd();
  const names = readNames(date ? text.replace(/(?:\s(?:on|am|le|el|il|em|den))?[ ,|·•–—-]{0,5}$/iu, "") : text);
  const isNamed =
    names.length > 0 && names.every((name) => looksLikePerson(name) || /^[\u0370-\uffff]{2,12}$/.test(name));
  return isNamed ? names : [];
}

/** The names inside an element that holds authors, without the titles and numbers around them. */
function namesIn(element: Element): string[] {
  const content = attribute(element, "content");
  if (content) return readNames(content);
  const named: string[] = [];
  const linked: string[] = [];
  let elements = 0;
  walk(element, (inner) => {
    if (++elements > maxElements || named.length > maxMarks || linked.length > maxMarks) return false;
    const property = inner.attributes.length > 0 ? attribute(inner, "itemprop") : undefined;
    if (property === "name") named.push(...readNames(attribute(inner, "content") ?? lineOf(inner, maxLineLength)));
    else if (inner.name === "a") linked.push(...readNames(lineOf(inner, maxLineLength)));
    return true;
  });
  if (named.length > 0) return named;
  const people = linked.filter(looksLikePerson);
  if (people.length > 0) return people;
  if (linked.length === 1) return linked;
  return readNames(firstTextOf(element));
}

/** The first text of an element that is more than "By". */
function firstTextOf(element: Element): string | undefined {
  let found: string | undefined;
  let nodes = 0;
  const visit = (inner: Element): void => {
    for (const child of inner.children) {
      if (found !== undefined || ++nodes > maxElements) return;
      if (child.type === "element") visit(child);
      else if (readNames(child.text.slice(0, maxLineLength)).length > 0) found = child.text.slice(0, maxLineLength);
    }
  };
  visit(element);
  return found;
}
