import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderExample } from "../../src/config/example.ts";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
afterAll(workplace.remove);
writeFileSync(
  join(workplace.folder, "own.toml"),
  'port = 8081\n[database]\nurl = "postgres://ada:hidden@db.example/x"\n',
);

test("config shows what holds and where it comes from, and no secret; --config stands anywhere", async () => {
  const env = { AUTH_SECRET: "hidden-hidden-hidden-hidden-hidden", ORBWEAVER_HSOT: "x" };
  const [text, json] = await Promise.all([
    workplace.run(["--config", "own.toml", "config", "--describe"], env),
    workplace.run(["config", "--json", "--config=own.toml"], env),
  ]);

  expect([text.code, json.code]).toEqual([0, 0]);
  expect(text.stdout).toMatch(/^ {2}PORT +8081 +own\.toml:1 +3000$/m);
  expect(text.stdout).toMatch(/^ {2}DATABASE_URL +postgres:\/\/ada:\*{8}@db\.example\/x +own\.toml:3 +-$/m);
  expect(text.stdout).toMatch(/^ {2}HOST +127\.0\.0\.1 +default$/m);
  expect(text.stdout).toContain("Port; 0 takes any free one.");
  expect(text.stderr).toContain("ORBWEAVER_HSOT (environment) is no setting and has no effect; did you mean");
  expect(text.stdout + text.stderr + json.stdout + json.stderr).not.toContain("hidden");
  const { settings } = JSON.parse(json.stdout) as { settings: { name: string }[] };
  expect(settings.find(({ name }) => name === "PORT")).toMatchObject({
    ...{ section: "Service", value: 8081, origin: "own.toml:1", default: 3000, is_secret: false },
  });
});

test("config --example prints a .env to begin with", async () => {
  const { code, stdout } = await workplace.run(["config", "--example"]);

  expect({ code, stdout }).toEqual({ code: 0, stdout: renderExample() });
  expect(stdout).toContain("# PARSER_THREADS=\n");
  expect(stdout.split("\n").every((line) => line.length <= 120)).toBe(true);
});

test("bad settings end every command with 78, all of them told at once", async () => {
  const env = { PORT: "eighty", LOG_LEVEL: "loud", AUTH_PROVIDER: "clerk" };
  const ended = await Promise.all([
    workplace.run(["serve"], env),
    workplace.run(["config"], env),
    workplace.run(["migrate", "status", "--config", "missing.toml"]),
  ]);

  expect(ended.map(({ code }) => code)).toEqual([78, 78, 78]);
  for (const { stderr } of ended.slice(0, 2)) {
    expect(stderr).toContain('  PORT: "eighty" (environment) is not a whole number');
    expect(stderr).toContain('  LOG_LEVEL: "loud" (environment) is not one of');
    expect(stderr).toContain("  AUTH_URL (default): must be set for AUTH_PROVIDER=clerk");
  }
  expect(ended[2]?.stderr).toContain("missing.toml can't be read: there is no such file");
});

test("a command line that makes no sense is still told by 2", async () => {
  expect((await workplace.run(["config", "--jsno"])).code).toBe(2);
});
