import type { openWorkplace } from "./command.ts";

/** Starts the service without a command, and reads where it is. */
export async function serve(
  workplace: ReturnType<typeof openWorkplace>,
  args: string[] = ["--data", "data"],
  env: Record<string, string> = {},
) {
  return untilServing(workplace.start(["--port", "0", ...args], env));
}

/** Reads what a process of the service says of itself once it serves. */
export async function untilServing(child: Bun.Subprocess<"ignore", "pipe", "pipe">) {
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let output = "";
  while (!output.includes("  data ")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The service ended: ${output}${await child.stderr.text()}`);
    output += decoder.decode(value, { stream: true });
  }
  const url = /http:\/\/[^/]+/.exec(output)?.[0] ?? "";
  return { child, output, url, port: new URL(url).port };
}
