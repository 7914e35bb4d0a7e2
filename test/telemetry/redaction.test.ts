import { describe, expect, test } from "bun:test";
import { toPlain } from "../../src/telemetry/plain.ts";
import { createRedactor } from "../../src/telemetry/redaction.ts";

const SECRET = "Zx9-hunter2";
const KEY = `ow_live_${"a1B2".repeat(12)}c`;
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJl";
const redactor = createRedactor();

/** How a secret may hide, and what must be left of the text around it. */
const TEXTS: [name: string, text: string, kept: string][] = [
  ["a password in a URL", `postgres://someone:${SECRET}@db.example:5432/orbweaver`, "@db.example:5432/orbweaver"],
  ["a password with an @ in a URL", `redis://:p@${SECRET}@cache:6379/0 went away`, "@cache:6379/0 went away"],
  ["a user name that is a token", `https://${SECRET}@git.example/repository`, "@git.example/repository"],
  ["a URL within a query", `/login?next=https%3A%2F%2Fu%3A${SECRET}%40site.example%2Fa`, "site.example%2Fa"],
  ["a token in a query", `https://a.example/x?page=2&access_token=${SECRET}&lang=en`, "page=2"],
  ["a key in a query", `https://a.example/x?key=${SECRET}#top`, "#top"],
  ["a signature in a query", `https://s3.example/x?X-Amz-Signature=${SECRET}&X-Amz-Expires=60`, "X-Amz-Expires=60"],
  ["a short signature", `https://blob.example/x?sv=1&sig=${SECRET}&se=2`, "se=2"],
  ["an authorisation code", `https://a.example/callback?code=${SECRET}&state=1`, "state=1"],
  ["an API key of ours", `the key ${KEY} was refused`, "was refused"],
  ["a JWT", `token ${JWT} has expired`, "has expired"],
  ["a bearer value", `Authorization: Bearer ${SECRET}`, "uthorization"],
  ["a bearer value by itself", `sent bearer ${SECRET} twice`, "twice"],
  ["basic credentials", `refused Basic ${btoa(SECRET)} again`, "again"],
  ["a cookie's line", `Set-Cookie: sid=${SECRET}; HttpOnly\nDate: today`, "Date: today"],
  ["JSON in a text", `{"user":"a","password":"${SECRET}","port":1}`, '"port":1'],
  ["a connection string", `host=db user=a password=${SECRET} dbname=x`, "dbname=x"],
  ["an environment", `AUTH_SECRET=${SECRET} PORT=3000`, "PORT=3000"],
  ["a token of Logfire", `pylf_v1_eu_${SECRET.replace("-", "")}abc rejected`, "rejected"],
  ["a private key", `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY----- read`, "read"],
];

describe("a secret in a text is left out, the rest is kept", () => {
  for (const [name, text, kept] of TEXTS)
    test(name, () => {
      const shown = redactor.text(text);

      for (const secret of [SECRET, KEY, JWT, btoa(SECRET), "hunter2"]) expect(shown).not.toContain(secret);
      expect(shown).toContain("[redacted]");
      expect(shown).toContain(kept);
    });
});

/** Where the same texts may stand in what is logged. */
const PLACES: [name: string, hide: (text: string) => unknown][] = [
  ["a field", (text) => text],
  ["an error's message", (text) => new Error(text)],
  ["a cause's cause", (text) => new Error("a", { cause: new Error("b", { cause: new Error(text) }) })],
  ["a cause that is no error", (text) => new Error("a", { cause: { note: text } })],
  ["one of several errors", (text) => new AggregateError([new TypeError(text)], "all failed")],
  ["a stack", (text) => Object.assign(new Error("a"), { stack: `Error: ${text}\n  at x` })],
  ["a list in an object", (text) => ({ tried: [{ url: text }] })],
  ["a map", (text) => new Map([["url", text]])],
  ["a field's name", (text) => ({ [text]: 1 })],
  ["a set", (text) => new Set([text])],
];

describe("wherever it stands", () => {
  for (const [place, hide] of PLACES)
    test(place, () => {
      for (const [, text] of TEXTS)
        expect(JSON.stringify(toPlain(hide(text), redactor))).not.toMatch(/hunter2|c2lnbmF/);
    });
});

test("fields are hidden by their names, whatever they hold", () => {
  const names = ["password", "Authorization", "set-cookie", "api_key", "apiKey", "X-Api-Key", "AUTH_SECRET", "jwt"];
  for (const name of [...names, "refreshToken", "privateKey", "signature", "clientSecret", "session"]) {
    const shown = toPlain({ at: { [name]: SECRET }, headers: new Headers({ [name]: SECRET }) }, redactor);

    expect(JSON.stringify(shown)).not.toContain(SECRET);
  }
});

test("what only sounds like a secret is kept", () => {
  const fields = {
    keyId: "k1",
    monkey: "Bobo",
    isTokenValid: true,
    password: null,
    at: "https://example.com/@someone?page=2#key",
    message: "max_pages: must be a whole number; the author of https://a.example/ said so at 10:30",
  };

  expect(toPlain(fields, redactor)).toEqual(fields);
});

test("the values of secret settings are left out wherever they stand", () => {
  const known = createRedactor(["correct horse", "correct horse battery", "abc"]);

  expect(known.text("it was correct horse battery, then correct horse, then abc")).toBe(
    "it was [redacted], then [redacted], then abc",
  );
});

test("a secret that is cut in two by the length of a text is not told", () => {
  const shown = JSON.stringify(toPlain("x".repeat(3_980) + KEY + "y".repeat(99_999), redactor));

  expect(shown).not.toContain("a1B2a1B2");
  expect(shown.length).toBeLessThan(4_200);
});
