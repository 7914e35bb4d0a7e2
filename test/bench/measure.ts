import { readFileSync } from "node:fs";

export type Measured = {
  name: string;
  pages: number;
  seconds: number;
  /** User and system time of the process, its threads and the children it waited for. */
  cpuSeconds: number;
  /** The most memory that was resident at once (VmHWM). */
  peakBytes: number;
  /** What the process caused to be written to disk, as the kernel counts it. */
  writtenBytes: number;
};

export type Command = { name: string; command: string[]; env?: Record<string, string | undefined>; timeoutMs: number };

/**
 * Runs a command to its end and measures it from outside. `readPages` gets the last line of its standard output.
 * @throws Error with the end of its output if it fails or takes longer than it may
 */
export async function measure(
  { name, command, env, timeoutMs }: Command,
  readPages: (line: string) => number,
): Promise<Measured> {
  const startedAt = performance.now();
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const peak = { peakBytes: 0, writtenBytes: 0 };
  const observer = setInterval(() => observe(child.pid, peak), 20);
  const [stdout, stderr] = await Promise.all([tail(child.stdout), tail(child.stderr), child.exited]);
  clearInterval(observer);
  const seconds = (performance.now() - startedAt) / 1000;
  if (child.exitCode !== 0) {
    const why = child.signalCode ? `was ended by ${child.signalCode} after ${seconds.toFixed(0)} s` : "failed";
    throw new Error(`${name} ${why}: ${command.join(" ")}\n${stdout}\n${stderr}`);
  }
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  // Microseconds, as a bigint.
  const cpuSeconds = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
  return { name, pages: readPages(line), seconds, cpuSeconds, ...peak };
}

/** Both figures only ever rise, and the last look is at most one interval before the end. */
function observe(pid: number, peak: { peakBytes: number; writtenBytes: number }): void {
  try {
    const high = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const written = /^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1];
    if (high) peak.peakBytes = Number(high) * 1024;
    if (written) peak.writtenBytes = Number(written);
  } catch {
    // Gone already, or not Linux.
  }
}

async function tail(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stream) text = (text + decoder.decode(part, { stream: true })).slice(-16_384);
  return text;
}
