import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, PROCESS_ENV } from "../testing/program.ts";

const program = await findProgram();

export type Ended = { code: number | null; stdout: string; stderr: string };

/** A folder to run commands in, as a person at a keyboard would; nothing of the test's own environment shows there. */
export function openWorkplace() {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-cli-"));

  const start = <Out extends "pipe" | Bun.BunFile = "pipe">(
    args: string[],
    env: Record<string, string> = {},
    stdout: Out = "pipe" as Out,
  ) =>
    Bun.spawn([program, ...args], {
      cwd: folder,
      env: { ...PROCESS_ENV, ...env },
      stdin: "ignore",
      stdout,
      stderr: "pipe",
      timeout: 60_000,
      killSignal: "SIGKILL",
    });

  return {
    folder,
    start,
    async run(args: string[], env?: Record<string, string>): Promise<Ended> {
      const child = start(args, env);
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return { code: child.exitCode, stdout, stderr };
    },
    makeFolder: (name: string) => {
      mkdirSync(join(folder, name), { recursive: true });
      return join(folder, name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Relative paths of all files below a folder, sorted. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
