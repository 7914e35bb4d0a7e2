import { resolve } from "node:path";
import { canStartServers } from "../cluster/own-servers.ts";
import { soakCrawls, soakJobs } from "./busy.ts";
import { soakFreezes } from "./freezes.ts";
import { soakHostilePages } from "./hostile.ts";
import { soakKills } from "./kills.ts";
import { soakOutages } from "./outages.ts";
import type { Figures } from "./places.ts";
import { soakSchedules } from "./schedules.ts";

// `bun run test:soak [name …]`: the long forms of the tests in test/cluster, with the built executable as the workers.
const proofs: Record<string, (binary: string) => Promise<Figures>> = {
  jobs: soakJobs,
  crawls: soakCrawls,
  kills: soakKills,
  outages: soakOutages,
  freezes: soakFreezes,
  schedules: soakSchedules,
  hostile: soakHostilePages,
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(proofs, name));
if (unknown !== undefined) {
  console.error(`There is no proof ${unknown}; there are ${Object.keys(proofs).join(", ")}`);
  process.exit(2);
}
if (!canStartServers) {
  console.error(
    "It takes PostgreSQL and Redis as programs here: initdb and pg_ctl, redis-server, and setpriv for root",
  );
  process.exit(2);
}

const root = resolve(import.meta.dir, "../..");
if (
  Bun.spawnSync([process.execPath, "src/build.ts"], { cwd: root, stdout: "inherit", stderr: "inherit" }).exitCode !== 0
)
  process.exit(1);
const binary = resolve(root, "dist/orbweaver");

let failed = 0;
for (const [name, prove] of Object.entries(proofs)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(0);
  try {
    const figures = await prove(binary);
    console.log(`ok    ${name} (${seconds()} s)`);
    for (const [what, value] of Object.entries(figures)) console.log(`      ${what.padEnd(44)} ${value}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name} (${seconds()} s)\n${error instanceof Error ? error.stack : error}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
