import { join } from "node:path";
import type { Subprocess } from "bun";
import type { Answer, Ask, Told } from "./job-process.ts";
import type { QueueSpec } from "./job-queues.ts";

/** A process of its own with the queue open. */
export type JobProcess = {
  pid: number;
  /** Jobs that it has run. */
  ran(): number;
  /** @throws Error with what went wrong over there */
  ask(ask: Ask): Promise<Answer>;
  /** By SIGKILL. */
  kill(): Promise<void>;
  close(): Promise<void>;
};

const ANSWER_TIMEOUT_MS = 120_000;

export async function startJobProcess(spec: QueueSpec): Promise<JobProcess> {
  const awaited = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let [last, ran] = [0, 0];
  const hear = (told: Told) => {
    if ("ran" in told) {
      ran = told.ran;
      return;
    }
    const waiting = awaited.get(told.id);
    awaited.delete(told.id);
    if (told.answer) waiting?.resolve(told.answer);
    else waiting?.reject(new Error(told.error));
  };
  const answerTo = (id: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => reject(new Error(`No answer within ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS);
    awaited.set(id, { resolve, reject });
    return promise.finally(() => clearTimeout(timer));
  };
  const opened = answerTo(-1);
  const child: Subprocess = Bun.spawn(
    [process.execPath, join(import.meta.dir, "job-process.ts"), JSON.stringify(spec)],
    {
      // No settings of the caller's reach it.
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: "production" },
      stdio: ["ignore", "inherit", "inherit"],
      ipc: hear,
      onExit: (_child, code, signal) => {
        const why = new Error(`The process of the queue ended with ${signal ?? code}`);
        for (const { reject } of awaited.values()) reject(why);
        awaited.clear();
      },
    },
  );
  await opened;
  const ask = (what: Ask) => {
    const id = last++;
    child.send({ id, ask: what });
    return answerTo(id);
  };
  return {
    pid: child.pid,
    ran: () => ran,
    ask,
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) await ask({ do: "close" }).catch(() => {});
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
