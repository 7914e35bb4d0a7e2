const DAY_MS = 86_400_000;

/**
 * Whether a URL is among one in `size` that are looked at today. Each day is a draw of its own, so that no rhythm of
 * visits passes by the same URLs for ever; all who ask on one day get the same answer.
 */
export function isInDailySample(urlHash: string, now: Date, size: number): boolean {
  const day = Math.floor(now.getTime() / DAY_MS);
  return Bun.hash.xxHash32(`${urlHash} ${day}`) % size === 0;
}
