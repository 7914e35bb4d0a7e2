import { describe, expect, test } from "bun:test";
import { type Provider, toProvider } from "../../src/access/provider.ts";
import type { Config } from "../../src/config/settings.ts";

const SUPABASE = "https://abcdefgh.supabase.co";
const CLERK = "https://clerk.example.com";
const OIDC = "https://login.example.com/realms/main";
const SECRET = "a-long-random-text-of-32-characters-or-more";
const KEYS = "https://keys.example.com/jwks";

describe("what follows from the settings of a provider", () => {
  test.each<[Partial<Config>, Partial<Provider>]>([
    [
      { AUTH_PROVIDER: "supabase", AUTH_URL: SUPABASE },
      {
        issuer: `${SUPABASE}/auth/v1`,
        audience: "authenticated",
        algorithms: ["ES256", "RS256", "EdDSA", "Ed25519"],
        keys: { jwksUrl: `${SUPABASE}/auth/v1/.well-known/jwks.json` },
      },
    ],
    [{ AUTH_PROVIDER: "supabase", AUTH_URL: `${SUPABASE}/` }, { issuer: `${SUPABASE}/auth/v1` }],
    [{ AUTH_PROVIDER: "supabase", AUTH_URL: SUPABASE, AUTH_AUDIENCE: "mine" }, { audience: "mine" }],
    [{ AUTH_PROVIDER: "supabase", AUTH_URL: SUPABASE, AUTH_JWKS_URL: KEYS }, { keys: { jwksUrl: KEYS } }],
    [
      { AUTH_PROVIDER: "clerk", AUTH_URL: `${CLERK}/` },
      {
        issuer: CLERK,
        audience: undefined,
        algorithms: ["RS256"],
        keys: { jwksUrl: `${CLERK}/.well-known/jwks.json` },
      },
    ],
    [{ AUTH_PROVIDER: "clerk", AUTH_URL: CLERK, AUTH_AUDIENCE: "orbweaver" }, { audience: "orbweaver" }],
    [
      { AUTH_PROVIDER: "oidc", AUTH_URL: OIDC, AUTH_AUDIENCE: "orbweaver" },
      {
        issuer: undefined,
        audience: "orbweaver",
        keys: { discoveryUrl: `${OIDC}/.well-known/openid-configuration` },
      },
    ],
    [
      { AUTH_PROVIDER: "oidc", AUTH_URL: `${OIDC}/`, AUTH_AUDIENCE: "orbweaver", AUTH_JWKS_URL: KEYS },
      { issuer: `${OIDC}/`, keys: { jwksUrl: KEYS } },
    ],
    [
      { AUTH_PROVIDER: "secret", AUTH_SECRET: SECRET },
      { issuer: undefined, audience: undefined, algorithms: ["HS256"], keys: { secret: SECRET } },
    ],
    [
      { AUTH_PROVIDER: "secret", AUTH_SECRET: SECRET, AUTH_URL: `${SUPABASE}/auth/v1`, AUTH_AUDIENCE: "authenticated" },
      { issuer: `${SUPABASE}/auth/v1`, audience: "authenticated", algorithms: ["HS256"] },
    ],
  ])("%j", (settings, expected) => {
    expect(toProvider(settings as Config)).toMatchObject(expected);
  });
});

test("no provider believes signatures by a shared secret and by a key pair at once", () => {
  for (const AUTH_PROVIDER of ["supabase", "clerk", "oidc", "secret"] as const) {
    const all = { AUTH_PROVIDER, AUTH_URL: OIDC, AUTH_AUDIENCE: "orbweaver", AUTH_SECRET: SECRET };
    const { algorithms = [] } = toProvider(all) ?? {};

    expect(new Set(algorithms.map((algorithm) => algorithm.startsWith("HS"))).size).toBe(1);
    expect(algorithms).not.toContain("none");
  }
});

test("without a provider there is none, whatever else is set", () => {
  expect(toProvider({ AUTH_URL: OIDC, AUTH_SECRET: SECRET })).toBeUndefined();
});

test.each<[Partial<Config>, string[]]>([
  [{ AUTH_PROVIDER: "supabase" }, ["AUTH_URL"]],
  [{ AUTH_PROVIDER: "clerk" }, ["AUTH_URL"]],
  [{ AUTH_PROVIDER: "oidc" }, ["AUTH_URL", "AUTH_AUDIENCE"]],
  [{ AUTH_PROVIDER: "oidc", AUTH_URL: OIDC }, ["AUTH_AUDIENCE"]],
  [{ AUTH_PROVIDER: "secret", AUTH_URL: OIDC }, ["AUTH_SECRET"]],
])("the settings %j are refused, naming each that is missing", (settings, missing) => {
  const read = () => toProvider(settings as Config);

  expect(read).toThrow(
    expect.objectContaining({
      reason: "invalid",
      faults: missing.map((at) => expect.objectContaining({ at })),
    }),
  );
});
