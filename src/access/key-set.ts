import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from "jose";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import type { Fetch } from "../fetch/fetch.ts";
import type { Log } from "../telemetry/log.ts";
import { isSameIssuer, type Provider } from "./provider.ts";

/** The provider's public keys as of one moment, and the issuer that its tokens must name. */
export type PublicKeys = { findKey: LocalJWKSet; issuer: string | undefined; loadedAt: number };

export type KeySet = {
  /** @throws AppError `unavailable` when there are none, or none recent enough, and the provider is away */
  get(): Promise<PublicKeys>;
  /**
   * Newer ones than those in which a token's key was not found; the same while the cool-down lasts.
   * @throws AppError `unavailable` when the provider is away, so that nobody knows whether the key is good
   */
  renew(known: PublicKeys): Promise<PublicKeys>;
};

/** As long as Supabase's own edge keeps them. A key that the provider withdraws is believed no longer than this. */
const MAX_AGE_MS = 10 * 60_000;
/**
 * While the provider is away. It signs nothing then, so what is still good was signed before; and tokens rarely live
 * longer than this.
 */
const MAX_STALE_MS = 60 * 60_000;
/** Between two questions, whatever the answer: tokens with made-up key ids must not make us hammer the provider. */
const COOL_DOWN_MS = 30_000;
const MAX_BYTES = 256_000;

/**
 * Holds the provider's keys: asks when a token needs them, once for all who wait. jose's own remote set is not used,
 * since it cools down only after an answer, keeps no keys through an outage, and reads the time by itself.
 */
export function createKeySet(
  provider: Provider,
  issuerUrl: string | undefined,
  { fetch, clock, log }: { fetch: Fetch; clock: Clock; log: Log },
): KeySet {
  let loaded: PublicKeys | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;
  let isAway = false;

  const ageOf = (at: number) => clock.now().getTime() - at;
  const load = () => {
    triedAt = clock.now().getTime();
    loading ??= readKeys(provider, issuerUrl, fetch)
      .then(
        (keys) => {
          loaded = { ...keys, loadedAt: clock.now().getTime() };
          if (isAway) log.info("identity provider came back");
          isAway = false;
        },
        (error: unknown) => {
          if (!isAway) log.warn("identity provider went away", { error });
          isAway = true;
        },
      )
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  const loadUnlessCooling = async () => {
    if (loading) await loading;
    else if (ageOf(triedAt) >= COOL_DOWN_MS) await load();
  };
  const away = () =>
    new AppError("unavailable", "The identity provider does not answer, so the token can't be checked; try again", {
      code: "identity_provider",
    });

  return {
    async get() {
      if (loaded && ageOf(loaded.loadedAt) < MAX_AGE_MS) return loaded;
      await loadUnlessCooling();
      if (loaded && ageOf(loaded.loadedAt) < MAX_STALE_MS) return loaded;
      throw away();
    },
    async renew(known) {
      if (loaded === known) await loadUnlessCooling();
      if (isAway || !loaded) throw away();
      return loaded;
    },
  };
}

async function readKeys(
  { keys, issuer }: Provider,
  issuerUrl: string | undefined,
  fetch: Fetch,
): Promise<Omit<PublicKeys, "loadedAt">> {
  if ("jwksUrl" in keys) return { issuer, findKey: toKeys(await getJson(fetch, keys.jwksUrl)) };
  if (!("discoveryUrl" in keys)) throw new Error("A shared secret is in no key set");
  const document = (await getJson(fetch, keys.discoveryUrl)) as { issuer?: unknown; jwks_uri?: unknown } | null;
  const { issuer: named, jwks_uri: jwksUrl } = document ?? {};
  if (typeof named !== "string" || !isSameIssuer(named, issuerUrl ?? ""))
    throw new Error(`${keys.discoveryUrl} is the document of another issuer`);
  if (typeof jwksUrl !== "string") throw new Error(`${keys.discoveryUrl} has no jwks_uri`);
  if (keys.discoveryUrl.startsWith("https:") && !jwksUrl.startsWith("https:"))
    throw new Error(`${keys.discoveryUrl} names keys that are not served over TLS`);
  return { issuer: named, findKey: toKeys(await getJson(fetch, jwksUrl)) };
}

/** @throws JWKSInvalid for what is no key set */
const toKeys = (json: unknown) => createLocalJWKSet(json as JSONWebKeySet);

/** Without redirects: what may be asked was settled for the URL that the settings name. */
async function getJson(fetch: Fetch, url: string): Promise<unknown> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const { status, body } = await fetch({ url, headers, maxRedirects: 0, maxBytes: MAX_BYTES });
  if (status !== 200) throw new Error(`${url} answers ${status}`);
  return JSON.parse(new TextDecoder().decode(body));
}
