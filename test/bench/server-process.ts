import { readFile } from "node:fs/promises";

const ANSWER_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const LOOK_MS = 1;

export type ServerCommand = { command: string[]; env?: Record<string, string | undefined>; folder: string };

/** Bytes of the process's own pages and of the files it maps, as the kernel counts them (proc_pid_smaps(5)). */
export type Memory = { residentBytes: number; anonymousBytes: number };

export type ServerProcess = AsyncDisposable & {
  pid: number;
  url: string;
  /** From the start of the process to the first 200 on `/health`. */
  firstAnswerMs: number;
  memory(): Promise<Memory>;
};

/**
 * Starts a server that listens on `PORT` and waits for its first answer. Its environment is `env` alone, its working
 * folder `folder`, so that no settings of the caller's reach it.
 * @throws Error with what it wrote if it ends or takes longer than it may
 */
export async function startServer({ command, env, folder }: ServerCommand): Promise<ServerProcess> {
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = child.stderr.text();
  const stop = async () => {
    child.kill("SIGTERM");
    const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await child.exited;
    clearTimeout(impatience);
  };
  while (!(await isHealthy(url))) {
    const isLate = performance.now() - startedAt > ANSWER_TIMEOUT_MS;
    if (child.exitCode === null && !isLate) {
      await Bun.sleep(LOOK_MS);
      continue;
    }
    await stop();
    throw new Error(`${command.join(" ")} did not answer within ${ANSWER_TIMEOUT_MS} ms:\n${await said}`);
  }
  return {
    pid: child.pid,
    url,
    firstAnswerMs: performance.now() - startedAt,
    memory: async () => readMemory(await readFile(`/proc/${child.pid}/smaps_rollup`, "utf8")),
    [Symbol.asyncDispose]: stop,
  };
}

export function readMemory(rollup: string): Memory {
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) * 1024;
  return { residentBytes: bytes("Rss"), anonymousBytes: bytes("Anonymous") };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { keepalive: false });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Free a moment ago, which is as good as it gets for a process that must be told its port. */
export function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const port = server.port ?? 0;
  void server.stop(true);
  return port;
}
