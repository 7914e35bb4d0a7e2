import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../telemetry/log.ts";
import { listenForChanges } from "./announcements.ts";
import { digestOf, isKey, isWellFormed } from "./key-format.ts";
import { type ApiKey, findKeyBySecret, stateOf } from "./keys.ts";
import { isLongAgo, recordKeyUse, recordSignIn } from "./last-use.ts";
import type { Principal } from "./principal.ts";
import { type Provider, toProvider } from "./provider.ts";
import { createMemory, type Proof } from "./remembered.ts";
import { findOrCreateUser } from "./sign-in.ts";
import type { TokenVerifier } from "./tokens.ts";
import { stateOfUser, type User } from "./users.ts";

export type Authenticator = {
  /**
   * Who a credential stands for: an API key, or a token of the identity provider, as it follows `Bearer`.
   *
   * Whoever holds a key that was good once, or a token that the provider did sign, is told why it is not taken any more:
   * they have proved that they own it, and can mend it. Of any other credential is said only that it is none, which a
   * stranger knows already.
   * @throws AppError `unauthorized` with `bad_key`, `revoked_key`, `expired_key`, `bad_token`, `expired_token`,
   * `disabled_user` or `deleted_user`; `unavailable` when nobody can tell, since the database or the provider is away
   */
  authenticate(credential: string): Promise<Principal>;
  /** Waits for what is still being written. */
  close(): Promise<void>;
};

type Context = { db: Db; cache: Cache; clock: Clock; log: Log; config: Config };

/** Longer than any token that a server lets through in a header, as a rule. */
const MAX_CREDENTIAL_LENGTH = 8_192;

/** @throws AppError `invalid` for settings of a provider that do not suffice */
export function createAuthenticator({ db, cache, clock, log, config }: Context): Authenticator {
  const provider = toProvider(config);
  const memory = createMemory(clock);
  /** Under way, so that many requests with one credential ask once. */
  const asked = new Map<string, Promise<Proof>>();
  const writes = new Set<Promise<void>>();
  const stopListening = listenForChanges(cache, (change) => {
    memory.forget(change);
    asked.clear();
  });

  let verifier: Promise<TokenVerifier> | undefined;
  const openVerifier = (known: Provider) => {
    // Loaded for the first token: who uses keys alone does not pay for it.
    verifier ??= import("./tokens.ts").then(({ openTokenVerifier }) =>
      openTokenVerifier(known, config, { clock, log }),
    );
    return verifier;
  };

  const writeAside = (work: Promise<void>) => {
    const write = work.catch((error: unknown) => log.warn("last use not recorded", { error }));
    writes.add(write);
    void write.finally(() => writes.delete(write));
  };

  const proveKey = async (secret: string): Promise<Proof> => {
    if (!isWellFormed(secret)) throw refusal("bad_key", "This is no key: it is mistyped, or not all of it");
    const found = await askDatabase(() => findKeyBySecret(db, secret));
    if (!found) throw refusal("bad_key", "This key is not known here");
    const { key, user } = found;
    const now = clock.now();
    refuseAbsent(user);
    refuseEnded(key, now);
    if (isLongAgo(key.lastUsedAt, now)) writeAside(recordKeyUse(db, key, now));
    return {
      principal: { userId: user.id, keyId: key.id, permissions: permissionsOf(key, user) },
      expiresAt: key.expiresAt,
    };
  };

  const proveToken = async (token: string, known: Provider): Promise<Proof> => {
    const identity = await (await openVerifier(known)).verify(token);
    const now = clock.now();
    const user = await askDatabase(() => findOrCreateUser(db, identity, now));
    refuseAbsent(user);
    if (isLongAgo(user.lastSeenAt, now)) writeAside(recordSignIn(db, user.id, identity, now));
    const permissions = user.role === "admin" ? (["read", "write", "admin"] as const) : (["read", "write"] as const);
    return { principal: { userId: user.id, keyId: null, permissions }, expiresAt: identity.expiresAt };
  };

  const prove = (credential: string): Promise<Proof> => {
    if (isKey(credential)) return proveKey(credential);
    if (provider) return proveToken(credential, provider);
    throw refusal("bad_key", "The credential is no key of this service, which begins with ow_live_");
  };

  const ask = async (credential: string, digest: string): Promise<Proof> => {
    const changesBefore = memory.changes;
    const proof = await prove(credential);
    // Somebody's access changed while the database was asked: perhaps just after it had answered.
    if (memory.changes === changesBefore) memory.keep(digest, proof);
    return proof;
  };

  return {
    async authenticate(credential) {
      if (credential.length > MAX_CREDENTIAL_LENGTH) throw refusal("bad_token", "The credential is too long to be one");
      const digest = digestOf(credential);
      const remembered = memory.find(digest);
      if (remembered) return remembered;
      let answer = asked.get(digest);
      if (!answer) {
        answer = ask(credential, digest).finally(() => {
          if (asked.get(digest) === answer) asked.delete(digest);
        });
        asked.set(digest, answer);
      }
      return (await answer).principal;
    },
    async close() {
      stopListening();
      await Promise.all(writes);
      (await verifier?.catch(() => undefined))?.close();
    },
  };
}

/** An administrator's key holds `admin` no longer than its user is one. */
function permissionsOf({ permissions }: ApiKey, { role }: User): ApiKey["permissions"] {
  return role === "admin" ? permissions : permissions.filter((permission) => permission !== "admin");
}

function refuseAbsent(user: User): void {
  const state = stateOfUser(user);
  if (state === "deleted") throw refusal("deleted_user", "The user was deleted; an administrator can bring them back");
  if (state === "disabled") throw refusal("disabled_user", "The user is disabled; an administrator can enable them");
}

function refuseEnded(key: ApiKey, now: Date): void {
  const state = stateOf(key, now);
  if (state === "revoked") throw refusal("revoked_key", "The key was revoked: use another");
  if (state === "expired") throw refusal("expired_key", "The key has expired: use another");
}

/** A database that is away has not said that a credential is bad. */
async function askDatabase<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const message = "Access can't be checked, since the database does not answer; try again";
    throw new AppError("unavailable", message, { code: "database", cause });
  }
}

const refusal = (code: string, message: string) => new AppError("unauthorized", message, { code });
