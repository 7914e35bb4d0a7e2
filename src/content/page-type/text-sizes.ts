import type { Element } from "../dom.ts";

const silent = new Set(["script", "style", "select", "textarea"]);

/** Characters of text below each element by its order, white space left out. */
export function measureTexts(root: Element): Int32Array {
  const sizes: number[] = [];
  measure(root, sizes);
  return Int32Array.from(sizes, (size) => size ?? 0);
}

function measure(element: Element, sizes: number[]): number {
  let characters = 0;
  if (!silent.has(element.name)) {
    for (const child of element.children) {
      characters += child.type === "element" ? measure(child, sizes) : countCharacters(child.text);
    }
  }
  sizes[element.order] = characters;
  return characters;
}

function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 32) count++;
  return count;
}
