import { connect } from "node:net";
import { RedisClient } from "bun";
import { freePort } from "./server-process.ts";

export type BenchRedis = AsyncDisposable & {
  url: string;
  /** Memory that Redis has in use, as it counts it. */
  usedBytes(): Promise<number>;
};

const START_TIMEOUT_MS = 5_000;

/** A Redis of our own that keeps nothing on disk, so that nobody else's keys are in its figures; `undefined` without one. */
export async function startRedis(): Promise<BenchRedis | undefined> {
  const command = Bun.which("redis-server");
  if (!command) return undefined;
  const port = freePort();
  const child = Bun.spawn([command, "--bind", "127.0.0.1", "--port", `${port}`, "--save", "", "--appendonly", "no"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const startedAt = performance.now();
  while (!(await accepts(port))) {
    if (performance.now() - startedAt > START_TIMEOUT_MS) throw new Error("redis-server does not answer");
    await Bun.sleep(10);
  }
  const url = `redis://127.0.0.1:${port}`;
  const client = new RedisClient(url);
  return {
    url,
    usedBytes: async () => {
      const info = String(await client.send("INFO", ["memory"]));
      return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
