import { existsSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { openStore, openWeb } from "../app.ts";
import { systemClock } from "../clock.ts";
import { loadConfig } from "../config/config.ts";
import type { Config } from "../config/settings.ts";
import { AppError } from "../errors.ts";
import { examineAccess } from "../health/access-diagnosis.ts";
import { databaseExaminations } from "../health/database-diagnosis.ts";
import { type Examined, examineAll, pass, type Verdict } from "../health/diagnosis.ts";
import { machineExaminations } from "../health/machine-diagnosis.ts";
import { networkExaminations } from "../health/network-diagnosis.ts";
import { redisExamination } from "../health/redis-diagnosis.ts";
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
  let config: Config;
  try {
    config = loadConfig(settingsOf(flags));
  } catch (error) {
    if (!(error instanceof AppError && error.reason === "invalid")) throw error;
    const finding = error.message;
    await print(
      [
        {
          name: "settings",
          verdict: "fail",
          finding,
          mend: "Set them right; nothing else was looked at",
          durationMs: 0,
        },
      ],
      json,
    );
    return EXIT_BAD_SETTINGS;
  }
  const examined = await examine(config, url);
  await print(examined, json);
  return examined.some(({ verdict }) => verdict === "fail") ? 1 : 0;
}

async function examine(config: Config, url: string): Promise<Examined[]> {
  const clock = systemClock;
  // To be looked at, the database and Redis are connected to apart from the service's own way.
  const web = openWeb({ ...config, REDIS_URL: undefined }, { clock, log: createLog("error", clock, () => {}) });
  const isMade = config.DATABASE_URL !== undefined || existsSync(join(config.DATA_DIR, "postgres"));
  const database = databaseExaminations(
    isMade ? () => openStore({ ...config, DATABASE_WAIT_MS: 0 }) : undefined,
    config,
    clock,
  );
  try {
    return await examineAll(
      [
        { name: "settings", examine: async () => pass("All can be used") },
        { name: "access", examine: async () => examineAccess(config) },
        ...database.examinations,
        redisExamination(config.REDIS_URL),
        ...networkExaminations(url, web.fetch, clock),
        ...machineExaminations(config),
      ],
      clock,
    );
  } finally {
    await Promise.race([Promise.all([database.close(), web.close()]), clock.sleep(1_000)]);
  }
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
