import type { Segment } from "./lines.ts";

/** What begins an item of a list; symbol fonts have theirs in the private area. */
const bullet = /^[•‣◦▪▫●○■□⁃∙·–—*➢➤✓✔\uf0a7\uf0b7\uf0d8\uf0fc\uf076-](?:\s|$)/;
const ordinal = /^(\d{1,3})[.)](?:\s|$)/;

export type Marker = { length: number; number?: number };

export function readMarker(text: string): Marker | undefined {
  const isBullet = bullet.exec(text)?.[0];
  if (isBullet !== undefined) return { length: isBullet.length };
  const match = ordinal.exec(text);
  return match?.[1] ? { length: match[0].length, number: Number(match[1]) } : undefined;
}

/** Whether it is nothing but what begins an item, which stands apart from it. */
export function isMarker({ runs }: Segment): boolean {
  const [run] = runs;
  const text = run?.text.trim() ?? "";
  return runs.length === 1 && text.length <= 4 && readMarker(text) !== undefined;
}
