import { and, arrayContains, eq, isNotNull, isNull } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { Db } from "../db/db.ts";
import { apiKeys, LOCAL_USER_ID, users } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";
import { insertKey, isUsable } from "./keys.ts";

/** Whether a host is this machine alone: nobody else reaches what listens there. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

type AccessSettings = Pick<Config, "AUTH" | "AUTH_PROVIDER" | "HOST">;

/**
 * Whether anyone may come in (`open`), callers must prove who they are (`closed`), or that depends on whether there is
 * a key they could prove it with (`closed_with_key`). What the settings leave open is closed on a network.
 */
export function decideAccess({ AUTH, AUTH_PROVIDER, HOST }: AccessSettings): "open" | "closed" | "closed_with_key" {
  if (AUTH === "off") return "open";
  if (AUTH === "on" || AUTH_PROVIDER) return "closed";
  return isLoopback(HOST) ? "open" : "closed_with_key";
}

/**
 * Settles, at the start of the service, who may use it. Closed and without anybody who could administer it, it makes a
 * first key for the local user: once, however many instances start together, to be shown on the terminal and nowhere
 * else.
 * @throws AppError `invalid`, code `settings`, for a service on a network of which nobody said who may use it
 */
export async function openAccess(
  db: Db,
  config: AccessSettings,
  clock: Clock,
): Promise<{ isOpen: boolean; firstKey?: string }> {
  const decision = decideAccess(config);
  if (decision === "open") return { isOpen: true };
  if (decision === "closed") return { isOpen: false, firstKey: await makeFirstKey(db, config, clock.now()) };
  if (await hasUsableKey(db, clock.now())) return { isOpen: false };
  throw new AppError(
    "invalid",
    [
      `Anyone who reaches ${config.HOST} could use this service: nobody has said yet who may. Do one of these, and start it again:`,
      "  AUTH=on                  asks for keys, and prints a first one for you",
      "  orbweaver key create     makes a key before the start",
      "  AUTH_PROVIDER=…          takes the tokens of an identity provider",
      "  HOST=127.0.0.1           serves this machine alone",
      "  AUTH=off                 lets everybody in, on a network that you trust",
    ].join("\n"),
    { code: "settings", faults: [{ at: "AUTH", message: "must be on or off, or access be configured" }] },
  );
}

async function hasUsableKey(db: Db, now: Date): Promise<boolean> {
  const [key] = await db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(isUsable(now))
    .limit(1);
  return key !== undefined;
}

/** `undefined` when somebody can administer the service already, or the local user is no administrator any more. */
async function makeFirstKey(db: Db, config: AccessSettings, now: Date): Promise<string | undefined> {
  return db.transaction(async (tx) => {
    // The lock lets one instance after the other look.
    const [local] = await tx.select().from(users).where(eq(users.id, LOCAL_USER_ID)).for("update");
    const isFit = local?.role === "admin" && local.disabledAt === null && local.deletedAt === null;
    if (!isFit || (await hasAdministrator(tx, config, now))) return undefined;
    const first = { userId: LOCAL_USER_ID, name: "first key", permissions: ["admin" as const], expiresAt: null };
    return (await insertKey(tx, first)).secret;
  });
}

async function hasAdministrator(tx: Db, { AUTH_PROVIDER }: AccessSettings, now: Date): Promise<boolean> {
  const isAdmin = eq(users.role, "admin");
  const [key] = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(and(isUsable(now), isAdmin, arrayContains(apiKeys.permissions, ["admin"])))
    .limit(1);
  if (key) return true;
  if (!AUTH_PROVIDER) return false;
  const [user] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(isAdmin, isNotNull(users.issuer), isNull(users.disabledAt), isNull(users.deletedAt)))
    .limit(1);
  return user !== undefined;
}
