import { attribute, classNames, type Element, hasClass, lineOf, textOf } from "../dom.ts";
import { trait } from "./traits.ts";

const droppedNames = new Set(
  (
    "script style head title meta link base svg template select datalist option optgroup textarea button input " +
    "progress meter canvas applet frame frameset noframes source track param area map"
  ).split(" "),
);
const panelClass = /\b(?:tab-?pane|tab-?panel|tab-?content|tabitem|accordion|collapse|collapsible|panel)/i;
const inlineNames = new Set(["span", "i", "a", "img", "b", "em", "small", "sup", "code"]);
const permalinkMarks = new Set(["", "¶", "#", "§", "🔗", "⚓", "∞"]);
/** Of permalinks, some of which hold the whole title of their heading. */
const titledClasses = new Set(["permalink", "anchor-link", "header-anchor", "heading-anchor"]);
const permalinkWords = new Set(["link", "anchor", "permalink"]);

/** Whether an element is not shown, or is a control of the page rather than a part of its text. */
export function isLeftOut(element: Element, traits: number): boolean {
  const { name } = element;
  if (droppedNames.has(name)) return true;
  if (name === "dialog" && attribute(element, "open") === undefined) return true;
  if (traits === 0) return false;
  if (traits & trait.hidden && !isPanel(element, traits)) return true;
  if (traits & trait.ariaHidden && inlineNames.has(name)) return true;
  if (traits & trait.chrome && isChrome(element)) return true;
  return (traits & trait.screenReader) !== 0 && isSaidTwice(element);
}

function isChrome(element: Element): boolean {
  // VitePress writes the name of a block's language over it.
  if (hasClass(element, "lang")) {
    const { parent } = element;
    if (parent && attribute(parent, "class")?.startsWith("language-")) return true;
    if (classNames(element).length === 1) return false;
  }
  // mandoc's permalinks hold the whole title.
  if (element.name !== "a" || !classNames(element).some((name) => titledClasses.has(name))) return true;
  return permalinkMarks.has(lineOf(element, 20)) || isNamedAnchor(element);
}

function isNamedAnchor(link: Element): boolean {
  return (
    permalinkWords.has(lineOf(link, 20).toLowerCase()) || attribute(link, "aria-label")?.includes("ermalink") === true
  );
}

/** Text for screen readers alone that stands beside text for all. */
function isSaidTwice(element: Element): boolean {
  if (!inlineNames.has(element.name) || !element.parent) return false;
  if (element.parent.name === "figcaption") return true;
  let looked = 0;
  for (const sibling of element.parent.children) {
    if (++looked > 20) return false;
    if (sibling !== element && lineOf(sibling, 50) !== "") return true;
  }
  return false;
}

/** Tabs and accordions hide all panels but one; their text belongs to the page. */
function isPanel(element: Element, traits: number): boolean {
  const role = traits & trait.role ? attribute(element, "role") : undefined;
  if (role === "tabpanel" || role === "region") return true;
  return panelClass.test(attribute(element, "class")?.slice(0, 500) ?? "");
}

/** A link beside a heading or a definition that only points at it. */
export function isPermalink(link: Element, isInHeading: boolean): boolean {
  const href = attribute(link, "href");
  if (!href?.includes("#")) return false;
  const [first] = link.children;
  if (link.children.length > 3 || (first?.type === "text" && first.text.length > 20)) return false;
  if (first?.type === "element" && (first.name === "code" || first.name === "img")) return false;
  const text = textOf(link, 40).trim();
  return permalinkMarks.has(text) || (isInHeading && permalinkWords.has(text.toLowerCase()));
}
