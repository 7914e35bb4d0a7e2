import type { AuthInfo, ServerContext } from "@modelcontextprotocol/server";
import { type Principal, STRANGER } from "../access/principal.ts";

/** Who makes an HTTP request, in the form that the protocol's library hands on. No credential is in it. */
export function toAuthInfo(principal: Principal): AuthInfo {
  return { token: "", clientId: principal.userId, scopes: [...principal.permissions], extra: { principal } };
}

/** A key goes with its user: what one key began, another of the same user can't get at. */
export function ownerOf({ userId, keyId }: Principal): string {
  return `${userId} ${keyId ?? ""}`;
}

/** A stranger unless the request, or the place it comes from, says otherwise: what forgets to say so may do nothing. */
export function findPrincipal(context: ServerContext, local: Principal | undefined): Principal {
  const principal = context.http?.authInfo?.extra?.principal as Principal | undefined;
  return principal ?? local ?? STRANGER;
}
