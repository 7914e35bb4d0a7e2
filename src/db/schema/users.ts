import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytes, createdAt, digest, id, instant, orbweaver, updatedAt } from "./columns.ts";

/**
 * Who owns websites. One local user exists from the first migration on: the person who runs the binary. Others are made
 * by an administrator, or by their first sign-in through the identity provider.
 */
export const users = orbweaver.table(
  "users",
  {
    id: id(),
    email: text(),
    name: text().notNull(),
    role: text({ enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    /** Who vouches for the user, as `iss` and `sub` of their tokens (RFC 7519); null for one made here. */
    issuer: text(),
    subject: text(),
    lastSeenAt: instant(),
    disabledAt: instant(),
    deletedAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // An identity provider is believed who signs in, not that nobody else has the address.
    uniqueIndex("users_email_key")
      .on(sql`lower(${table.email})`)
      .where(sql`${table.deletedAt} is null and ${table.issuer} is null`),
    uniqueIndex("users_identity_key").on(table.issuer, table.subject),
    index("users_deleted_idx").on(table.deletedAt).where(sql`${table.deletedAt} is not null`),
    check("users_role_check", sql`${table.role} in ('user', 'admin')`),
    check("users_identity_check", sql`(${table.issuer} is null) = (${table.subject} is null)`),
  ],
);

/** The owner of everything while access control is off; made by the first migration. */
export const LOCAL_USER_ID = "00000000-0000-7000-8000-000000000001";

export const PERMISSIONS = ["read", "write", "admin", "metrics"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Secrets that stand for their user. Only a digest is kept, so that whoever reads the table can't use them. */
export const apiKeys = orbweaver.table(
  "api_keys",
  {
    id: id(),
    userId: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text().notNull(),
    /** SHA-256 of the whole key. */
    hash: digest().notNull(),
    /** How the key begins, for people to tell keys apart. */
    prefix: text().notNull(),
    permissions: text({ enum: PERMISSIONS }).array().notNull(),
    expiresAt: instant(),
    /** To the minute. */
    lastUsedAt: instant(),
    revokedAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("api_keys_hash_key").on(table.hash),
    index("api_keys_user_idx").on(table.userId, table.id),
    check("api_keys_permissions_check", sql`${table.permissions} <@ array['read', 'write', 'admin', 'metrics']`),
  ],
);

/** Answers to requests that may be repeated under an `Idempotency-Key`, for as long as clients may do so. */
export const idempotencyKeys = orbweaver.table(
  "idempotency_keys",
  {
    userId: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    key: text().notNull(),
    /** SHA-256 of method, path and body: the same key for another request is a fault of the client. */
    requestHash: digest().notNull(),
    /** Null while the first request is being worked. */
    status: integer(),
    headers: jsonb().$type<Record<string, string>>(),
    body: bytes(),
    /** A request that has not answered until then has died with its process. */
    lockedUntil: instant().notNull(),
    expiresAt: instant().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "idempotency_keys_pkey", columns: [table.userId, table.key] }),
    index("idempotency_keys_expires_idx").on(table.expiresAt),
  ],
);
