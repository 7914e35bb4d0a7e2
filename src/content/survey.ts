import type { Element } from "./dom.ts";
import { walk } from "./dom.ts";

/** The elements that metadata and links are read from, found in one pass over the page, in document order. */
export type Survey = {
  root: Element;
  /** One more than the highest order among the elements. */
  elements: number;
  title: Element | undefined;
  base: Element | undefined;
  body: Element | undefined;
  frameset: Element | undefined;
  metas: Element[];
  linkElements: Element[];
  scripts: Element[];
  headings: Element[];
  /** `<a>`, `<area>`, `<iframe>` and `<frame>`. */
  anchors: Element[];
  times: Element[];
  /** Elements with `itemprop`. */
  properties: Element[];
  /** Those of the `<a>` that have a `rel`. */
  related: Element[];
  footers: Element[];
};

export function surveyPage(root: Element): Survey {
  const survey: Survey = {
    root,
    elements: 1,
    title: undefined,
    base: undefined,
    body: undefined,
    frameset: undefined,
    metas: [],
    linkElements: [],
    scripts: [],
    headings: [],
    anchors: [],
    times: [],
    properties: [],
    related: [],
    footers: [],
  };
  walk(root, (element) => {
    survey.elements = Math.max(survey.elements, element.order + 1);
    note(survey, element);
    return undefined;
  });
  return survey;
}

function note(survey: Survey, element: Element): void {
  if (element.attributes.length > 0) {
    if (element.attributes.includes("itemprop")) survey.properties.push(element);
    if (element.name === "a" && element.attributes.includes("rel")) survey.related.push(element);
  }
  switch (element.name) {
    case "a":
    case "area":
    case "iframe":
    case "frame":
      survey.anchors.push(element);
      break;
    case "meta":
      survey.metas.push(element);
      break;
    case "link":
      survey.linkElements.push(element);
      break;
    case "script":
      if (element.children.length > 0) survey.scripts.push(element);
      break;
    case "h1":
    case "h2":
    case "h3":
    case "h4":
    case "h5":
    case "h6":
      survey.headings.push(element);
      break;
    case "time":
      survey.times.push(element);
      break;
    case "footer":
      survey.footers.push(element);
      break;
    case "title":
      survey.title ??= element;
      break;
    case "base":
      survey.base ??= element;
      break;
    case "body":
      survey.body ??= element;
      break;
    case "frameset":
      survey.frameset ??= element;
      break;
  }
}
