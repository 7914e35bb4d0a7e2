import {
  type AccessContext,
  changeUser,
  deleteUser,
  disableUser,
  enableUser,
  restoreUser,
  type UserChange,
} from "../access/standing.ts";
import {
  createUser,
  getUserByName,
  listUsers,
  type Role,
  stateOfUser,
  type User,
  type UserState,
} from "../access/users.ts";
import type { App } from "../app.ts";
import { tellOrders } from "../crawl/crawls.ts";
import type { UserAction } from "./access-commands.ts";
import { type AccessFlags, formatInstant, printList, withDatabase } from "./access-database.ts";
import { formatCount } from "./quantity.ts";
import { writeError, writeOut } from "./terminal.ts";

const OVER_REST = "/api/v1/users, with an administrator's key";

export async function createUserCommand(
  name: string,
  flags: AccessFlags & { email?: string; role: Role },
): Promise<number> {
  const { email, role } = flags;
  const create = async ({ db }: App) => {
    const user = await createUser(db, { name, email, role });
    await tell(user, flags);
    writeError(`A key for ${user.name} is made by: orbweaver key create --user ${email ?? user.id}\n`);
  };
  return withDatabase(flags, create, OVER_REST);
}

export async function listUsersCommand(
  flags: AccessFlags & { state?: UserState; role?: Role; search?: string },
): Promise<number> {
  const { json, state, role, search } = flags;
  const list = ({ db }: App) =>
    printList((after, limit) => listUsers(db, { state, role, search, after, limit }), { json, columns, view });
  return withDatabase(flags, list, OVER_REST);
}

export async function changeUserCommand(name: string, flags: AccessFlags & UserChange): Promise<number> {
  const { name: newName, email, role } = flags;
  const change = (app: App, id: string) => changeUser(app, id, { name: newName, email, role });
  return actOnUser(name, flags, change);
}

/** Takes a user's access, or gives it back. */
export async function settleUserCommand(action: UserAction, name: string, flags: AccessFlags): Promise<number> {
  return actOnUser(name, flags, ACTIONS[action]);
}

async function actOnUser(name: string, flags: AccessFlags, act: (app: App, id: string) => Promise<unknown>) {
  const work = async (app: App) => {
    const { id } = await getUserByName(app.db, name);
    await act(app, id);
    await tell(await getUserByName(app.db, id), flags);
  };
  return withDatabase(flags, work, OVER_REST);
}

const ACTIONS: Record<UserAction, (app: App, id: string) => Promise<unknown>> = {
  disable: disableUser,
  enable: enableUser,
  delete: deleteWithWord,
  restore: (app, id) => restoreUser(app, id, app.config.DELETED_RETENTION_DAYS),
};

async function deleteWithWord(app: App & AccessContext, id: string): Promise<void> {
  const cancelled = await deleteUser(app, id);
  await tellOrders(app.cache, cancelled);
  const days = formatCount(app.config.DELETED_RETENTION_DAYS, "day");
  const crawls = cancelled.length > 0 ? `${formatCount(cancelled.length, "crawl")} cancelled; ` : "";
  writeError(`${crawls}within ${days} this brings the user back: orbweaver user restore ${id}\n`);
}

const tell = (user: User, { json }: AccessFlags) =>
  writeOut(json ? `${JSON.stringify(view(user))}\n` : `${user.id}  ${user.name}  ${user.role}  ${stateOfUser(user)}\n`);

const columns: Record<string, (user: User) => string> = {
  ID: ({ id }) => id,
  NAME: ({ name }) => name,
  "E-MAIL": ({ email }) => email ?? "-",
  ROLE: ({ role }) => role,
  STATE: stateOfUser,
  "LAST SEEN": ({ lastSeenAt }) => formatInstant(lastSeenAt),
};

const view = (user: User) => ({
  id: user.id,
  name: user.name,
  email: user.email,
  role: user.role,
  state: stateOfUser(user),
  issuer: user.issuer,
  last_seen_at: user.lastSeenAt,
  created_at: user.createdAt,
});
