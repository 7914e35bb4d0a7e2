import { PROVIDER_NEEDS } from "../config/conflicts.ts";
import type { Config } from "../config/settings.ts";
import { AppError } from "../errors.ts";

/** What an identity provider's tokens are checked against, as it follows from the settings. */
export type Provider = {
  kind: NonNullable<Config["AUTH_PROVIDER"]>;
  /** Signatures that are believed. Never both kinds: with one key for two kinds, the public half would sign. */
  algorithms: readonly string[];
  /** `iss` of every token, to the letter; `undefined` when the discovery document names it, or any is taken. */
  issuer: string | undefined;
  /** `aud` that a token must have; `undefined` when it need have none. */
  audience: string | undefined;
  keys: ProviderKeys;
};

/** Where the keys are: at a URL, at one that a discovery document names, or shared beforehand. */
export type ProviderKeys = { jwksUrl: string } | { discoveryUrl: string } | { secret: string };

type ProviderSettings = Pick<Config, "AUTH_PROVIDER" | "AUTH_URL" | "AUTH_AUDIENCE" | "AUTH_JWKS_URL" | "AUTH_SECRET">;

/** RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864 §2.2, all with a private key that only the provider has. */
const ASYMMETRIC = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/**
 * `undefined` without a provider.
 * @throws AppError `invalid` naming each setting that the provider needs besides
 */
export function toProvider(settings: ProviderSettings): Provider | undefined {
  const { AUTH_PROVIDER: kind, AUTH_URL, AUTH_JWKS_URL, AUTH_SECRET } = settings;
  if (kind === undefined) return undefined;
  refuseMissing(kind, settings);
  const url = AUTH_URL ?? "";
  const base = withoutFinalSlash(url);
  const audience = settings.AUTH_AUDIENCE;
  switch (kind) {
    // https://supabase.com/docs/guides/auth/jwts: signing keys are of P-256, RSA or Ed25519. Tokens that are signed by
    // the project's legacy secret are for `secret`.
    case "supabase":
      return {
        kind,
        algorithms: ["ES256", "RS256", "EdDSA", "Ed25519"],
        issuer: `${base}/auth/v1`,
        audience: audience ?? "authenticated",
        keys: { jwksUrl: AUTH_JWKS_URL ?? `${base}/auth/v1/.well-known/jwks.json` },
      };
    // https://clerk.com/docs/guides/sessions/manual-jwt-verification: session tokens have no audience unless a template
    // gives them one; the instance is the application's own.
    case "clerk":
      return {
        kind,
        algorithms: ["RS256"],
        issuer: base,
        audience,
        keys: { jwksUrl: AUTH_JWKS_URL ?? `${base}/.well-known/jwks.json` },
      };
    // OpenID Connect Discovery 1.0 §4. Only the document knows the issuer to the letter: some end with a slash.
    case "oidc":
      return {
        kind,
        algorithms: ASYMMETRIC,
        issuer: AUTH_JWKS_URL ? url : undefined,
        audience,
        keys: AUTH_JWKS_URL ? { jwksUrl: AUTH_JWKS_URL } : { discoveryUrl: `${base}/.well-known/openid-configuration` },
      };
    case "secret":
      return { kind, algorithms: ["HS256"], issuer: AUTH_URL, audience, keys: { secret: AUTH_SECRET ?? "" } };
  }
}

/** Whether a discovery document is that of the issuer we asked for (OpenID Connect Discovery 1.0 §4.3). */
export function isSameIssuer(one: string, other: string): boolean {
  return withoutFinalSlash(one) === withoutFinalSlash(other);
}

function refuseMissing(kind: Provider["kind"], settings: ProviderSettings): void {
  const missing = PROVIDER_NEEDS[kind].filter((name) => settings[name] === undefined);
  if (missing.length === 0) return;
  const faults = missing.map((name) => ({ at: name, message: `${name}: must be set for AUTH_PROVIDER=${kind}` }));
  const lines = faults.map(({ message }) => `  ${message}`).join("\n");
  throw new AppError("invalid", `These settings can't be used:\n${lines}`, { faults });
}

const withoutFinalSlash = (url: string) => url.replace(/\/+$/, "");
