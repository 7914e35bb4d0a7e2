import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Step } from "./all.ts";
import { check, inFolder, run, runWell } from "./process.ts";

/** What the executable makes of settings, wherever they stand. */
export function settingsSteps(binary: string): Step[] {
  return [
    {
      name: "bad settings end it with code 78, and all of them are told, but no secret",
      run: () =>
        inFolder(async (folder) => {
          const secret = "postgres://ada:hidden@";
          const env = { PORT: "eighty", LOG_LEVEL: "loud", AUTH_PROVIDER: "clerk", DATABASE_URL: secret };
          const { code, stderr } = await run([binary, "serve"], folder, env);

          check(code === 78, `exit code ${code}, not 78`);
          for (const name of ["PORT", "LOG_LEVEL", "AUTH_URL", "DATABASE_URL"])
            check(stderr.includes(`  ${name}`), `${name} is not told: ${stderr}`);
          check(!stderr.includes("hidden"), `a secret is shown: ${stderr}`);
        }),
    },
    {
      name: "config shows what holds by flag, environment, .env and file, and where from",
      run: () =>
        inFolder(async (folder) => {
          await writeFile(join(folder, ".env"), "ORBWEAVER_HOST='0.0.0.0'\nPORT=2\nORBWEAVER_PROT=3\n");
          await writeFile(join(folder, "own.toml"), "port = 1\n[redis]\nhost = 'cache'\n");
          const command = [binary, "--config", "own.toml", "config", "--json"];
          const { stdout, stderr } = await runWell(command, folder, { PORT: "4" });
          const { settings } = JSON.parse(stdout) as { settings: { name: string; value: unknown; origin: string }[] };
          const tell = (name: string) => {
            const found = settings.find((one) => one.name === name);
            return `${found?.value} from ${found?.origin}`;
          };

          check(tell("PORT") === "4 from environment", tell("PORT"));
          check(tell("HOST") === "0.0.0.0 from .env:1", tell("HOST"));
          check(tell("REDIS_HOST") === "cache from own.toml:3", tell("REDIS_HOST"));
          check(tell("DATA_DIR") === "./data from default", tell("DATA_DIR"));
          check(stderr.includes("did you mean ORBWEAVER_PORT?"), `nothing is said of ORBWEAVER_PROT: ${stderr}`);
        }),
    },
  ];
}
