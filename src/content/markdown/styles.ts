import { attribute, type Element } from "../dom.ts";
import { delFormat, emFormat, strongFormat } from "./inline-elements.ts";
import type { Format } from "./inline-writer.ts";

/**
 * What a `style` makes of the text of a `<span>` and its like, as editors and word processors write it: "plain" where it
 * takes back what the element's name says.
 */
export function findStyle(element: Element): Format | "plain" | "pre" | undefined {
  const { name } = element;
  const style = attribute(element, "style")?.slice(0, 1000).toLowerCase() ?? "";
  if (name === "b" || name === "strong") {
    // Google Docs wraps whole documents so.
    return /font-weight\s{0,5}:\s{0,5}(?:normal|[1-4]00)/.test(style) ? "plain" : undefined;
  }
  if (name === "i" || name === "em") return /font-style\s{0,5}:\s{0,5}normal/.test(style) ? "plain" : undefined;
  if (name === "code" && /white-space\s{0,5}:\s{0,5}pre/.test(style)) return "pre";
  if (name !== "span" && name !== "font") return undefined;
  if (/font-weight\s{0,5}:\s{0,5}(?:bold|[6-9]00)/.test(style)) return strongFormat;
  if (/font-style\s{0,5}:\s{0,5}(?:italic|oblique)/.test(style)) return emFormat;
  return /text-decoration[a-z-]{0,10}\s{0,5}:[^;]{0,60}line-through/.test(style) ? delFormat : undefined;
}
