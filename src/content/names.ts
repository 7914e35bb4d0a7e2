/** Slots for names seen lately. Pages use a few dozen; two that share a slot only take turns in it. */
const slots: string[] = new Array(1024).fill("");
const maxKeptLength = 32;

/**
 * The name of a tag or an attribute in lower case, cut from a page. The few names there are come as the same strings
 * again and again: nothing is allocated for them, and comparing them or finding them in sets costs next to nothing.
 */
export function nameAt(html: string, start: number, end: number): string {
  let hash = end - start;
  if (hash > maxKeptLength) return html.slice(start, end).toLowerCase();
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (html.charCodeAt(at) | 32)) & 0x3fff_ffff;
  const slot = (hash ^ (hash >>> 10)) & 1023;
  const kept = slots[slot] ?? "";
  if (isSpelledAt(kept, html, start, end)) return kept;
  const name = ownCopy(html.slice(start, end).toLowerCase());
  slots[slot] = name;
  return name;
}

/** A string cut from another keeps all of it in memory: what outlives a page must not be a piece of it. */
export function ownCopy(text: string): string {
  return text.split("").join("");
}

function isSpelledAt(name: string, html: string, start: number, end: number): boolean {
  const { length } = name;
  if (length !== end - start) return false;
  for (let at = 0; at < length; at++) {
    const code = html.charCodeAt(start + at);
    if (name.charCodeAt(at) !== (code >= 65 && code <= 90 ? code + 32 : code)) return false;
  }
  return true;
}
