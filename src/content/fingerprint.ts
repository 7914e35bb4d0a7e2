export type Fingerprint = { contentHash: string; simhash: bigint; wordCount: number };

/** The hash, SimHash and word count of a document's Markdown. */
export function fingerprint(markdown: string): Fingerprint {
  const { simhash, wordCount } = simhashOf(markdown);
  return { contentHash: sha256(normalizeMarkdown(markdown)), simhash, wordCount };
}

/** What two documents must share to be the same: line ends, trailing space and Unicode's ways to compose do not count. */
export function normalizeMarkdown(markdown: string): string {
  return markdown
    .normalize("NFC")
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

export function sha256(data: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
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
  const counts = new BitCounts();
  let wordCount = 0;
  let hash = 0;
  let last = 0;
  let secondLast = 0;
  const endWord = (word: number) => {
    const shingle = Math.imul(word, 31) + Math.imul(last, 0x85eb_ca6b) + Math.imul(secondLast, 0xc2b2_ae35);
    const low = mix(shingle);
    counts.add(low, mix(low ^ word ^ 0x5bd1_e995));
    secondLast = last;
    last = word;
    wordCount++;
  };
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (code >= 65 && code <= 90) code += 32;
    const isWord = isWordByItself(code);
    if (!isWord && isWordCharacter(code)) {
      hash = Math.imul(hash ^ code, 0x0100_0193) || 1;
      continue;
    }
    if (hash !== 0) endWord(hash);
    hash = 0;
    if (isWord) endWord(Math.imul(code, 0x9e37_79b1) || 1);
  }
  if (hash !== 0) endWord(hash);
  return { simhash: wordCount === 0 ? 0n : counts.majority(wordCount), wordCount };
}

/** How often each of 64 bits was set. Four counters of a byte share a number, so that a hash costs 16 additions. */
class BitCounts {
  /** Bit n of the low half is in byte n / 8 of lane n % 8; the high half has the other eight lanes. */
  private readonly lanes = new Int32Array(16);
  private readonly totals = new Int32Array(64);
  private pending = 0;

  add(low: number, high: number): void {
    const { lanes } = this;
    for (let lane = 0; lane < 8; lane++) {
      lanes[lane] = (lanes[lane] ?? 0) + ((low >>> lane) & 0x0101_0101);
      lanes[lane + 8] = (lanes[lane + 8] ?? 0) + ((high >>> lane) & 0x0101_0101);
    }
    // A byte counts to 255.
    if (++this.pending === 255) this.flush();
  }

  /** The bits that were set more often than not. */
  majority(hashes: number): bigint {
    this.flush();
    let bits = 0n;
    for (let bit = 63; bit >= 0; bit--) bits = (bits << 1n) | ((this.totals[bit] ?? 0) * 2 > hashes ? 1n : 0n);
    return BigInt.asIntN(64, bits);
  }

  private flush(): void {
    for (let bit = 0; bit < 64; bit++) {
      const lane = (bit & 7) + (bit < 32 ? 0 : 8);
      this.totals[bit] = (this.totals[bit] ?? 0) + (((this.lanes[lane] ?? 0) >>> (bit & 24)) & 0xff);
    }
    this.lanes.fill(0);
    this.pending = 0;
  }
}

/** MurmurHash3's finalizer. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function isWordCharacter(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90);
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba;
  if (code === 0xd7 || code === 0xf7) return false;
  return code < 0x2000 || (code >= 0x2c00 && code < 0x2e00) || (code >= 0xa000 && code < 0xfe00) || code >= 0xff21;
}

/** Kana and Han characters, which are written without spaces. */
function isWordByItself(code: number): boolean {
  return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff);
}
