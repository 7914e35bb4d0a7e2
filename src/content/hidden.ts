import { attribute, type Element } from "./dom.ts";

/** Whether the page itself hides the element from all its readers. */
export function isHidden(element: Element): boolean {
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    const name = attributes[at];
    // React sends what it renders late in hidden boxes of this kind, and a script shows them.
    if (name === "hidden") {
      if (attributes[at + 1] !== "until-found" && !/^S:/.test(attribute(element, "id") ?? "")) return true;
    } else if (name === "style" && /display\s{0,5}:\s{0,5}none/i.test(attributes[at + 1] ?? "")) return true;
  }
  return false;
}

/** The same, or hidden from those who have it read to them. Panels that open on demand are. */
export function isConcealed(element: Element): boolean {
  return isHidden(element) || attribute(element, "aria-hidden") === "true";
}

/** Whether anything says that the element is hidden, even what scripts take back: Markdown is written without them. */
export function isMarkedHidden(element: Element): boolean {
  if (attribute(element, "hidden") !== undefined || attribute(element, "aria-hidden") === "true") return true;
  const style = attribute(element, "style");
  return style !== undefined && /(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden)/i.test(style);
}

/** The attributes of an element without those that conceal it. */
export function withoutConcealment(attributes: readonly string[]): string[] {
  const shown: string[] = [];
  for (let at = 0; at < attributes.length; at += 2) {
    const name = attributes[at] as string;
    if (name !== "hidden" && name !== "style" && name !== "aria-hidden") shown.push(name, attributes[at + 1] as string);
  }
  return shown;
}
