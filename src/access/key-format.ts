import { timingSafeEqual } from "node:crypto";

/** What every key begins with, so that scanners for leaked secrets, and people, know it for what it is. */
const MARK = "ow_live_";

const SECRET_BYTES = 32;
/** 62^43 > 2^256. */
const SECRET_DIGITS = 43;
/** 62^6 > 2^32. */
const CHECKSUM_DIGITS = 6;
/** The mark and four digits: enough to tell keys apart, and 24 bits of 256 given away. */
const PREFIX_LENGTH = MARK.length + 4;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SHAPE = new RegExp(`^${MARK}[0-9A-Za-z]{${SECRET_DIGITS + CHECKSUM_DIGITS}}$`);

/**
 * A new key: the mark, 256 random bits and their checksum. All of it are letters, digits and `_`, so that a double click
 * selects the whole; the checksum, as GitHub's tokens have one, tells a mistyped key without asking the database.
 */
export function makeSecret(random: Uint8Array = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))): string {
  const body = MARK + toBase62(BigInt(`0x${Buffer.from(random).toString("hex")}`), SECRET_DIGITS);
  return body + checksumOf(body);
}

/** Whether a credential is meant to be a key, right or wrong. */
export function isKey(credential: string): boolean {
  return credential.startsWith("ow_");
}

/** Whether a key can have been made here: its length, its alphabet and its checksum are right. */
export function isWellFormed(secret: string): boolean {
  return SHAPE.test(secret) && checksumOf(secret.slice(0, -CHECKSUM_DIGITS)) === secret.slice(-CHECKSUM_DIGITS);
}

/** How a key begins, for people to tell keys apart. */
export function prefixOf(secret: string): string {
  return secret.slice(0, PREFIX_LENGTH);
}

/**
 * SHA-256 in hex. A slow hash is for secrets that people think up: nobody guesses 256 random bits, however fast each
 * guess is.
 */
export function digestOf(credential: string): string {
  return new Bun.CryptoHasher("sha256").update(credential).digest("hex");
}

/** In a time that does not depend on how much of two digests is the same. */
export function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

function checksumOf(body: string): string {
  return toBase62(BigInt(Bun.hash.crc32(body)), CHECKSUM_DIGITS);
}

function toBase62(value: bigint, width: number): string {
  let digits = "";
  for (let rest = value; rest > 0n; rest /= 62n) digits = DIGITS.charAt(Number(rest % 62n)) + digits;
  return digits.padStart(width, "0");
}
