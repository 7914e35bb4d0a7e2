import type { Clock } from "../clock.ts";
import { type AccessChange, concerns } from "./announcements.ts";
import type { Principal } from "./principal.ts";

/** Somebody whose credential was proved, and until when it is good at the longest. */
export type Proof = { principal: Principal; expiresAt: Date | null };

/** Proofs of a moment ago, by the digest of the credential. */
export type Memory = {
  find(digest: string): Principal | undefined;
  /** Grows with every change of somebody's access: what was looked up before one may be outdated after it. */
  readonly changes: number;
  keep(digest: string, proof: Proof): void;
  forget(change: AccessChange): void;
};

/**
 * Spares nearly every request a question to the database, and holds for as long as a change may go unnoticed should its
 * announcement be lost.
 */
const KEEP_MS = 5_000;
const MAX_PROOFS = 10_000;

export function createMemory(clock: Clock): Memory {
  const proofs = new Map<string, Proof & { keptAt: number }>();
  let changes = 0;
  return {
    find(digest) {
      const proof = proofs.get(digest);
      if (!proof) return undefined;
      const now = clock.now();
      const isGood = now.getTime() - proof.keptAt < KEEP_MS && (proof.expiresAt === null || proof.expiresAt > now);
      if (isGood) return proof.principal;
      proofs.delete(digest);
      return undefined;
    },
    get changes() {
      return changes;
    },
    keep(digest, proof) {
      proofs.delete(digest);
      proofs.set(digest, { ...proof, keptAt: clock.now().getTime() });
      // In the order of keeping, which is that of their ends too.
      const [oldest] = proofs.keys();
      if (proofs.size > MAX_PROOFS && oldest !== undefined) proofs.delete(oldest);
    },
    forget(change) {
      changes++;
      for (const [digest, { principal }] of proofs) if (concerns(change, principal)) proofs.delete(digest);
    },
  };
}
