import { isHidden, isSilent, type Role, roleOf } from "./boilerplate.ts";
import type { Element } from "./dom.ts";
import { isHeading } from "./headings.ts";
import { isBlock } from "./nesting.ts";

/** What lies in an element, itself included, without what is silent or hidden. Characters do not count white space. */
export type Measure = {
  role: Role;
  characters: number;
  linkCharacters: number;
  links: number;
  /** Commas, stops and the like. */
  marks: number;
  /** Characters of blocks that read like sentences. */
  prose: number;
  /** Blocks that read like sentences. */
  paragraphs: number;
  /** It holds the page's `<h1>` or `<main>`, and so is no box beside the text. */
  hasTitle: boolean;
};

export type Measures = {
  /** `undefined` for what is silent, hidden, or inside such. */
  of: (element: Element) => Measure | undefined;
};

/** Shorter blocks are labels, buttons and captions, whatever their punctuation. */
const minProse = 40;

/** Measures every element in one pass, children before parents. */
export function measurePage(root: Element): Measures {
  const measures: (Measure | undefined)[] = [];
  measure(root, measures);
  return { of: (element) => measures[element.order] };
}

function measure(element: Element, measures: (Measure | undefined)[]): Measure {
  const { name } = element;
  const mayHoldProse = isBlock(name) && !isHeading(element);
  const own: Measure = {
    role: roleOf(element),
    characters: 0,
    linkCharacters: 0,
    links: name === "a" ? 1 : 0,
    marks: 0,
    prose: 0,
    paragraphs: 0,
    hasTitle: name === "h1" || name === "main",
  };
  measures[element.order] = own;
  // Text and inline elements between two blocks are one run: the paragraph that a reader sees.
  let runCharacters = 0;
  let runLinked = 0;
  let runMarks = 0;
  for (const child of element.children) {
    if (child.type === "text") {
      const { characters, marks } = countText(child.text);
      own.characters += characters;
      own.marks += marks;
      runCharacters += characters;
      runMarks += marks;
      continue;
    }
    if (isSilent(child) || isHidden(child)) continue;
    const inner = measure(child, measures);
    own.characters += inner.characters;
    own.linkCharacters += inner.linkCharacters;
    own.links += inner.links;
    own.marks += inner.marks;
    own.prose += inner.prose;
    own.paragraphs += inner.paragraphs;
    own.hasTitle ||= inner.hasTitle;
    if (isBlock(child.name) || inner.paragraphs > 0) {
      if (mayHoldProse) addRun(own, runCharacters, runLinked, runMarks);
      runCharacters = runLinked = runMarks = 0;
    } else {
      runCharacters += inner.characters;
      runLinked += inner.linkCharacters;
      runMarks += inner.marks;
    }
  }
  if (mayHoldProse) addRun(own, runCharacters, runLinked, runMarks);
  if (name === "a") own.linkCharacters = own.characters;
  return own;
}

/** Counts a run of text if it reads like a sentence. */
function addRun(own: Measure, characters: number, linked: number, marks: number): void {
  const unlinked = characters - linked;
  if (characters < minProse || marks === 0 || unlinked <= linked) return;
  own.prose += unlinked;
  own.paragraphs++;
}

function countText(text: string): { characters: number; marks: number } {
  let characters = 0;
  let marks = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 0xa0) continue;
    characters++;
    // Most are ASCII letters.
    if (code > 63 && code < 128) continue;
    // . , ; : ! ? and their full-width forms
    if (code === 46 || code === 44 || code === 59 || code === 58 || code === 33 || code === 63) marks++;
    else if (code >= 0x3001 && (code <= 0x3002 || code === 0xff0c || code === 0xff01 || code === 0xff1f)) marks++;
  }
  return { characters, marks };
}
