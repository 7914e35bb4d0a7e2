import { type DocumentDecoration, Elysia } from "elysia";
import { may } from "../access/principal.ts";
import type { Config } from "../config/settings.ts";
import type { Permission } from "../db/schema/users.ts";
import type { Access } from "./access.ts";
import { isDocumentation } from "./documentation-path.ts";
import { HttpError } from "./problems.ts";
import { principalOf } from "./request-context.ts";

/** What a route asks of its caller; `public` is for everybody. */
export type Needed = Permission | "public";

/** Where a route keeps it, for the check and for the OpenAPI document alike. */
export const PERMISSION_FIELD = "x-permission";

/** Lets a route say `permission: "read"`. One that says nothing is for administrators. */
export const permissions = new Elysia({ name: "permissions" }).macro({
  permission: (needed: Needed) => ({ detail: { [PERMISSION_FIELD]: needed } as DocumentDecoration }),
});

export type DeclaredRoute = { method: string; path: string; hooks?: { detail?: Record<string, unknown> } };

/**
 * Refuses who may not do what the route does, before its body is read and before anything of the request is validated.
 * By the route that was found rather than by the path, so that no spelling of a path gets around it. To be used before
 * whatever parses bodies.
 */
export const permissionRules = (
  { DOCS }: Pick<Config, "DOCS">,
  access: Access,
  routes: () => readonly DeclaredRoute[],
) => {
  const plugin = new Elysia({ name: "permission-rules" });
  if (access === "open") return plugin;
  let needed: Map<string, Needed> | undefined;
  const check = ({ route, request }: { route: string; request: Request }): void => {
    needed ??= new Map(routes().map((declared) => [`${declared.method} ${declared.path}`, neededFor(declared, DOCS)]));
    const method = request.method === "HEAD" ? "GET" : request.method;
    refuseUnlessPermitted(request, needed.get(`${method} ${route}`) ?? "admin");
  };
  // Parsing is left out for requests without a body, and comes first for all others.
  return plugin.onParse({ as: "global" }, check).onTransform({ as: "global" }, check);
};

function neededFor({ path, hooks }: DeclaredRoute, docs: Config["DOCS"]): Needed {
  if (isDocumentation(path)) return docs === "protected" ? "read" : "public";
  if (path === "/") return "public";
  return (hooks?.detail?.[PERMISSION_FIELD] as Needed | undefined) ?? "admin";
}

/** RFC 6750 §3.1 for the header. */
function refuseUnlessPermitted(request: Request, needed: Needed): void {
  if (needed === "public" || may(principalOf(request), needed)) return;
  throw new HttpError(403, "forbidden", `This needs the permission ${needed}, which the credential does not give`, {
    "www-authenticate": `Bearer realm="orbweaver", error="insufficient_scope", scope="${needed}"`,
  });
}
