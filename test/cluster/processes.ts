import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PROCESS_ENV } from "../testing/program.ts";
import { until } from "./until.ts";

/** The program from its source, as tests run it. */
export const FROM_SOURCE = [process.execPath, resolve(import.meta.dir, "../../src/main.ts")];

export type RunningProcess = {
  /** Its user agent, too, by which hosts know it. */
  name: string;
  pid: number;
  /** What it has written, logs included. */
  output(): string;
  readonly isRunning: boolean;
  /** Waits until its output has what is looked for. */
  untilSays(what: RegExp): Promise<RegExpExecArray>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Stands still until it is thawed, as a machine that is suspended; its connections stay open. */
  freeze(): void;
  thaw(): void;
  /** For workers of tests, which put their clocks on or back by it. */
  stepClock(): void;
  /** Asks it to end. @returns its exit code */
  stop(): Promise<number | null>;
};

export type Processes = {
  start(name: string, command: readonly string[], env?: Record<string, string>): RunningProcess;
  /** Those that run. */
  readonly running: RunningProcess[];
  /** Kills all that still runs. */
  close(): Promise<void>;
};

/** Processes that work together, by the settings that they share; nothing of the test's own environment reaches them. */
export function openProcesses(shared: Record<string, string>): Processes {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-cluster-"));
  const running = new Set<RunningProcess>();
  const killAll = () => {
    for (const { pid } of running) process.kill(pid, "SIGKILL");
  };
  // A test run that is cut off leaves nothing behind.
  process.on("exit", killAll);

  function start(name: string, command: readonly string[], env: Record<string, string> = {}): RunningProcess {
    const child = Bun.spawn([...command], {
      cwd: folder,
      env: {
        ...PROCESS_ENV,
        PORT: "0",
        USER_AGENT: name,
        PARSER_THREADS: "1",
        ...shared,
        ...env,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    let output = "";
    const readers = [child.stdout, child.stderr].map(async (stream) => {
      const decoder = new TextDecoder();
      for await (const part of stream) output += decoder.decode(part, { stream: true });
    });
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await child.exited;
      await Promise.all(readers);
    };
    const made: RunningProcess = {
      name,
      pid: child.pid,
      output: () => output,
      get isRunning() {
        return child.exitCode === null && child.signalCode === null;
      },
      untilSays: (what) =>
        Promise.race([
          until(`${name} says ${what}`, () => what.exec(output) ?? undefined),
          child.exited.then((code) => {
            throw new Error(`${name} ended with ${code}: ${output}`);
          }),
        ]),
      kill: () => end("SIGKILL"),
      freeze: () => child.kill("SIGSTOP"),
      thaw: () => child.kill("SIGCONT"),
      stepClock: () => child.kill("SIGUSR2"),
      stop: async () => {
        await end("SIGTERM");
        return child.exitCode;
      },
    };
    running.add(made);
    void child.exited.then(() => running.delete(made));
    return made;
  }

  return {
    start,
    get running() {
      return [...running];
    },
    close: async () => {
      await Promise.all([...running].map((one) => one.kill()));
      process.off("exit", killAll);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
