import { getDomain } from "tldts";

export const FOLDS = 5;

/** Pages of one domain share a fold, so that no page is judged by what was learnt from its neighbours. */
export function foldOf({ id, url }: { id: string; url: string }): number {
  const domain = url ? (getDomain(url) ?? id) : id;
  return Number.parseInt(new Bun.CryptoHasher("sha256").update(domain).digest("hex").slice(0, 8), 16) % FOLDS;
}
