import { afterAll, beforeAll, expect, test } from "bun:test";
import { noStore, type RunningService, startService } from "./running-service.ts";

let service: RunningService;

beforeAll(async () => {
  service = await startService(noStore);
});
afterAll(() => service.stop());

test("the front page leads to Swagger UI", async () => {
  const { status, headers } = await service.ask("GET", "/");

  expect([status, headers.get("location")]).toEqual([302, "/swagger"]);
});

test("a slash at the end leads to the same page and document", async () => {
  for (const path of ["/swagger", "/swagger/json"]) {
    const plain = await service.ask("GET", path);
    const slashed = await service.ask("GET", `${path}/`);

    expect([slashed.status, slashed.text]).toEqual([200, plain.text]);
    expect(slashed.headers.get("content-security-policy")).toBe(plain.headers.get("content-security-policy"));
  }
});

test("Swagger UI comes whole from the service, and its policy lets nothing else in", async () => {
  const page = await service.ask("GET", "/swagger");
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");

  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  expect(page.text).not.toMatch(/https?:\/\//);
  expect(parts).toHaveLength(4);
  for (const path of parts) {
    const { status, headers, text } = await service.ask("GET", path);
    expect([path, status, text.length > 100]).toEqual([path, 200, true]);
    expect(headers.get("content-type")).toMatch(/^(text\/(javascript|css)|image\/png)/);
  }
});
