import { attribute, type Element } from "../dom.ts";
import { isBlock } from "../nesting.ts";
import type { Survey } from "../survey.ts";
import { findAlikePosts } from "./alike-posts.ts";
import { type Byline, readByline } from "./byline.ts";
import { type Body, findNamedBodies } from "./post-bodies.ts";
import { measureTexts } from "./text-sizes.ts";

export type Post = Byline & {
  /** The post with all that stands around it: author, date, signature, buttons. */
  element: Element;
  /** What was written, in page order. */
  bodies: Element[];
  /** A remark below an answer rather than a post of its own. */
  isRemark: boolean;
};

export type Thread = { posts: Post[] };

/** What stands around a post is short: beyond this, the element above holds more than the post. */
const maxAround = 1500;
const maxLevels = 12;
/** Bodies that hold less than this share of the page's text are a box beside something else. */
const leastShare = 0.1;
const leastShareOfSeveral = 0.02;

/**
 * The posts of a forum's thread, of questions with answers, or of comments, in page order; `undefined` when the page
 * shows none. Takes time in proportion to the page.
 */
export function findThread(root: Element, survey: Survey): Thread | undefined {
  const page = survey.body ?? root;
  const sizes = measureTexts(page);
  const measure = (element: Element) => sizes[element.order] ?? 0;
  const named = findNamedBodies(page, measure);
  const isEnough = coverage(named) >= measure(page) * (named.length > 1 ? leastShareOfSeveral : leastShare);
  const bodies = isEnough ? named : findAlikePosts(page, measure);
  if (bodies.length === 0) return undefined;
  const surroundings: Surroundings = {
    skipped: new Set(bodies.map(({ element }) => element)),
    holders: countHolders(bodies),
    language: attribute(survey.root, "lang") ?? null,
    neighbours: new Map(),
  };
  const remarks = postsOf(
    bodies.filter(({ isRemark }) => isRemark),
    measure,
    surroundings,
  );
  // What stands around a remark belongs to it, and not to the post that it is on.
  for (const { element } of remarks) surroundings.skipped.add(element);
  const own = bodies.filter(({ isRemark }) => !isRemark);
  const posts = postsOf(own, measure, { ...surroundings, holders: countHolders(own) });
  const all = [...posts, ...remarks];
  return all.length > 0 ? { posts: all.sort((a, b) => orderOf(a) - orderOf(b)) } : undefined;
}

const orderOf = ({ bodies }: Post) => bodies[0]?.order ?? 0;

function postsOf(bodies: readonly Body[], measure: (element: Element) => number, page: Surroundings): Post[] {
  return bodies.map(({ element, characters, isRemark }) => {
    const post = postOf(element, characters, page.holders, measure);
    return { element: post, bodies: [element], isRemark, ...bylineOf(post, element, page) };
  });
}

function coverage(bodies: readonly Body[]): number {
  return bodies.reduce((sum, { characters }) => sum + characters, 0);
}

/** For elements around bodies: how many they hold. */
function countHolders(bodies: readonly Body[]): Map<Element, number> {
  const holders = new Map<Element, number>();
  for (const { element } of bodies) {
    for (let at: Element | null = element; at; at = at.parent) holders.set(at, (holders.get(at) ?? 0) + 1);
  }
  return holders;
}

/** The widest element around a body that holds no other and little else. */
function postOf(
  body: Element,
  characters: number,
  holders: ReadonlyMap<Element, number>,
  measure: (element: Element) => number,
): Element {
  let post = body;
  for (let at = body.parent, level = 0; at && level < maxLevels; at = at.parent, level++) {
    if (holders.get(at) !== 1 || at.name === "body" || at.name === "main" || at.name === "html") break;
    if (measure(at) > characters + maxAround) break;
    post = at;
  }
  return post;
}

type Surroundings = {
  /** The bodies, which say nothing of who wrote them. */
  skipped: Set<Element>;
  holders: ReadonlyMap<Element, number>;
  language: string | null;
  neighbours: Neighbours;
};

function bylineOf(post: Element, body: Element, page: Surroundings): Byline {
  const { skipped, holders, language } = page;
  const own = readByline(post, skipped, language);
  if (own.author !== null && own.date !== null) return own;
  // Some write who and when into the row before.
  const before = post === body || own.author === null ? elementBefore(post, page.neighbours) : undefined;
  if (!before || holders.has(before) || !isBlock(before.name)) return own;
  const other = readByline(before, skipped, language);
  return {
    ...own,
    author: own.author ?? other.author,
    date: own.date ?? other.date,
    shownDate: own.date === null ? other.shownDate : own.shownDate,
    permalink: own.permalink ?? other.permalink,
  };
}

/** The element before each child of a parent, gathered once a parent: many posts share one. */
type Neighbours = Map<Element, Map<Element, Element>>;

function elementBefore(element: Element, neighbours: Neighbours): Element | undefined {
  const { parent } = element;
  if (!parent) return undefined;
  let before = neighbours.get(parent);
  if (!before) {
    before = new Map();
    let last: Element | undefined;
    for (const child of parent.children) {
      if (child.type === "text") continue;
      if (last) before.set(child, last);
      last = child;
    }
    neighbours.set(parent, before);
  }
  return before.get(element);
}
