import { attribute, type Element, hasClass, isElement, lineOf } from "../dom.ts";
import { writeTitle } from "./admonitions.ts";
import { writeChildren, writeContainer, writeNode } from "./elements.ts";
import { strongFormat } from "./inline-elements.ts";
import { isTab } from "./landmarks.ts";
import { flush, type Page } from "./page.ts";

/** Writes tabs and panels of the kinds there are, each panel under its label; false when the element is none of them. */
export function writeTabs(page: Page, element: Element): boolean {
  const role = attribute(element, "role");
  const isList = role === "tablist" || hasClass(element, "tabbed-labels");
  if ((isList || isCodeGroupTabs(element) || isToggleList(element)) && holdsLabelsOnly(page, element)) {
    queueTabs(page, element);
    return true;
  }
  if (hasClass(element, "blocks") && element.parent && isCodeGroup(element.parent)) {
    for (const child of element.children) {
      if (!isElement(child)) continue;
      writeTabLabel(page, child);
      writeNode(page, child);
    }
    flush(page);
    return true;
  }
  if (role === "tabpanel" || isPanel(element)) {
    writeTabLabel(page, element);
    writeContainer(page, element);
    return true;
  }
  return false;
}

function isPanel(element: Element): boolean {
  return (
    hasClass(element, "tabbed-block") ||
    hasClass(element, "tab-pane") ||
    attribute(element, "data-component-part") === "tab-content"
  );
}

function isCodeGroup(element: Element): boolean {
  return hasClass(element, "vp-code-group") || hasClass(element, "code-group");
}

function isCodeGroupTabs(element: Element): boolean {
  return hasClass(element, "tabs") && element.parent !== null && isCodeGroup(element.parent);
}

/** Bootstrap's tabs before they had roles. */
function isToggleList(list: Element): boolean {
  if (list.name !== "ul" || !hasClass(list, "nav")) return false;
  const first = list.children.find(isElement)?.children.find(isElement);
  return first !== undefined && isTab(first);
}

/** sphinx-design and older pymdownx put the label right before its panel. */
export function isTabLabel(label: Element): boolean {
  if (hasClass(label, "sd-tab-label")) return true;
  return label.parent !== null && (hasClass(label.parent, "tabbed-set") || hasClass(label.parent, "tab-set"));
}

const maxLabel = 120;
const maxBeside = 40;

/** Some pages call the box with the panels the list of tabs, or cards its tabs: what is said there is no label. */
function holdsLabelsOnly(page: Page, list: Element): boolean {
  let beside = 0;
  const look = (element: Element): boolean =>
    element.children.every((child) => {
      if (!isElement(child)) {
        beside += child.text.trim().length;
        return beside <= maxBeside;
      }
      if (!page.keep(child)) return true;
      if (child.name === "label" || isTab(child)) return lineOf(child, 2 * maxLabel).length <= maxLabel;
      return look(child);
    });
  return look(list);
}

function queueTabs(page: Page, list: Element): void {
  flush(page);
  page.tabs = [];
  const collect = (element: Element) => {
    for (const child of element.children) {
      if (!isElement(child) || !page.keep(child)) continue;
      if (child.name === "label" || isTab(child)) page.tabs.push(lineOf(child, 200));
      else collect(child);
    }
  };
  collect(list);
  page.tabs.reverse();
}

function writeTabLabel(page: Page, panel: Element): void {
  flush(page);
  const { tabLabels } = page.landmarks;
  const by = attribute(panel, "aria-labelledby");
  const id = attribute(panel, "id");
  const next = page.tabs.pop();
  const label = (by && tabLabels.get(by)) || (id && tabLabels.get(`#${id}`)) || next;
  if (!label || isSaidByHeading(panel, label)) return;
  writeTitle(page, label);
}

/** Shops head each panel with the name of its tab. */
function isSaidByHeading(panel: Element, label: string): boolean {
  let at = panel;
  for (let depth = 0; depth < 3; depth++) {
    const first = at.children.find((child) => isElement(child) || child.text.trim() !== "");
    // An empty panel needs no label.
    if (!first) return depth === 0;
    if (!isElement(first)) return false;
    if (/^h[1-6]$/.test(first.name)) return lineOf(first, 200).toLowerCase() === label.toLowerCase();
    at = first;
  }
  return false;
}

/** A line in bold that stands over what follows. */
export function writeLabel(page: Page, element: Element): void {
  flush(page);
  page.inline.begin(strongFormat);
  writeChildren(page, element);
  flush(page);
  page.inline.end();
}

const chromeNames = new Set(["nav", "header", "footer"]);
const chromeClass = /nav|menu|header-|dropdown|toolbar|breadcrumb|sidebar/i;

/** A button that unfolds the text below it, such as a question its answer. */
export function isDisclosure(button: Element): boolean {
  if (attribute(button, "aria-expanded") === undefined) return false;
  const names = attribute(button, "class") ?? "";
  const isCollapse = (attribute(button, "data-bs-toggle") ?? attribute(button, "data-toggle")) === "collapse";
  if (!isCollapse && attribute(button, "aria-controls") === undefined && !/accordion/i.test(names.slice(0, 300)))
    return false;
  if (chromeClass.test(names.slice(0, 300)) || !/\S\s+\S/.test(lineOf(button, 200))) return false;
  let above = button.parent;
  for (let levels = 0; above && levels < 8; levels++) {
    if (chromeNames.has(above.name)) return false;
    if (levels < 4 && chromeClass.test((attribute(above, "class") ?? "").slice(0, 300))) return false;
    above = above.parent;
  }
  return true;
}
