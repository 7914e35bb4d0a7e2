import { Parser } from "htmlparser2";

/** An element of XML with what lies in it; prefixes stay in the names. */
export type XmlElement = {
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: XmlElement[];
  /** Its own text and CDATA sections, not that of its children. */
  text: string;
  /** Where its content lies in the source. */
  start: number;
  end: number;
};

/** Deeper elements are left out; what is read here lies near the root. */
const maxDepth = 32;
const maxElements = 200_000;
/** Nobody nests so deeply but to make each end tag look for its start through all that are open. */
const maxOpen = 1000;

/**
 * Reads XML leniently. Entities that a document declares are never expanded, and nothing is fetched. `undefined` when
 * there is no element in it, or when it is nested beyond all use.
 */
export function parseXml(source: string): { root: XmlElement; isTruncated: boolean } | undefined {
  const top: XmlElement = { name: "", attributes: {}, children: [], text: "", start: 0, end: source.length };
  const open: XmlElement[] = [top];
  const texts: string[][] = [[]];
  let elements = 0;
  let tooDeep = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (open.length > maxDepth || elements >= maxElements) {
          if (++tooDeep > maxOpen) throw new TooDeep();
          return;
        }
        elements++;
        const element = { name, attributes, children: [], text: "", start: parser.endIndex + 1, end: source.length };
        open.at(-1)?.children.push(element);
        open.push(element);
        texts.push([]);
      },
      ontext(text) {
        if (tooDeep === 0) texts.at(-1)?.push(text);
      },
      onclosetag() {
        if (tooDeep > 0) {
          tooDeep--;
          return;
        }
        const element = open.length > 1 ? open.pop() : undefined;
        if (!element) return;
        element.text = texts.pop()?.join("") ?? "";
        element.end = Math.max(element.start, parser.startIndex);
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  try {
    parser.end(source);
  } catch (error) {
    if (error instanceof TooDeep) return undefined;
    throw error;
  }
  const [root] = top.children;
  return root && { root, isTruncated: elements >= maxElements };
}

class TooDeep extends Error {}

export function childrenOf(element: XmlElement, ...names: string[]): XmlElement[] {
  return element.children.filter(({ name }) => names.includes(name));
}

/** The first child that has one of the names, the names in order of preference. */
export function childOf(element: XmlElement, ...names: string[]): XmlElement | undefined {
  for (const name of names) {
    const child = element.children.find((candidate) => candidate.name === name);
    if (child) return child;
  }
  return undefined;
}
