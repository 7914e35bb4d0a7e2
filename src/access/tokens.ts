import { errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from "jose";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { AppError } from "../errors.ts";
import { createAddressPolicy, parseAllowedNetworks } from "../fetch/address-policy.ts";
import { createNetworkFetch } from "../fetch/network.ts";
import type { Log } from "../telemetry/log.ts";
import { VERSION } from "../version.ts";
import { createKeySet, type KeySet } from "./key-set.ts";
import { isLoopback } from "./opening.ts";
import type { Provider } from "./provider.ts";

/** Who a token says its bearer is, once it is verified. */
export type Identity = {
  issuer: string;
  subject: string;
  /** What the provider tells besides; `undefined` for what it does not. */
  name: string | undefined;
  email: string | undefined;
  /** Until when the token is good, skew included. */
  expiresAt: Date;
};

export type TokenVerifier = {
  /**
   * @throws AppError `unauthorized` with `bad_token` or `expired_token`, `unavailable` when the provider's keys are needed
   * and can't be had
   */
  verify(token: string): Promise<Identity>;
  close(): void;
};

type TokenSettings = Pick<Config, "AUTH_URL" | "AUTH_JWKS_URL" | "AUTH_CLOCK_SKEW_MS" | "ALLOW_PRIVATE_NETWORKS">;

/** For the whole of a provider's answer: a request waits for it. */
const TIMEOUT_MS = 5_000;
const MAX_EPOCH_MS = 8.64e15;

/** Verifies tokens of one provider (RFC 7519, with the care that RFC 8725 asks for). */
export function openTokenVerifier(
  provider: Provider,
  settings: TokenSettings,
  { clock, log }: { clock: Clock; log: Log },
): TokenVerifier {
  const required: JWTVerifyOptions = {
    algorithms: [...provider.algorithms],
    audience: provider.audience,
    requiredClaims: ["exp", "sub"],
    clockTolerance: settings.AUTH_CLOCK_SKEW_MS / 1_000,
  };
  const { check, close } =
    "secret" in provider.keys
      ? checkBySecret(provider.keys.secret, provider)
      : checkByKeySet(provider, settings, { clock, log });
  return {
    async verify(token) {
      const result = await check(token, { ...required, currentDate: clock.now() }).catch(toRefusal);
      refuseOtherKinds(provider, result);
      return toIdentity(result.payload, settings.AUTH_CLOCK_SKEW_MS);
    },
    close,
  };
}

type Check = (token: string, required: JWTVerifyOptions) => Promise<JWTVerifyResult>;

function checkBySecret(secret: string, { issuer }: Provider): { check: Check; close(): void } {
  const key = new TextEncoder().encode(secret);
  return { check: (token, required) => jwtVerify(token, key, { ...required, issuer }), close: () => {} };
}

function checkByKeySet(
  provider: Provider,
  settings: TokenSettings,
  { clock, log }: { clock: Clock; log: Log },
): { check: Check; close(): void } {
  warnOfPlainText(provider, log);
  const { fetch, close } = openProviderFetch(settings, clock);
  const keySet: KeySet = createKeySet(provider, settings.AUTH_URL, { fetch, clock, log });
  const check: Check = async (token, required) => {
    const keys = await keySet.get();
    try {
      return await jwtVerify(token, keys.findKey, { ...required, issuer: keys.issuer });
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const renewed = await keySet.renew(keys);
      if (renewed === keys) throw error;
      return jwtVerify(token, renewed.findKey, { ...required, issuer: renewed.issuer });
    }
  };
  return { check, close };
}

/** Inside a cluster that may be meant; anywhere else whoever sits in between chooses the keys. */
function warnOfPlainText({ keys }: Provider, log: Log): void {
  const url = new URL("jwksUrl" in keys ? keys.jwksUrl : "discoveryUrl" in keys ? keys.discoveryUrl : "about:blank");
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    log.warn("identity provider is asked without TLS", { host: url.host });
}

/** Reaches what the service may reach, and the hosts that the settings name as the provider's, wherever they are. */
function openProviderFetch({ AUTH_URL, AUTH_JWKS_URL, ALLOW_PRIVATE_NETWORKS }: TokenSettings, clock: Clock) {
  const networks = parseAllowedNetworks(ALLOW_PRIVATE_NETWORKS);
  if ("fault" in networks) throw new AppError("invalid", `ALLOW_PRIVATE_NETWORKS: ${networks.fault}`);
  const named = [AUTH_URL, AUTH_JWKS_URL].flatMap((url) => (url === undefined ? [] : [new URL(url).host]));
  return createNetworkFetch({
    userAgent: `Orbweaver/${VERSION}`,
    policy: createAddressPolicy({ allow: networks.allow === true ? true : [...networks.allow, ...named] }),
    maxBytes: 1_000_000,
    timeouts: { connectMs: TIMEOUT_MS / 2, headersMs: TIMEOUT_MS, totalMs: TIMEOUT_MS },
    clock,
  });
}

/**
 * jose looks at claims only after the signature, so whoever is told what is wrong with them holds a token that the
 * provider gave out. Of anything before that is said only that it failed.
 */
function toRefusal(error: unknown): never {
  if (error instanceof errors.JWTExpired)
    throw new AppError("unauthorized", "The token has expired: sign in again", { code: "expired_token" });
  if (error instanceof errors.JWTClaimValidationFailed)
    throw badToken(`The token is not for this service: its ${describeClaim(error)}`);
  if (error instanceof errors.JOSEError) throw badToken("The token can't be verified");
  throw error;
}

function describeClaim({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === "missing") return `claim ${claim} is missing`;
  return claim === "nbf" ? "time has not come yet (nbf)" : `claim ${claim} is not what is expected here`;
}

/** What the same provider signs for other ends (RFC 8725 §3.11), such as notices of logging out. */
function refuseOtherKinds({ kind }: Provider, { protectedHeader, payload }: JWTVerifyResult): void {
  const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "") ?? "jwt";
  if (type !== "jwt" && type !== "at+jwt") throw badToken("The token is not one to sign in with, by its typ");
  // Supabase gives these to everybody who asks, where the project has anonymous sign-ins switched on.
  if (kind === "supabase" && payload.is_anonymous === true) throw badToken("Anonymous sign-ins are not taken");
  // Clerk: a session that waits for a task, such as a second factor, counts as signed out.
  if (kind === "clerk" && payload.sts === "pending") throw badToken("The session of the token is still pending");
}

