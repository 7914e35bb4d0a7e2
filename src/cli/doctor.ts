import { existsSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { openStore, openWeb, postgresOptionsOf } from "../app.ts";
import { systemClock } from "../clock.ts";
import { type Loaded, loadSettings } from "../config/config.ts";
import { redisOf } from "../config/redis.ts";
import type { Config } from "../config/settings.ts";
import type { Store } from "../db/db.ts";
import { openEmbedder } from "../embeddings/embedder.ts";
import { AppError } from "../errors.ts";
import { examineAccess } from "../health/access-diagnosis.ts";
import { databaseExaminations } from "../health/database-diagnosis.ts";
import { type Diagnosis, type Examined, examineAll, fail, pass, type Verdict, warn } from "../health/diagnosis.ts";
import { embeddingExamination } from "../health/embedding-diagnosis.ts";
import { machineExaminations } from "../health/machine-diagnosis.ts";
import { networkExaminations } from "../health/network-diagnosis.ts";
import { redisExamination } from "../health/redis-diagnosis.ts";
import { replicaExaminations } from "../health/replica-diagnosis.ts";
import { createLog } from "../telemetry/log.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { writeOut } from "./terminal.ts";

export type DoctorFlags = SettingFlags & { url: string; json?: boolean };

/** `EX_CONFIG` of sysexits.h. */
const EXIT_BAD_SETTINGS = 78;

/**
 * Says of all that the service needs whether it is there, and what to do where it is not. Changes nothing.
 * @returns 0 when nothing failed, 1 when something did, 78 when the settings can't be used
 */
export async function doctorCommand({ url, json = false, ...flags }: DoctorFlags): Promise<number> {
  let loaded: Loaded;
  try {
    loaded = loadSettings(settingsOf(flags));
  } catch (error) {
    if (!(error instanceof AppError && error.reason === "invalid")) throw error;
    const unusable = fail(error.message, "Set them right; nothing else was looked at");
    await print([{ name: "settings", ...unusable, durationMs: 0 }], json);
    return EXIT_BAD_SETTINGS;
  }
  const examined = await examine(loaded, url);
  await print(examined, json);
  return examined.some(({ verdict }) => verdict === "fail") ? 1 : 0;
}

async function examine({ config, warnings }: Loaded, url: string): Promise<Examined[]> {
  const clock = systemClock;
  // To be looked at, the database and Redis are connected to apart from the service's own way.
  const alone = { ...config, REDIS_URL: undefined, REDIS_HOST: undefined };
  const web = openWeb(alone, { clock, log: createLog("error", clock, () => {}) });
  const embedder = openEmbedder(config, { clock, userAgent: web.userAgent });
  const isMade = config.DATABASE_URL !== undefined || existsSync(join(config.DATA_DIR, "postgres"));
  const database = databaseExaminations(
    isMade ? () => openStore({ ...config, DATABASE_WAIT_MS: 0 }) : undefined,
    config,
    clock,
  );
  try {
    return await examineAll(
      [
        { name: "settings", examine: async () => judgeSettings(warnings) },
        { name: "access", examine: async () => examineAccess(config) },
        ...database.examinations,
        ...replicaExaminations(config, (url) => openServer(url, config), clock),
        redisExamination(redisOf(config)),
        embeddingExamination(embedder),
        ...networkExaminations(url, web.fetch, clock),
        ...machineExaminations(config),
      ],
      clock,
    );
  } finally {
    embedder?.close();
    await Promise.race([Promise.all([database.close(), web.close()]), clock.sleep(1_000)]);
  }
}

async function openServer(url: string, config: Config): Promise<Store> {
  const { openPostgresStore } = await import("../db/postgres.ts");
  return openPostgresStore(url, { ...postgresOptionsOf(config), waitMs: 0, poolSize: 1 });
}

function judgeSettings(warnings: readonly string[]): Diagnosis {
  if (warnings.length === 0) return pass("All can be used");
  return warn(
    `All can be used, but:\n${warnings.join("\n")}`,
    "orbweaver config shows what holds, and where it is from",
  );
}

async function print(examined: readonly Examined[], asJson: boolean): Promise<void> {
  if (asJson) {
    const checks = examined.map(({ durationMs, ...rest }) => ({ ...rest, duration_ms: durationMs }));
    await writeOut(`${JSON.stringify({ ok: !examined.some(({ verdict }) => verdict === "fail"), checks }, null, 2)}\n`);
    return;
  }
  const width = Math.max(...examined.map(({ name }) => name.length));
  const lines = examined.flatMap(({ name, verdict, finding, mend }) => {
    const indent = " ".repeat(width + 8);
    const [first, ...more] = finding.split("\n");
    return [
      `${colour(verdict)}  ${name.padEnd(width)}  ${first}`,
      ...more.map((line) => indent + line),
      ...(mend === undefined ? [] : [`${indent}→ ${mend}`]),
    ];
  });
  await writeOut(`${lines.join("\n")}\n${summarize(examined)}\n`);
}

const COLOURS = { pass: "green", warn: "yellow", skip: "gray", fail: "red" } as const;

/** Plain where nobody sees colours: not on a terminal, or `NO_COLOR` is set. */
function colour(verdict: Verdict): string {
  return styleText(COLOURS[verdict], verdict.toUpperCase(), { stream: process.stdout });
}

function summarize(examined: readonly Examined[]): string {
  const count = (verdict: Verdict) => examined.filter((one) => one.verdict === verdict).length;
  return `${count("pass")} passed, ${count("warn")} to look at, ${count("skip")} skipped, ${count("fail")} failed`;
}
