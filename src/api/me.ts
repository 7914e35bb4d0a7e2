import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { getKey } from "../access/keys.ts";
import { toViewer } from "../access/principal.ts";
import { getUser } from "../access/users.ts";
import type { App } from "../app.ts";
import { PERMISSIONS } from "../db/schema/users.ts";
import { Nullable, OneOf } from "./fields.ts";
import { KeyView, viewKey } from "./key-view.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { principalOf } from "./request-context.ts";
import { UserView, viewUser } from "./user-view.ts";

const MeView = Type.Object(
  {
    user: UserView,
    key: Nullable(KeyView),
    permissions: Type.Array(OneOf(PERMISSIONS, {}), {
      description: "What may be done now; write includes read, and admin everything",
      examples: [["write"]],
    }),
  },
  { $id: "Me", description: "Who the service takes the caller for; no key for whoever came with a token or without" },
);

export const meApi = ({ db, clock }: Pick<App, "db" | "clock">) =>
  new Elysia({ prefix: "/me", tags: ["Access"] }).use(permissions).get(
    "",
    async ({ request }) => {
      const principal = principalOf(request);
      const user = await getUser(db, principal.userId);
      const key = principal.keyId === null ? null : await getKey(db, toViewer(principal), principal.keyId);
      return {
        user: viewUser(user),
        key: key && viewKey(key, clock.now()),
        permissions: [...principal.permissions],
      };
    },
    {
      permission: "read",
      response: { 200: MeView, ...problems(404, 500, 503) },
      detail: {
        summary: "Who am I?",
        description: "The user and key that the request came with, and what they may do.",
      },
    },
  );
