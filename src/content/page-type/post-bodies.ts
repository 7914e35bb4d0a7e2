import { attribute, classNames, type Element, walk } from "../dom.ts";

/** What engines call the element that holds what somebody wrote, in lower case and letters alone. */
const BODY_NAMES = new Set(
  (
    "postbody postcontent posttext postmessage postmsg postcopy commentbody commentcontent commenttext commentcopy " +
    "commentmessage messagebody messagecontent messagetext msgbody msgtext replycontent replybody replytext answerbody " +
    "answercontent answertext questionbody questioncontent questiontext forumpostcontent forumpostbody discussionbody " +
    "bbwrapper usercontent usertextbody commtext cooked bbpreplycontent bbptopiccontent jspostbody " +
    "liamessagebodycontent jspostcontenttext commentsitemtext commentslistitemtext " +
    "qaqviewcontent qaaitemcontent qacitemcontent topiccontent entrycontent mddiv"
  ).split(" "),
);
const REMARK_NAMES = /\b(?:comment-copy|js-comment-[a-z-]{1,30}|qa-c-item-content)\b/;
/** What stands inside a body and is no part of it: signatures, what opens long quotes, what copies code. */
const CHROME_NAMES =
  /(?:^|[\s_-])(?:bbCodeBlock-(?:expandLink|shrinkLink)|js-selectToQuoteEnd|codebox-copy|post-menu|post-edited|message-lastEdit|quotelink)(?:$|[\s_-])/;
/** In every name above: most classes need no closer look. */
const mayNameBody = /body|content|text|copy|msg|message|wrapper|cooked|commtext|mddiv|md-div/i;
const bodyProperties = new Set(["text", "commenttext", "articlebody"]);
const bodyMarks = new Map([
  ["component", "post/content"],
  ["data-role", "commentContent"],
  ["slot", "comment"],
  ["slot", "text-body"],
  ["property", "content:encoded"],
]);
const outside = new Set(["nav", "footer", "textarea", "script"]);

const maxBodies = 2000;
const maxClass = 300;
const maxLevels = 100;
/** An element that holds this share of one around it is the tighter one of the two. */
const tightShare = 0.6;

export type Body = {
  element: Element;
  characters: number;
  /** A remark on a post rather than a post, as below answers. */
  isRemark: boolean;
};

/**
 * The elements that by their names hold posts, in page order, none inside another. Linear: each is measured once, by
 * `measure`.
 */
export function findNamedBodies(root: Element, measure: (element: Element) => number): Body[] {
  const found: Body[] = [];
  walk(root, (element) => {
    if (outside.has(element.name) || found.length >= maxBodies || isSignature(element)) return false;
    if (isBody(element)) {
      const isRemark = REMARK_NAMES.test(attribute(element, "class") ?? "");
      found.push({ element, characters: measure(element), isRemark });
    }
    return undefined;
  });
  return withoutNested(found.filter(({ characters }) => characters > 0));
}

/** Whether something inside a body is no part of what was written. */
export function isPostChrome(element: Element): boolean {
  const names = attribute(element, "class");
  return names !== undefined && (isSignature(element) || (names.length <= maxClass && CHROME_NAMES.test(names)));
}

/** What somebody appends to all of their posts. Stack Exchange calls the author's card a `post-signature`. */
export function isSignature(element: Element): boolean {
  const names = attribute(element, "class");
  return (
    names !== undefined && /(?<!post-)signature|\bsig(?:_|-)(?:text|block|content)\b/i.test(names.slice(0, maxClass))
  );
}

function isBody(element: Element): boolean {
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    const name = attributes[at] as string;
    const value = attributes[at + 1] as string;
    if (name === "class") {
      if (!mayNameBody.test(value) || value.length > maxClass) continue;
      if (classNames(element).some((one) => isBodyName(one, element))) return true;
    } else if (name === "id") {
      if (/^(?:post_message_|msg_|post-?content-?|pid_|post_text_|comment-?text-?)\d|-rtjson-content$/i.test(value))
        return true;
    } else if (name === "itemprop") {
      if (bodyProperties.has(value.toLowerCase())) return true;
    } else if (bodyMarks.get(name) === value) return true;
  }
  return false;
}

function isBodyName(name: string, element: Element): boolean {
  const bare = name.replace(/[^a-z]/gi, "").toLowerCase();
  if (BODY_NAMES.has(bare)) return true;
  // phpBB calls it `content`, within the post's `postbody`.
  return bare === "content" && [element.parent, element.parent?.parent].some((above) => isPostBody(above));
}

function isPostBody(element: Element | null | undefined): boolean {
  return element ? /\bpostbody\b/.test(attribute(element, "class") ?? "") : false;
}

/** Of bodies inside bodies the tighter one stays, and what holds several is no body but a list of them. */
function withoutNested(bodies: readonly Body[]): Body[] {
  const all = new Set(bodies.map(({ element }) => element));
  /** For each body: what stays of those inside it. */
  const inside = new Map<Element, Body[]>();
  const staying: Body[] = [];
  // In page order an outer one comes first, so that backwards the inner ones are settled before it.
  for (let at = bodies.length - 1; at >= 0; at--) {
    const body = bodies[at] as Body;
    const within = inside.get(body.element) ?? [];
    const sum = within.reduce((total, { characters }) => total + characters, 0);
    const isList = within.length > 1 || (within.length === 1 && sum >= body.characters * tightShare);
    const settled = isList ? within : [body];
    const above = bodyAround(body.element, all);
    if (above) inside.set(above, [...settled, ...(inside.get(above) ?? [])]);
    else staying.unshift(...settled);
  }
  return staying;
}

function bodyAround({ parent }: Element, bodies: ReadonlySet<Element>): Element | undefined {
  for (let at = parent, level = 0; at && level < maxLevels; at = at.parent, level++) if (bodies.has(at)) return at;
  return undefined;
}
