import { sql } from "drizzle-orm";
import { check, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orbweaver, updatedAt } from "./columns.ts";

/** Who owns websites. One local user exists from the first migration on: the person who runs the binary. */
export const users = orbweaver.table(
  "users",
  {
    id: id(),
    email: text(),
    name: text().notNull(),
    role: text({ enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    disabledAt: instant(),
    deletedAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("users_email_key").on(sql`lower(${table.email})`),
    check("users_role_check", sql`${table.role} in ('user', 'admin')`),
  ],
);

/** The owner of everything while access control is off; made by the first migration. */
export const LOCAL_USER_ID = "00000000-0000-7000-8000-000000000001";
