import { loadSettings } from "../config/config.ts";
import { AppError } from "../errors.ts";
import { writeOut } from "./terminal.ts";

const TIMEOUT_MS = 3_000;
const MAX_SHOWN_CHARACTERS = 2_000;

/**
 * Asks the service on this machine whether it is alive; for a container's health check, so it loads next to nothing.
 * Whether it is ready is another question: a container that is started anew since its database is away mends nothing.
 * @returns the exit code
 */
export async function healthCommand({
  ready = false,
  config: file,
}: {
  ready?: boolean;
  config?: string;
} = {}): Promise<number> {
  // The service has warned already, and this is asked every few seconds.
  const { HOST, PORT } = loadSettings({ file }).config;
  const url = `http://${reachable(HOST)}:${PORT}/health${ready ? "/ready" : ""}`;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), proxy: "" });
  } catch (cause) {
    throw new AppError("unavailable", `${url} does not answer: ${describe(cause)}`, { cause });
  }
  const text = (await response.text()).slice(0, MAX_SHOWN_CHARACTERS);
  if (!response.ok) throw new AppError("unavailable", `${url} answers ${response.status}: ${text}`);
  await writeOut(ready ? `${url} is ready: ${text}\n` : `${url} is healthy\n`);
  return 0;
}

/** An address to connect to; the one that stands for all is none. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing came within ${TIMEOUT_MS / 1_000} s`;
  return "code" in error && error.code === "ECONNREFUSED" ? "nothing listens there" : error.message;
}
