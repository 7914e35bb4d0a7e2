import { expect, test } from "bun:test";
import { Elysia } from "elysia";
import { sayDeprecated } from "../../src/api/deprecation.ts";

test("a deprecated route says since when, until when, and what to read", async () => {
  const since = new Date("2026-01-31T12:00:00Z");
  const until = new Date("2026-07-31T12:00:00Z");
  const moreAt = "https://docs.example.com/changes";
  const api = new Elysia().get("/old", () => "old", {
    afterHandle: ({ set }) => sayDeprecated(set.headers, { since, until, moreAt }),
  });

  const { headers } = await api.handle(new Request("http://localhost/old"));

  expect(headers.get("deprecation")).toBe("@1769860800");
  expect(headers.get("sunset")).toBe("Fri, 31 Jul 2026 12:00:00 GMT");
  expect(headers.get("link")).toBe('<https://docs.example.com/changes>; rel="deprecation"; type="text/html"');
});

test("until when is said only once it is known", () => {
  const headers: Record<string, string | number> = {};

  sayDeprecated(headers, { since: new Date(0) });

  expect(headers).toEqual({ deprecation: "@0" });
});
