import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings, readConfig } from "../../src/config/config.ts";
import { type Config, SETTINGS, type SettingName } from "../../src/config/settings.ts";
import { AppError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "orbweaver-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A folder of its own with these files. */
function place(files: Record<string, string>): string {
  const own = mkdtempSync(join(folder, `${count++}-`));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  return own;
}

/** What a process would load that has no environment but this. */
const load = (
  files: Record<string, string>,
  environment: Record<string, string> = {},
  overrides: Partial<Config> = {},
) => {
  const own = place(files);
  const file = Object.keys(files).find((name) => name !== ".env");
  return loadSettings({ folder: own, environment, overrides, file: file && join(own, file) });
};

const errorOf = (act: () => unknown): AppError => {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("the settings were taken");
};

const faultsOf = (environment: Record<string, string>) => errorOf(() => readConfig(environment)).faults;

describe("settings", () => {
  test("have defaults that run on an empty machine", () => {
    const config = readConfig({});

    expect(config).toMatchObject({ HOST: "127.0.0.1", PORT: 3000, DATA_DIR: "./data", ALLOW_PRIVATE_NETWORKS: "" });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.REDIS_URL).toBeUndefined();
  });

  test("are described, each of them, and those with an example take it", () => {
    for (const [name, schema] of Object.entries(SETTINGS)) {
      expect([name, schema.description]).toEqual([name, expect.any(String)]);
      const example = schema.examples?.[0];
      const wanting = {
        ...{ AUTH_PROVIDER: "supabase", AUTH_URL: "https://a.example" },
        ...{ SMTP_FROM: "a@example.com", EXPLAIN_MODEL: "a", EMBEDDINGS_MODEL: "a" },
      };
      if (example !== undefined && !name.endsWith("_FILE")) readConfig({ ...wanting, [name]: String(example) });
    }
  });

  test("take their defaults from the environment that the service is run for", () => {
    const { config, origins } = load({}, { ENVIRONMENT: "production" });

    expect(config).toMatchObject({ DOCS: "protected", CORS_ORIGINS: "", LOG_FORMAT: "json", PORT: 3000 });
    expect(origins).toMatchObject({
      DOCS: "default for production",
      PORT: "default",
      ENVIRONMENT: "environment",
      AUTH_URL: "default",
    });
    expect(load({}, { ENVIRONMENT: "production", DOCS: "on" }).config.DOCS).toBe("on");
  });

  test("come from flags, before the environment, before .env, before a file, before defaults, and say so", () => {
    const files = {
      ".env": "# why\nLOG_LEVEL=warn\nPORT=2\nHOST=b.example\nDATA_DIR=/b\n",
      "own.toml": 'PORT = 1\nHOST = "a.example"\nDATA_DIR = "/a"\nLOG_LEVEL = "error"\nWORKER_SLICES = 3\n',
    };

    const { config, origins } = load(files, { PORT: "3", HOST: "c.example" }, { PORT: 4 });

    expect(config).toMatchObject({
      PORT: 4,
      HOST: "c.example",
      DATA_DIR: "/b",
      LOG_LEVEL: "warn",
      WORKER_SLICES: 3,
      DOCS: "on",
    });
    expect(origins).toMatchObject({ PORT: "flag", HOST: "environment", DATA_DIR: ".env:5", LOG_LEVEL: ".env:2" });
    expect(origins.WORKER_SLICES).toEndWith("own.toml:5");
    expect(origins.DOCS).toBe("default");
  });

  test("that a flag unsets are not there, wherever else they stand", () => {
    const { config } = load(
      { ".env": "DATABASE_URL=postgres://db/x\n" },
      { DATABASE_URL: "postgres://db/y" },
      { DATABASE_URL: undefined },
    );

    expect(config.DATABASE_URL).toBeUndefined();
  });

  test("may be spelled with ORBWEAVER_ in front, which wins over the bare name in the same place", () => {
    const { config } = load({ ".env": "ORBWEAVER_HOST=env.example\n" }, { PORT: "1", ORBWEAVER_PORT: "2" });

    expect(config).toMatchObject({ HOST: "env.example", PORT: 2 });
  });

  test("that are empty count as unset", () => {
    expect(load({ ".env": "PORT=\n" }, { HOST: "", ORBWEAVER_PORT: "" }).config).toMatchObject({
      HOST: "127.0.0.1",
      PORT: 3000,
    });
  });

  test.each<[SettingName, string, unknown]>([
    ["PORT", " 8080 ", 8080],
    ["REDIS_TLS", "yes", true],
    ["REDIS_TLS", "0", false],
    ["REDIS_TLS", "On", true],
    ["OTEL_TRACES_SAMPLER_ARG", "0.25", 0.25],
    ["OTEL_TRACES_SAMPLER_ARG", ".5", 0.5],
    ["LOG_LEVEL", "WARN", "warn"],
  ])("are read from text: %s=%s", (name, text, value) => {
    expect(readConfig({ [name]: text })[name]).toBe(value as never);
  });

  test.each<[SettingName, string]>([
    ["PORT", "eighty"],
    ["PORT", "0x50"],
    ["PORT", "80.5"],
    ["PORT", "65536"],
    ["REDIS_TLS", "maybe"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.1"],
    ["OTEL_TRACES_SAMPLER_ARG", "1e-1"],
    ["LOG_LEVEL", "loud"],
    ["DATABASE_SCHEMA", "pg_own"],
    ["DATABASE_SCHEMA", "Upper-case"],
    ["DATABASE_URL", "mysql://db/x"],
    ["DATABASE_URL", "postgres://"],
    ["DATABASE_URL", "postgres://db:port/x"],
    ["DATABASE_URL", "postgres://a:1,b:port/x"],
    ["DATABASE_URL", "postgres://u:p#w@db/x"],
    ["REDIS_URL", "redis://"],
    ["REDIS_URL", "http://redis:6379"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "https://"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["CONTACT", "two words"],
  ])("refuse what is not allowed: %s=%s", (name, text) => {
    expect(faultsOf({ [name]: text }).map(({ at }) => at)).toEqual([name]);
  });
});

describe("faults", () => {
  test("are all told at once, with name, value, place, what is allowed and an example", () => {
    const error = errorOf(() =>
      load(
        { ".env": "\nLOG_LEVEL=loud\n", "own.json": '{\n  "max_body_bytes": -1\n}' },
        { PORT: "eighty", AUTH_PROVIDER: "clerk" },
      ),
    );

    expect({ reason: error.reason, code: error.code }).toEqual({ reason: "invalid", code: "settings" });
    expect(error.faults.map(({ at }) => at)).toEqual(["PORT", "LOG_LEVEL", "MAX_BODY_BYTES", "AUTH_URL"]);
    expect(error.message).toContain(
      'PORT: "eighty" (environment) is not a whole number from 0 to 65535; for example 3000',
    );
    expect(error.message).toContain(
      'LOG_LEVEL: "loud" (.env:2) is not one of debug, info, warn, error; for example info',
    );
    expect(error.message).toMatch(/MAX_BODY_BYTES: "-1" \(.*own\.json:2\) is not a whole number from 1000 to/);
    expect(error.message).toContain("AUTH_URL (default): must be set for AUTH_PROVIDER=clerk");
  });

  test("show no secret and no password", () => {
    const { message } = errorOf(() =>
      readConfig({
        DATABASE_URL: "mysql://root:hidden1@db",
        AUTH_SECRET: "hidden2",
        REDIS_URL: "redis://u:hidden3@",
        AUTH_URL: "ftp://u:hidden4@login.example",
        CORS_ORIGINS: "ftp://u:hidden5@app.example",
      }),
    );

    expect(message).not.toContain("hidden");
    expect(message).toContain("AUTH_SECRET");
    expect(message).toContain('AUTH_URL: "ftp://********@login.example"');
  });

  test.each([
    ["no file", undefined, "there is no such file"],
    ["a name without a form", { "own.yaml": "PORT: 1" }, "must end in .toml or .json"],
    ["broken TOML, with its line", { "own.toml": "PORT = 1\n\nHOST = [1,\n" }, "own.toml:3 can't be read"],
    ["broken JSON", { "own.json": '{ "PORT": }' }, "own.json can't be read"],
    ["a list", { "own.json": "[]" }, "must hold settings by their names"],
    ["a name twice", { "own.toml": "PORT = 1\nport = 2\n" }, "has it twice"],
    ["a wrong type", { "own.toml": "PORT = [1]\n" }, 'PORT: "[1]"'],
    ["a table for a value", { "own.json": '{ "HOST": [{}] }' }, "HOST: "],
  ])("of a file are told with all others: %s", (_, files, expected) => {
    const own = place(files ?? {});
    const file = join(own, Object.keys(files ?? { "none.toml": "" })[0] ?? "");

    const error = errorOf(() => loadSettings({ folder: own, environment: { LOG_LEVEL: "loud" }, file }));

    expect(error.message).toContain(expected);
    expect(error.message).toContain("LOG_LEVEL");
  });
});

describe("files", () => {
  test("of settings take names in any case, tables for what they begin with, lists and types of their own", () => {
    const { config } = load({
      "own.toml": [
        "port = 8080",
        'CORS_ORIGINS = ["https://a.example", "https://b.example"]',
        "allow_private_networks = true",
        "metrics = false",
        "[database]",
        'url = "postgres://db/x"',
        "[database.pool]",
        "size = 3",
        "[redis]",
        'host = "cache"',
        "tls = true",
        "[otel]",
        "traces_sampler_arg = 0.5",
      ].join("\n"),
    });

    expect(config).toMatchObject({
      PORT: 8080,
      CORS_ORIGINS: "https://a.example,https://b.example",
      ALLOW_PRIVATE_NETWORKS: "true",
      METRICS: "off",
      DATABASE_URL: "postgres://db/x",
      DATABASE_POOL_SIZE: 3,
      REDIS_HOST: "cache",
      REDIS_TLS: true,
      OTEL_TRACES_SAMPLER_ARG: 0.5,
    });
  });

  test("of variables are read as shells and compose read them", () => {
    const { config } = load({
      ".env": [
        "# a comment",
        'export HOST="quoted" # why',
        "CONTACT='https://a.example/#$bot'",
        "USER_AGENT=Bot/1 (x)   # its name",
        'REDIS_KEY_PREFIX="a\\nb"',
        "not a line",
        "DATA_DIR=/data/$HOME",
      ].join("\r\n"),
    });

    expect(config).toMatchObject({
      HOST: "quoted",
      CONTACT: "https://a.example/#$bot",
      USER_AGENT: "Bot/1 (x)",
      REDIS_KEY_PREFIX: "a\nb",
      DATA_DIR: "/data/$HOME",
    });
  });
});

describe("warnings", () => {
  test("tell of names that nothing reads, with the nearest real one", () => {
    const { warnings } = load(
      { ".env": "ORBWEAVER_PROT=1\nOTHER=1\n", "own.toml": "porrt = 1\n[database]\nuri = 'x'\n" },
      { ORBWEAVER_DATABASE_ULR: "x", ORBWEAVER_XYZZY: "1", OTHERS: "1" },
    );

    expect(warnings).toEqual([
      "ORBWEAVER_DATABASE_ULR (environment) is no setting and has no effect; did you mean ORBWEAVER_DATABASE_URL?",
      "ORBWEAVER_XYZZY (environment) is no setting and has no effect",
      "ORBWEAVER_PROT (.env) is no setting and has no effect; did you mean ORBWEAVER_PORT?",
      expect.stringMatching(/^porrt \(.*own\.toml:1\) is no setting and has no effect; did you mean PORT\?$/),
      expect.stringMatching(
        /^database\.uri \(.*own\.toml:3\) is no setting and has no effect; did you mean DATABASE_URL\?$/,
      ),
    ]);
  });

  test("tell of a value in .env that ends at its #", () => {
    const { config, warnings } = load({ ".env": "REDIS_HOST=cache\nREDIS_PASSWORD=ab#cd\nCONTACT='a#b' # fine\n" });

    expect(config.REDIS_PASSWORD).toBe("ab");
    expect(warnings).toEqual(["REDIS_PASSWORD in .env ends at its #: put quotes around a value that has one"]);
  });
});
