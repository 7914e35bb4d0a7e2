import { type Static, Type } from "@sinclair/typebox";
import { type ApiKey, KEY_STATES, stateOf } from "../access/keys.ts";
import { PERMISSIONS } from "../db/schema/users.ts";
import { exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

export const KeyName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: "\\S",
  description: "What it is for",
  examples: ["nightly crawl"],
});

export const KeyPermissions = Type.Array(OneOf(PERMISSIONS, {}), {
  minItems: 1,
  uniqueItems: true,
  description: "What it may do; write includes read, and admin everything",
  examples: [["write"]],
});

export const KeyState = OneOf(KEY_STATES, {
  description: "Whether it opens anything still, for as long as its user is active",
  examples: ["usable"],
});

const fields = {
  id: Id("The key's id"),
  user_id: Id("Whose it is"),
  name: KeyName,
  prefix: Type.String({ description: "How the key begins, to tell keys apart", examples: ["ow_live_3vXb"] }),
  permissions: KeyPermissions,
  state: KeyState,
  expires_at: Nullable(Instant("When it ends; null for never")),
  last_used_at: Nullable(Instant("When it was last used, to the minute")),
  revoked_at: Nullable(Instant("When it was revoked")),
  created_at: Instant("When it was made"),
  links: Type.Object({ self: Type.String({ examples: [`/api/v1/keys/${exampleId}`] }) }),
};

export const KeyView = Type.Object(fields, { $id: "Key", description: "An API key, without the key itself" });

export const MadeKeyView = Type.Object(
  {
    ...fields,
    key: Type.String({
      description: "The key itself: this once, since only its digest is kept",
      examples: ["ow_live_…"],
    }),
  },
  { $id: "MadeKey", description: "A key that was just made" },
);

export const KeyPage = PageOf(KeyView, "Keys, newest first");
export const keyCursors = idCursors("keys");

export function viewKey(key: ApiKey, now: Date): Static<typeof KeyView> {
  const { id, userId, name, prefix, permissions, expiresAt, lastUsedAt, revokedAt, createdAt } = key;
  return {
    id,
    user_id: userId,
    name,
    prefix,
    permissions,
    state: stateOf(key, now),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
    links: { self: `/api/v1/keys/${id}` },
  };
}
