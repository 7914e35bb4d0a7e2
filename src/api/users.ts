import { Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import { changeUser, deleteUser, disableUser, enableUser, restoreUser } from "../access/standing.ts";
import { createUser, getUser, listUsers } from "../access/users.ts";
import type { App } from "../app.ts";
import { tellOrders } from "../crawl/crawls.ts";
import { byId, Nullable } from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { Role, UserPage, UserState, UserView, userCursors, viewUser } from "./user-view.ts";

const Name = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: "\\S",
  description: "What people call them",
  examples: ["Ada"],
});

const Email = Nullable(
  Type.String({
    minLength: 3,
    maxLength: 320,
    pattern: "^[^\\s@]+@[^\\s@]+$",
    description: "E-mail address; no two users made here have the same",
    examples: ["ada@example.com"],
  }),
);

const NewUser = Type.Object(
  { name: Name, email: Type.Optional(Email), role: Type.Optional(Role) },
  {
    additionalProperties: false,
    description: "A user to make",
    examples: [{ name: "Ada", email: "ada@example.com", role: "user" }],
  },
);

const UserChange = Type.Object(
  { name: Type.Optional(Name), email: Type.Optional(Email), role: Type.Optional(Role) },
  {
    additionalProperties: false,
    minProperties: 1,
    description: "What to change; name and e-mail of a user who signs in through a provider are changed there",
    examples: [{ role: "admin" }],
  },
);

const filters = {
  role: t.Optional(Role),
  state: t.Optional(UserState),
  search: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 200,
      description: "Beginning of the name or the e-mail address",
      examples: ["ada"],
    }),
  ),
};

const standing = {
  permission: "admin" as const,
  params: byId("user"),
  response: { 200: UserView, ...problems(400, 403, 404, 409, 500, 503) },
};

/** For administrators alone. */
export const usersApi = ({ db, cache, clock, config }: Pick<App, "db" | "cache" | "clock" | "config">) =>
  new Elysia({ prefix: "/users", tags: ["Access"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .post(
      "",
      async ({ body, status, set }) => {
        const user = viewUser(await createUser(db, body));
        set.headers.location = user.links.self;
        return status(201, user);
      },
      {
        permission: "admin",
        idempotent: true,
        body: NewUser,
        response: { 201: UserView, ...problems(400, 403, 409, 413, 415, 500, 503) },
        detail: { summary: "Make a user", description: "Who has no access until a key is made for them." },
      },
    )
    .get(
      "",
      async ({ query }) => {
        const { role, state, search } = query;
        return readPage(
          query,
          userCursors,
          (limit, after) => listUsers(db, { role, state, search, limit, after }),
          ({ id }) => id,
          viewUser,
        );
      },
      {
        permission: "admin",
        query: t.Object({ ...pagingQuery, ...filters }),
        response: { 200: UserPage, ...problems(400, 500, 503) },
        detail: { summary: "List users", description: "Active and disabled ones; `?state=deleted` lists the others." },
      },
    )
    .get("/:id", async ({ params }) => viewUser(await getUser(db, params.id)), {
      permission: "admin",
      params: byId("user"),
      response: { 200: UserView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read a user", description: "A deleted one is a 404; the list shows those too." },
    })
    .patch("/:id", async ({ params, body }) => viewUser(await changeUser({ db, cache, clock }, params.id, body)), {
      permission: "admin",
      params: byId("user"),
      body: UserChange,
      response: { 200: UserView, ...problems(400, 403, 404, 409, 413, 415, 500, 503) },
      detail: {
        summary: "Change a user",
        description: "The last administrator can't be made anything else.",
      },
    })
    .post("/:id/disable", async ({ params }) => viewUser(await disableUser({ db, cache, clock }, params.id)), {
      ...standing,
      detail: {
        summary: "Disable a user",
        description: "Ends their access at once, by key and by token; what is theirs stays. Safe to repeat.",
      },
    })
    .post("/:id/enable", async ({ params }) => viewUser(await enableUser({ db, cache, clock }, params.id)), {
      ...standing,
      detail: { summary: "Enable a disabled user", description: "Their keys work again. Safe to repeat." },
    })
    .delete(
      "/:id",
      async ({ params, status }) => {
        const cancelled = await deleteUser({ db, cache, clock }, params.id);
        await tellOrders(cache, cancelled);
        return status(204, undefined);
      },
      {
        permission: "admin",
        params: byId("user"),
        response: { 204: t.Void({ description: "They are gone" }), ...problems(400, 403, 404, 409, 500, 503) },
        detail: {
          summary: "Delete a user",
          description: "With their websites; their crawls are cancelled. For a time they can be restored.",
        },
      },
    )
    .post(
      "/:id/restore",
      async ({ params }) => viewUser(await restoreUser({ db, cache, clock }, params.id, config.DELETED_RETENTION_DAYS)),
      {
        ...standing,
        response: { ...standing.response, ...problems(410) },
        detail: {
          summary: "Restore a deleted user",
          description: "With the websites that went with them; their crawls stay cancelled.",
        },
      },
    );
