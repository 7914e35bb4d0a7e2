const PREFIX = "whsec_";
const MIN_BYTES = 24;
const MAX_BYTES = 64;
const MADE_BYTES = 32;

/** A secret to sign by, as the Standard Webhooks specification has them. */
export function createSecret(): string {
  return PREFIX + Buffer.from(crypto.getRandomValues(new Uint8Array(MADE_BYTES))).toString("base64");
}

/** Why a secret that somebody chose can't be one, in words that follow its name; `undefined` when it can. */
export function findSecretFault(secret: string): string | undefined {
  const key = readKey(secret);
  const isEncoded = key !== undefined && key.toString("base64") === secret.slice(PREFIX.length);
  if (isEncoded && key.length >= MIN_BYTES && key.length <= MAX_BYTES) return undefined;
  return `must be ${PREFIX} and ${MIN_BYTES} to ${MAX_BYTES} random bytes in base64; leave it out to have one made`;
}

/** The header `webhook-signature`: one for each secret, of which any may be the receiver's. */
export function sign(secrets: readonly string[], { id, at, body }: { id: string; at: Date; body: string }): string {
  const content = `${id}.${toSeconds(at)}.${body}`;
  return secrets.map((secret) => `v1,${digest(readKey(secret) ?? Buffer.alloc(0), content)}`).join(" ");
}

/** As the header `webhook-timestamp` has it. */
export function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}

function readKey(secret: string): Buffer | undefined {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), "base64") : undefined;
}

function digest(key: Buffer, content: string): string {
  return new Bun.CryptoHasher("sha256", key).update(content).digest("base64");
}
