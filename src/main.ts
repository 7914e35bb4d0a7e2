import { exitCodeOfUsage, runProgram } from "./cli/program.ts";
import { AppError } from "./errors.ts";

/** `EX_CONFIG` of sysexits.h. */
const EXIT_BAD_SETTINGS = 78;

/** 2 for what the command line got wrong, 78 for settings that can't be used, 1 for what failed. */
async function main(): Promise<number> {
  try {
    return await runProgram(process.argv.slice(2));
  } catch (error) {
    const usage = exitCodeOfUsage(error);
    if (usage !== undefined) return usage;
    if (!(error instanceof AppError)) {
      console.error("orbweaver: this should not have happened:", error);
      return 1;
    }
    console.error(`orbweaver: ${error.message}`);
    if (error.code === "settings") return EXIT_BAD_SETTINGS;
    return error.reason === "invalid" ? 2 : 1;
  }
}

// Whatever still hangs on, such as a connection that is kept alive, must not keep the process.
process.exit(await main());
