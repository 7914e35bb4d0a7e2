import { Redis } from "ioredis";
import { connectionOptions } from "../cache.ts";
import type { RedisServer } from "../config/redis.ts";
import { type Diagnosis, describeError, type Examination, fail, pass, skip, warn } from "./diagnosis.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/** @param server what is configured; `undefined` if nothing is */
export const redisExamination = (server: RedisServer | undefined): Examination => ({
  name: "redis",
  examine: async (signal) => {
    if (server === undefined)
      return skip(
        "None is configured; a server of PostgreSQL stands in for it, or the memory of a process that is alone",
      );
    const redis = new Redis({
      ...connectionOptions(server),
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    let connectionError: unknown;
    redis.on("error", (error: Error) => {
      connectionError = error;
    });
    signal.addEventListener("abort", () => redis.disconnect());
    try {
      await redis.connect();
      return await examineServer(redis);
    } catch (error) {
      const finding = `Redis can't be used: ${describeError(connectionError ?? error)}`;
      return fail(
        finding,
        "See that it runs, and what REDIS_URL or REDIS_HOST names; the service runs without it meanwhile",
      );
    } finally {
      redis.disconnect();
    }
  },
});

type Server = {
  ping(): Promise<unknown>;
  info(section: string): Promise<string>;
  config(subcommand: "GET", name: string): Promise<unknown>;
};

async function examineServer(redis: Server): Promise<Diagnosis> {
  const startedAt = performance.now();
  await redis.ping();
  const latencyMs = performance.now() - startedAt;
  const info = await redis.info("server");
  const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? "of an unknown version";
  const answers = `Redis ${version} answers in ${latencyMs.toFixed(1)} ms`;
  // Managed servers often forbid CONFIG; then there is nothing to say.
  const [maxMemory, policy] = await Promise.all([
    readSetting(redis, "maxmemory"),
    readSetting(redis, "maxmemory-policy"),
  ]);
  if (policy === "noeviction" && Number(maxMemory) > 0)
    return warn(
      `${answers}; once its memory is full it takes no more values`,
      "Set maxmemory-policy to volatile-ttl: all that is kept there may be lost, and has an end",
    );
  return pass(policy === undefined ? answers : `${answers}, maxmemory-policy ${policy}`);
}

async function readSetting(redis: Server, name: string): Promise<string | undefined> {
  const answer = await redis.config("GET", name).catch(() => undefined);
  return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : undefined;
}
