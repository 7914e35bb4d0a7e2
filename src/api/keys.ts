import { Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import { createKey, getKey, listKeys, renameKey, revokeKey } from "../access/keys.ts";
import type { App } from "../app.ts";
import { byId, Id, Instant, readInstant } from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { KeyName, KeyPage, KeyPermissions, KeyState, KeyView, keyCursors, MadeKeyView, viewKey } from "./key-view.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { principalOf, viewerOf } from "./request-context.ts";

const NewKey = Type.Object(
  {
    name: KeyName,
    permissions: KeyPermissions,
    expires_at: Type.Optional(Instant("When it ends; never when left out")),
    user_id: Type.Optional(Id("Whose it is to be; for administrators. The caller's own when left out")),
  },
  {
    additionalProperties: false,
    description: "A key to make",
    examples: [{ name: "nightly crawl", permissions: ["write"], expires_at: "2027-01-31T12:00:00Z" }],
  },
);

const KeyChange = Type.Object(
  { name: KeyName },
  { additionalProperties: false, description: "Its new name", examples: [{ name: "weekly crawl" }] },
);

const filters = {
  user_id: t.Optional(Id("Only this user's; for administrators, as others see their own alone")),
  state: t.Optional(KeyState),
};

/** Whoever may read sees their keys, whoever may write makes and revokes them, within what they may do themselves. */
export const keysApi = ({ db, cache, clock, config }: Pick<App, "db" | "cache" | "clock" | "config">) =>
  new Elysia({ prefix: "/keys", tags: ["Access"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .post(
      "",
      async ({ body, request, status, set }) => {
        const maker = principalOf(request);
        const { name, permissions, expires_at: expiry, user_id: userId = maker.userId } = body;
        const expiresAt = expiry === undefined ? null : readInstant(expiry, "/expires_at");
        const { key, secret } = await createKey(db, { maker, userId, name, permissions, expiresAt }, clock.now());
        const view = viewKey(key, clock.now());
        set.headers.location = view.links.self;
        return status(201, { ...view, key: secret });
      },
      {
        permission: "write",
        // The secret is kept nowhere, so a repeated answer is without it.
        idempotent: { hidden: ["key"] },
        body: NewKey,
        response: { 201: MadeKeyView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Make an API key",
          description:
            "The answer has the key itself, which can't be read again: a repetition under the same `Idempotency-Key` is answered without it. It may hold no permission that the caller does not hold, and not outlive the key that made it.",
        },
      },
    )
    .get(
      "",
      async ({ query, request }) => {
        const { user_id: userId, state } = query;
        const filter = { viewer: viewerOf(request), userId, state, now: clock.now() };
        return readPage(
          query,
          keyCursors,
          (limit, after) => listKeys(db, { ...filter, limit, after }),
          ({ id }) => id,
          (key) => viewKey(key, filter.now),
        );
      },
      {
        permission: "read",
        query: t.Object({ ...pagingQuery, ...filters }),
        response: { 200: KeyPage, ...problems(400, 500, 503) },
        detail: { summary: "List API keys", description: "The caller's own; all for an administrator." },
      },
    )
    .get("/:id", async ({ params, request }) => viewKey(await getKey(db, viewerOf(request), params.id), clock.now()), {
      permission: "read",
      params: byId("key"),
      response: { 200: KeyView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read an API key", description: "All but the key itself." },
    })
    .patch(
      "/:id",
      async ({ params, body, request }) =>
        viewKey(await renameKey(db, viewerOf(request), params.id, body.name), clock.now()),
      {
        permission: "write",
        params: byId("key"),
        body: KeyChange,
        response: { 200: KeyView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Rename an API key",
          description: "What it may do is settled when it is made: to change that, make another.",
        },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await revokeKey({ db, cache, clock }, viewerOf(request), params.id);
        return status(204, undefined);
      },
      {
        permission: "write",
        params: byId("key"),
        response: { 204: t.Void({ description: "It opens nothing any more" }), ...problems(400, 403, 404, 500, 503) },
        detail: {
          summary: "Revoke an API key",
          description: "For good, on all instances at once; the list shows it as revoked. Safe to repeat.",
        },
      },
    );
