import { attribute, type Element, textOf } from "../dom.ts";

const droppedNames = new Set(
  (
    "script style head title meta link base svg template select datalist option optgroup textarea button input " +
    "progress meter canvas object applet frame frameset noframes source track param area map"
  ).split(" "),
);
const hiddenStyle = /(?:^|[;\s])(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden)/i;
const panelClass = /\b(?:tab-?pane|tab-?panel|tab-?content|tabitem|accordion|collapse|collapsible|panel)/i;
const inlineNames = new Set(["span", "i", "a", "img", "b", "em", "small", "sup", "code"]);
const chromeClass =
  /(?:^|\s)(?:headerlink|hash-link|header-anchor|heading-anchor|anchorjs-link|anchor-link|headinglink|permalink|copybtn|copy-button|copy-btn|btn-copy|clipboard-copy|clipboard-button|zeroclipboard-container|mw-editsection|mw-jump-link|noprint|MathJax_Preview|katex-html|mjx-chtml|headerlink-icon|sl-anchor-link|skip-link|skip-to-content)(?:\s|$)/;
const permalinkText = new Set(["", "¶", "#", "§", "🔗", "⚓", "∞", "link", "anchor"]);

/** Whether an element is not shown, or is a control of the page rather than a part of its text. */
export function isLeftOut(element: Element): boolean {
  if (droppedNames.has(element.name)) return true;
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] ?? "";
    switch (attributes[at]) {
      case "hidden":
        if (value !== "until-found" && !isPanel(element)) return true;
        break;
      case "style":
        if (value.length < 2000 && hiddenStyle.test(value) && !isPanel(element)) return true;
        break;
      case "aria-hidden":
        if (value === "true" && inlineNames.has(element.name)) return true;
        break;
      case "class":
        if (value.length < 2000 && chromeClass.test(value)) return true;
        // VitePress writes the name of a block's language over it.
        if (value === "lang" && element.parent && attribute(element.parent, "class")?.startsWith("language-"))
          return true;
        break;
    }
  }
  return element.name === "dialog" && attribute(element, "open") === undefined;
}

/** Tabs and accordions hide all panels but one; their text belongs to the page. */
function isPanel(element: Element): boolean {
  const role = attribute(element, "role");
  if (role === "tabpanel" || role === "region") return true;
  const names = attribute(element, "class");
  return names !== undefined && panelClass.test(names.slice(0, 500));
}

/** A link beside a heading or a definition that only points at it. */
export function isPermalink(link: Element): boolean {
  const href = attribute(link, "href");
  if (!href?.includes("#")) return false;
  const [first] = link.children;
  if (link.children.length > 3 || (first?.type === "text" && first.text.length > 20)) return false;
  if (first?.type === "element" && first.name === "code") return false;
  return permalinkText.has(textOf(link).trim().toLowerCase());
}
