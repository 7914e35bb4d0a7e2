import { type ApiKey, createKey, type KeyState, listKeys, revokeKey, stateOf } from "../access/keys.ts";
import { LOCAL_PRINCIPAL } from "../access/principal.ts";
import { getUserByName } from "../access/users.ts";
import { LOCAL_VIEWER } from "../access/viewer.ts";
import { systemClock } from "../clock.ts";
import { LOCAL_USER_ID, type Permission } from "../db/schema/users.ts";
import { type AccessFlags, formatInstant, printList, withDatabase } from "./access-database.ts";
import { writeError, writeOut } from "./terminal.ts";

const OVER_REST = "/api/v1/keys, with a key of the user or an administrator's";

export type NewKeyFlags = AccessFlags & {
  user?: string;
  permission: Permission[];
  /** Milliseconds. */
  expires?: number;
  name: string;
};

/** Prints the key alone on standard output, so that it can be piped to where it is kept; words go to standard error. */
export async function createKeyCommand(flags: NewKeyFlags): Promise<number> {
  return withDatabase(
    flags,
    async ({ db, clock }) => {
      const user = await getUserByName(db, flags.user ?? LOCAL_USER_ID);
      const now = clock.now();
      const expiresAt = flags.expires === undefined ? null : new Date(now.getTime() + flags.expires);
      const request = { maker: LOCAL_PRINCIPAL, userId: user.id, name: flags.name, permissions: flags.permission };
      const { key, secret } = await createKey(db, { ...request, expiresAt }, now);
      await writeOut(flags.json ? `${JSON.stringify({ ...view(key), key: secret })}\n` : `${secret}\n`);
      const end = expiresAt ? `until ${formatInstant(expiresAt)}` : "until it is revoked";
      writeError(
        `Key ${key.id} (${key.name}) of ${user.name} holds ${key.permissions.join(" and ")} ${end}. It is shown this once: keep it well.\n`,
      );
    },
    OVER_REST,
  );
}

export async function listKeysCommand(flags: AccessFlags & { user?: string; state?: KeyState }): Promise<number> {
  const { json, state } = flags;
  return withDatabase(
    flags,
    async ({ db, clock }) => {
      const userId = flags.user === undefined ? undefined : (await getUserByName(db, flags.user)).id;
      const now = clock.now();
      const list = (after: string | undefined, limit: number) =>
        listKeys(db, { viewer: LOCAL_VIEWER, userId, state, after, limit, now });
      await printList(list, { json, columns, view });
    },
    OVER_REST,
  );
}

export async function revokeKeyCommand(id: string, flags: AccessFlags): Promise<number> {
  return withDatabase(
    flags,
    async (app) => {
      const key = await revokeKey(app, LOCAL_VIEWER, id);
      await writeOut(
        flags.json ? `${JSON.stringify(view(key))}\n` : `${key.id}  ${key.prefix}…  ${key.name}  revoked\n`,
      );
    },
    OVER_REST,
  );
}

const stateNow = (key: ApiKey) => stateOf(key, systemClock.now());

const columns: Record<string, (key: ApiKey) => string> = {
  ID: ({ id }) => id,
  KEY: ({ prefix }) => `${prefix}…`,
  NAME: ({ name }) => name,
  USER: ({ userId }) => userId,
  PERMISSIONS: ({ permissions }) => permissions.join(","),
  STATE: stateNow,
  EXPIRES: ({ expiresAt }) => formatInstant(expiresAt),
  "LAST USED": ({ lastUsedAt }) => formatInstant(lastUsedAt),
};

const view = (key: ApiKey) => ({
  id: key.id,
  prefix: key.prefix,
  name: key.name,
  user_id: key.userId,
  permissions: key.permissions,
  state: stateNow(key),
  expires_at: key.expiresAt,
  last_used_at: key.lastUsedAt,
  created_at: key.createdAt,
});
