import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Finished = { code: number | null; stdout: string; stderr: string };

/** No setting of the machine reaches the program under test. */
const BARE_ENVIRONMENT = { PATH: "/nonexistent", LANG: "C.UTF-8", ALLOW_PRIVATE_NETWORKS: "127.0.0.1" };

/** Runs a command to its end. */
export async function run(command: string[], cwd: string, env: Record<string, string> = {}): Promise<Finished> {
  const child = Bun.spawn(command, {
    cwd,
    env: { ...BARE_ENVIRONMENT, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code: child.exitCode, stdout, stderr };
}

/** As `run`, and everything but success is an error. */
export async function runWell(command: string[], cwd: string, env: Record<string, string> = {}): Promise<Finished> {
  const finished = await run(command, cwd, env);
  if (finished.code === 0) return finished;
  throw new Error(`${command.join(" ")} ended with ${finished.code}\n${finished.stdout}\n${finished.stderr}`);
}

export type Service = {
  origin: string;
  port: string;
  output(): string;
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
};

/** Starts the service on a free port and waits until it answers. */
export async function startService(command: string[], cwd: string, env: Record<string, string> = {}): Promise<Service> {
  const child = Bun.spawn(command, {
    cwd,
    env: { ...BARE_ENVIRONMENT, PORT: "0", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const part of stream) output += decoder.decode(part, { stream: true });
  };
  const readers = Promise.all([read(child.stdout), read(child.stderr)]);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await child.exited;
    clearTimeout(timer);
    await readers;
    return child.exitCode;
  };
  try {
    const isGone = child.exited.then((code) => {
      throw new Error(`It ended with ${code}`);
    });
    // It ends in any case, later.
    isGone.catch(() => {});
    const isUp = until("the service says where it is", () => {
      return /http:\/\/(?:127\.0\.0\.1|localhost|0\.0\.0\.0):\d+/.exec(output)?.[0]?.replace("0.0.0.0", "127.0.0.1");
    });
    const origin = await Promise.race([isUp, isGone]);
    await until("the service answers", async () => (await fetch(`${origin}/health/ready`)).ok);
    const kill = async () => void (await end("SIGKILL"));
    return { origin, port: new URL(origin).port, output: () => output, stop: () => end("SIGTERM"), kill };
  } catch (error) {
    await end("SIGKILL");
    throw new Error(`${(error as Error).message}\n${output}`, { cause: error });
  }
}

/** Asks again and again until there is an answer; errors count as none while there is time. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(25);
  }
  throw new Error(`Waited ${timeoutMs / 1000} s in vain until ${what}${last ? `: ${last}` : ""}`, { cause: last });
}

/** Hands in an empty folder and takes it away afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "orbweaver-smoke-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function check(claim: boolean, otherwise: string): asserts claim {
  if (!claim) throw new Error(otherwise);
}
