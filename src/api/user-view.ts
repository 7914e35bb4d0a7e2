import { type Static, Type } from "@sinclair/typebox";
import { stateOfUser, USER_STATES, type User } from "../access/users.ts";
import { exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

const ROLES = ["user", "admin"] as const;

export const Role = OneOf(ROLES, {
  description: "An admin sees and changes everything that their key permits; a user what is their own",
  examples: ["user"],
});

export const UserState = OneOf(USER_STATES, {
  description: "disabled and deleted users have no access; deleted ones can be restored for a time",
  examples: ["active"],
});

export const UserView = Type.Object(
  {
    id: Id("The user's id"),
    name: Type.String({ description: "What people call them", examples: ["Ada"] }),
    email: Nullable(Type.String({ description: "For people; no proof of anything", examples: ["ada@example.com"] })),
    role: Role,
    state: UserState,
    issuer: Nullable(
      Type.String({
        description: "Identity provider that vouches for them; null for a user made here",
        examples: ["https://login.example.com/"],
      }),
    ),
    last_seen_at: Nullable(Instant("When they last came with a token, to the minute")),
    created_at: Instant("When they were made, or first signed in"),
    updated_at: Instant("When anything of them last changed"),
    deleted_at: Nullable(Instant("When they were deleted")),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/users/${exampleId}`] }),
      keys: Type.String({ examples: [`/api/v1/keys?user_id=${exampleId}`] }),
      websites: Type.String({ examples: [`/api/v1/websites?user_id=${exampleId}`] }),
    }),
  },
  { $id: "User", description: "Somebody who may use the service, or might" },
);

export const UserPage = PageOf(UserView, "Users, newest first");
export const userCursors = idCursors("users");

export function viewUser(user: User): Static<typeof UserView> {
  const { id, name, email, role, issuer, lastSeenAt, createdAt, updatedAt, deletedAt } = user;
  return {
    id,
    name,
    email,
    role,
    state: stateOfUser(user),
    issuer,
    last_seen_at: lastSeenAt?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
    deleted_at: deletedAt?.toISOString() ?? null,
    links: {
      self: `/api/v1/users/${id}`,
      keys: `/api/v1/keys?user_id=${id}`,
      websites: `/api/v1/websites?user_id=${id}`,
    },
  };
}
