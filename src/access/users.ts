import { and, desc, eq, ilike, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import { beginningWith, type Db, findViolatedConstraint } from "../db/db.ts";
import { users } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";

export type User = typeof users.$inferSelect;
export type Role = User["role"];

export type NewUser = { name: string; email?: string | null; role?: Role };

/** @throws AppError `conflict` when another user made here has the e-mail address */
export async function createUser(db: Db, { name, email = null, role = "user" }: NewUser): Promise<User> {
  const [user] = await db.insert(users).values({ name, email, role }).returning().catch(asConflict(email));
  if (!user) throw new Error("An insertion without a conflict clause gives its row");
  return user;
}

export const USER_STATES = ["active", "disabled", "deleted"] as const;
export type UserState = (typeof USER_STATES)[number];

export type UserFilter = {
  role?: Role;
  /** Active and disabled ones when not given. */
  state?: UserState;
  /** Beginning of the name or the e-mail address. */
  search?: string;
  limit: number;
  /** Only users that come after the one with this id. */
  after?: string;
};

/** Newest first. */
export async function listUsers(db: Db, { role, state, search, limit, after }: UserFilter): Promise<User[]> {
  const pattern = search ? beginningWith(search) : undefined;
  return db
    .select()
    .from(users)
    .where(
      and(
        state ? isInState(state) : isNull(users.deletedAt),
        role ? eq(users.role, role) : undefined,
        pattern ? or(ilike(users.name, pattern), ilike(users.email, pattern)) : undefined,
        after ? lt(users.id, after) : undefined,
      ),
    )
    .orderBy(desc(users.id))
    .limit(limit);
}

/** @throws AppError `not_found` also when the user is deleted */
export async function getUser(db: Db, id: string): Promise<User> {
  const [user] = await db
    .select()
    .from(users)
    .where(and(eq(users.id, id), isNull(users.deletedAt)));
  if (!user) throw userNotFound(id);
  return user;
}

/**
 * The user of an id or an e-mail address, as a person types it; a deleted one too, if no other has the address.
 * @throws AppError `not_found`, or `conflict` when several have the address, as an identity provider may say
 */
export async function getUserByName(db: Db, idOrEmail: string): Promise<User> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(idOrEmail);
  const condition = isId ? eq(users.id, idOrEmail.toLowerCase()) : hasEmail(idOrEmail);
  const found = await db.select().from(users).where(condition).orderBy(desc(users.id));
  const present = found.filter((user) => user.deletedAt === null);
  const candidates = present.length > 0 ? present : found;
  const [user] = candidates;
  if (!user) throw userNotFound(idOrEmail);
  if (candidates.length === 1) return user;
  const ids = candidates.map(({ id }) => id).join(", ");
  throw new AppError("conflict", `Several users have the e-mail address ${idOrEmail}; name one by its id: ${ids}`);
}

/** Whom a provider's token speaks of, deleted or not: `issuer` and `subject` as in RFC 7519 §4.1. */
export async function findUserByIdentity(db: Db, issuer: string, subject: string): Promise<User | undefined> {
  const [user] = await db
    .select()
    .from(users)
    .where(and(eq(users.issuer, issuer), eq(users.subject, subject)));
  return user;
}

export function stateOfUser({ disabledAt, deletedAt }: User): UserState {
  if (deletedAt) return "deleted";
  return disabledAt ? "disabled" : "active";
}

/** Gives a statement that ran against the address of another user a word that people understand. */
export function asConflict(email: string | null | undefined): (error: unknown) => never {
  return (error) => {
    if (findViolatedConstraint(error) !== "users_email_key") throw error;
    throw new AppError("conflict", `Another user has the e-mail address ${email}`, {
      code: "user_exists",
      cause: error,
    });
  };
}

export const userNotFound = (idOrEmail: string) => new AppError("not_found", `There is no user ${idOrEmail}`);

const hasEmail = (email: string) => eq(sql`lower(${users.email})`, email.toLowerCase());

function isInState(state: UserState): SQL | undefined {
  if (state === "deleted") return isNotNull(users.deletedAt);
  return and(isNull(users.deletedAt), state === "disabled" ? isNotNull(users.disabledAt) : isNull(users.disabledAt));
}
