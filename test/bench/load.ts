import { join } from "node:path";

export type Load = { requestsPerSecond: number; p50Ms: number; p99Ms: number };

export type LoadOptions = { connections: number; seconds: number };

/**
 * Asks for `url` over and over from another process: by `wrk` where it is installed, which costs little of the CPU that it
 * shares with what is measured, else by a client of our own.
 * @throws Error when an answer was not a 2xx, since what fails is fast
 */
export async function load(url: string, { connections, seconds }: LoadOptions, wrk = Bun.which("wrk")): Promise<Load> {
  const client = [process.execPath, join(import.meta.dir, "load-client.ts"), url, `${connections}`, `${seconds}`];
  const command = wrk ? [wrk, "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", url] : client;
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"], timeout: (seconds + 30) * 1_000 });
  const [said, error] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) throw new Error(`${command.join(" ")} failed:\n${said}\n${error}`);
  return wrk ? readWrk(said) : JSON.parse(said);
}

/** @throws Error when requests failed, or the report is not one */
export function readWrk(report: string): Load {
  const failures = /^\s*(?:Non-2xx or 3xx responses|Socket errors): .*$/m.exec(report)?.[0];
  if (failures) throw new Error(`Not all requests succeeded: ${failures.trim()}`);
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(report)?.[1];
  const percentile = (n: number) => new RegExp(`^\\s+${n}%\\s+([\\d.]+)(us|ms|s)$`, "m").exec(report);
  const [p50, p99] = [percentile(50), percentile(99)];
  if (!rate || !p50 || !p99) throw new Error(`wrk reported something else:\n${report}`);
  return { requestsPerSecond: Number(rate), p50Ms: toMs(p50[1], p50[2]), p99Ms: toMs(p99[1], p99[2]) };
}

function toMs(number: string | undefined, unit: string | undefined): number {
  return Number(number) * (unit === "s" ? 1_000 : unit === "us" ? 0.001 : 1);
}
