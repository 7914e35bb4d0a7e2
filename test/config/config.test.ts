import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, readEnvironment } from "../../src/config/config.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { AppError } from "../../src/errors.ts";

const faultsOf = (environment: Record<string, string>): AppError => {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("the settings were taken");
};

describe("settings", () => {
  test("have defaults that run on an empty machine", () => {
    const config = readConfig({});

    expect(config).toMatchObject({ HOST: "127.0.0.1", PORT: 3000, DATA_DIR: "./data", ALLOW_PRIVATE_NETWORKS: "" });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.REDIS_URL).toBeUndefined();
  });

  test("come from the environment, and from overrides before it", () => {
    const config = readConfig({ PORT: "8080", HOST: "0.0.0.0", LOG_LEVEL: "" }, { PORT: 9090 });

    expect(config).toMatchObject({ PORT: 9090, HOST: "0.0.0.0", LOG_LEVEL: "info" });
  });

  test("that can't be used are all told at once, by name, with what is allowed and an example", () => {
    const error = faultsOf({
      PORT: "eighty",
      LOG_LEVEL: "loud",
      MAX_BODY_BYTES: "-1",
      DATABASE_URL: "mysql://root:secret@db",
    });

    expect(error.reason).toBe("invalid");
    expect(error.faults.map(({ at }) => at).sort()).toEqual(["DATABASE_URL", "LOG_LEVEL", "MAX_BODY_BYTES", "PORT"]);
    expect(error.message).toContain('PORT: "eighty" is not a whole number from 0 to 65535; for example 3000');
    expect(error.message).toContain('LOG_LEVEL: "loud" is not one of debug, info, warn, error');
    expect(error.message).not.toContain("secret");
  });

  test("are described, each of them", () => {
    for (const [name, schema] of Object.entries(SETTINGS))
      expect([name, schema.description]).toEqual([name, expect.any(String)]);
  });

  test("are read from .env, and the environment wins", () => {
    const folder = mkdtempSync(join(tmpdir(), "orbweaver-env-"));
    writeFileSync(
      join(folder, ".env"),
      "# a comment\nOW_TEST_A=\"quoted value\"\nexport OW_TEST_B=plain # why\nOW_TEST_C='single'\nPATH=/nowhere\nnot a line\n",
    );

    const environment = readEnvironment(folder);

    const { OW_TEST_A, OW_TEST_B, OW_TEST_C } = environment;
    expect({ OW_TEST_A, OW_TEST_B, OW_TEST_C }).toEqual({
      OW_TEST_A: "quoted value",
      OW_TEST_B: "plain",
      OW_TEST_C: "single",
    });
    expect(environment.PATH === process.env.PATH).toBe(true);
    expect(readEnvironment("/nonexistent").OW_TEST_A).toBeUndefined();
  });
});
