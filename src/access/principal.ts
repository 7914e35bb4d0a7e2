import type { Permission } from "../db/schema/users.ts";
import { LOCAL_USER_ID } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "./viewer.ts";

/** Who makes a request, and what they may do: proved by an API key or a token, or taken for granted on an open service. */
export type Principal = {
  userId: string;
  /** Null for whoever came without a key. */
  keyId: string | null;
  permissions: readonly Permission[];
};

/** Everybody, while access control is off. */
export const LOCAL_PRINCIPAL: Principal = {
  userId: LOCAL_USER_ID,
  keyId: null,
  permissions: ["read", "write", "admin", "metrics"],
};

/** Whoever asks for what is public: owns nothing, and may do nothing. */
export const STRANGER: Principal = { userId: "00000000-0000-0000-0000-000000000000", keyId: null, permissions: [] };

/** An administrator may do everything, and whoever may write may read. */
const IMPLIED_BY: Record<Permission, readonly Permission[]> = {
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  metrics: ["metrics", "admin"],
  admin: ["admin"],
};

export function may({ permissions }: Principal, needed: Permission): boolean {
  return IMPLIED_BY[needed].some((permission) => permissions.includes(permission));
}

/**
 * @param what is asked for, as the beginning of a sentence
 * @throws AppError `forbidden`
 */
export function refuseUnlessMay(principal: Principal, needed: Permission, what = "This"): void {
  if (may(principal, needed)) return;
  throw new AppError("forbidden", `${what} needs the permission ${needed}, which the credential does not give`);
}

/** Whether somebody has proved who they are. An open service takes everybody for the person at its keyboard. */
export function isProven({ userId, keyId }: Principal): boolean {
  return keyId !== null || userId !== LOCAL_USER_ID;
}

/** An administrator sees all rows, others their own. */
export function toViewer(principal: Principal): Viewer {
  return { userId: principal.userId, seesAll: may(principal, "admin") };
}