function toIdentity(payload: JWTPayload, skewMs: number): Identity {
  const { sub, iss, exp = 0 } = payload;
  const subject = readText(sub, 255);
  // Not cut short: two subjects could become one.
  if (subject === undefined || subject !== sub) throw badToken("The token names nobody that can be a user, by its sub");
  const details = (payload.user_metadata ?? {}) as Record<string, unknown>;
  const together = [readText(payload.given_name), readText(payload.family_name)].filter(Boolean).join(" ");
  const names = [payload.name, together, details.full_name, details.name, payload.preferred_username];
  return {
    issuer: readText(iss, 2_000) ?? "secret",
    subject,
    name: names.map((name) => readText(name)).find((name) => name !== undefined),
    email: payload.email_verified === false ? undefined : readText(payload.email, 320),
    expiresAt: new Date(Math.min(exp * 1_000 + skewMs, MAX_EPOCH_MS)),
  };
}

/** A claim as a text that the database can hold; `undefined` for anything else, and for nothing. */
function readText(claim: unknown, maxLength = 200): string | undefined {
  if (typeof claim !== "string") return undefined;
  const text = claim
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, maxLength);
  return text === "" ? undefined : text;
}

const badToken = (message: string) => new AppError("unauthorized", message, { code: "bad_token" });
