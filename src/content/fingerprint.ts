export type Fingerprint = { contentHash: string; simhash: bigint; wordCount: number };

/** The hash, SimHash and word count of a document's Markdown. */
export function fingerprint(markdown: string): Fingerprint {
  const { simhash, wordCount } = simhashOf(markdown);
  return { contentHash: sha256(normalizeMarkdown(markdown)), simhash, wordCount };
}

/** What two documents must share to be the same: line ends, trailing space and Unicode's ways to compose do not count. */
export function normalizeMarkdown(markdown: string): string {
  const composed = markdown.normalize("NFC");
  if (isTidy(composed)) return composed.trim();
  return composed
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** As all Markdown of our own writing is, so that the way that rewrites every line is seldom taken. */
function isTidy(text: string): boolean {
  if (text.includes("\r") || text.includes("\n\n\n")) return false;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    const before = text.charCodeAt(at - 1);
    if (before <= 32 ? before !== 10 : before >= 0xa0 && text.charAt(at - 1).trim() === "") return false;
  }
  return true;
}

export function sha256(data: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
}

/** The first half of a digest in the shape of a UUID: 16 bytes in an index. @param hex of at least 32 digits */
export function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Bits in which two SimHashes differ, 0 to 64. */
export function hammingDistance(a: bigint, b: bigint): number {
  const different = BigInt.asUintN(64, a ^ b);
  return countBits(Number(different & 0xffff_ffffn)) + countBits(Number(different >> 32n));
}

function countBits(value: number): number {
  let bits = value - ((value >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/**
 * SimHash (Charikar 2002) over shingles of three words, as a signed 64-bit integer; 0 for text without words. Two
 * halves of 32 bits are kept as numbers, since BigInt in the inner loop is some fifty times slower.
 */
function simhashOf(text: string): { simhash: bigint; wordCount: number } {
  const shingles = new Shingles();
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const letter = code < 128 ? (wordCodes[code] ?? 0) : isWordCharacter(code) ? code : 0;
    if (letter !== 0) {
      hash = Math.imul(hash ^ letter, 0x0100_0193) || 1;
      continue;
    }
    if (hash !== 0) shingles.addWord(hash);
    hash = 0;
    if (isWordByItself(code)) shingles.addWord(Math.imul(code, 0x9e37_79b1) || 1);
  }
  if (hash !== 0) shingles.addWord(hash);
  return { simhash: shingles.majority(), wordCount: shingles.count };
}

/** Hashes are gathered and counted in blocks, whose counts fit seven bits. */
const blockSize = 127;

class Shingles {
  count = 0;
  private last = 0;
  private secondLast = 0;
  private readonly lows = new Int32Array(blockSize);
  private readonly highs = new Int32Array(blockSize);
  private readonly totals = new Int32Array(64);
  private pending = 0;

  addWord(word: number): void {
    const shingle = Math.imul(word, 31) + Math.imul(this.last, 0x85eb_ca6b) + Math.imul(this.secondLast, 0xc2b2_ae35);
    const low = mix(shingle);
    this.lows[this.pending] = low;
    this.highs[this.pending] = mix(low ^ word ^ 0x5bd1_e995);
    this.secondLast = this.last;
    this.last = word;
    this.count++;
    if (++this.pending === blockSize) this.countBlock();
  }

  /** The bits that were set more often than not. */
  majority(): bigint {
    this.countBlock();
    let bits = 0n;
    for (let bit = 63; bit >= 0; bit--) bits = (bits << 1n) | ((this.totals[bit] ?? 0) * 2 > this.count ? 1n : 0n);
    return BigInt.asIntN(64, bits);
  }

  private countBlock(): void {
    countSetBits(this.lows, this.totals, 0);
    countSetBits(this.highs, this.totals, 32);
    this.lows.fill(0);
    this.highs.fill(0);
    this.pending = 0;
  }
}

/** Adds to `totals` how often each of 32 bits is set: bits 8 apart share a number, since no count passes a byte. */
function countSetBits(hashes: Int32Array, totals: Int32Array, offset: number): void {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let at = 0; at < hashes.length; at++) {
    const hash = hashes[at] ?? 0;
    a += hash & bytes;
    b += (hash >>> 1) & bytes;
    c += (hash >>> 2) & bytes;
    d += (hash >>> 3) & bytes;
    e += (hash >>> 4) & bytes;
    f += (hash >>> 5) & bytes;
    g += (hash >>> 6) & bytes;
    h += (hash >>> 7) & bytes;
  }
  for (const [lane, count] of [a, b, c, d, e, f, g, h].entries()) {
    for (let bit = lane; bit < 32; bit += 8) {
      totals[offset + bit] = (totals[offset + bit] ?? 0) + ((count >>> (bit - lane)) & 0xff);
    }
  }
}

const bytes = 0x0101_0101;

/** MurmurHash3's finalizer. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

/** ASCII letters and digits, in lower case; 0 for what ends a word. */
const wordCodes = new Uint8Array(128);
for (const char of "abcdefghijklmnopqrstuvwxyz0123456789") {
  wordCodes[char.charCodeAt(0)] = char.charCodeAt(0);
  wordCodes[char.toUpperCase().charCodeAt(0)] = char.charCodeAt(0);
}

/** Of the characters beyond ASCII. Kana and Han are words by themselves. */
function isWordCharacter(code: number): boolean {
  if (isWordByItself(code)) return false;
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba;
  if (code === 0xd7 || code === 0xf7) return false;
  return code < 0x2000 || (code >= 0x2c00 && code < 0x2e00) || (code >= 0xa000 && code < 0xfe00) || code >= 0xff21;
}

/** Kana and Han characters, which are written without spaces. */
function isWordByItself(code: number): boolean {
  return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff);
}
