import type { Element } from "./dom.ts";

export type Extraction = {
  /** What to turn into Markdown. */
  root: Element;
  /** False for elements to leave out, with everything inside them. */
  keep: (element: Element) => boolean;
};

/** Finds a page's main content, and leaves out navigation and other boilerplate. */
export function extractMain(root: Element): Extraction {
  return { root, keep: (element) => !boilerplate.has(element.name) };
}

const boilerplate = new Set(["nav", "header", "footer", "aside", "form", "button", "textarea", "select", "iframe"]);

/** The whole page, but for what is no text to a reader. */
export function extractPage(root: Element): Extraction {
  return { root, keep: () => true };
}
