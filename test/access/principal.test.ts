import { expect, test } from "bun:test";
import { LOCAL_PRINCIPAL, may, type Principal, toViewer } from "../../src/access/principal.ts";
import { PERMISSIONS, type Permission } from "../../src/db/schema/users.ts";

const holding = (...permissions: Permission[]): Principal => ({ userId: "ada", keyId: null, permissions });

test.each<[Permission[], Permission[]]>([
  [[], []],
  [["read"], ["read"]],
  [["write"], ["read", "write"]],
  [["metrics"], ["metrics"]],
  [
    ["read", "metrics"],
    ["read", "metrics"],
  ],
  [["admin"], ["read", "write", "admin", "metrics"]],
])("whoever holds %j may %j and nothing else", (held, expected) => {
  const allowed = PERMISSIONS.filter((permission) => may(holding(...held), permission));

  expect(allowed).toEqual(expected);
});

test("an administrator sees everybody's rows, others their own", () => {
  expect(toViewer(holding("admin"))).toEqual({ userId: "ada", seesAll: true });
  expect(toViewer(holding("read", "write", "metrics"))).toEqual({ userId: "ada", seesAll: false });
  expect(toViewer(LOCAL_PRINCIPAL).seesAll).toBe(true);
});
