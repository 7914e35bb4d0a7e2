import { Elysia } from "elysia";
import { toProvider } from "../access/provider.ts";
import type { Config } from "../config/settings.ts";
import { permissions } from "./permissions.ts";

type Settings = Pick<
  Config,
  "PUBLIC_URL" | "AUTH_PROVIDER" | "AUTH_URL" | "AUTH_AUDIENCE" | "AUTH_JWKS_URL" | "AUTH_SECRET"
>;

const PATH = "/.well-known/oauth-protected-resource";

/** Where clients learn from whom they get a token (RFC 9728 §3), also by the resource's own path. */
export function isProtectedResource(path: string): boolean {
  return path === PATH || path === `${PATH}/mcp`;
}

/** The URL for `resource_metadata` (RFC 9728 §5.1); `undefined` where no provider issues tokens, or our own URL is unknown. */
export function metadataUrlOf(settings: Settings): string | undefined {
  return describeResource(settings) && `${publicUrlOf(settings)}${PATH}/mcp`;
}

/** Tells MCP clients which identity provider's tokens are taken, if there is one. */
export function protectedResourceApi(settings: Settings) {
  const plugin = new Elysia({ detail: { hide: true } }).use(permissions);
  const described = describeResource(settings);
  if (!described) return plugin;
  return plugin
    .get(PATH, () => described, { permission: "public" })
    .get(`${PATH}/mcp`, () => described, { permission: "public" });
}

function describeResource(settings: Settings) {
  const { AUTH_URL } = settings;
  if (settings.PUBLIC_URL === undefined) return undefined;
  const provider = toProvider(settings);
  // A shared secret is no server that one could ask for a token.
  if (!provider || provider.kind === "secret") return undefined;
  return {
    resource: `${publicUrlOf(settings)}/mcp`,
    resource_name: "Orbweaver",
    authorization_servers: [provider.issuer ?? AUTH_URL],
    bearer_methods_supported: ["header"],
  };
}

function publicUrlOf({ PUBLIC_URL = "" }: Settings): string {
  return PUBLIC_URL.replace(/\/$/, "");
}
