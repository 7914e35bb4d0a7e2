import { expect, spyOn, test } from "bun:test";
import { isTerminal, listenForInterrupt, writeOut } from "../../src/cli/terminal.ts";

test("a reader that has gone is no error, and a disk that is full is one", async () => {
  const fail = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });
  const write = spyOn(Bun, "write");

  write.mockRejectedValueOnce(fail("EPIPE"));
  const gone = await writeOut("text");
  write.mockRejectedValueOnce(fail("ENOSPC"));
  const full = await writeOut("text").catch((error: unknown) => error);
  write.mockRestore();

  expect(gone).toBeFalse();
  expect(full).toMatchObject({
    reason: "unavailable",
    message: "Standard output can't be written: ENOSPC: it failed",
  });
});

test("the first signal asks to stop and the second ends the process; afterwards neither is heard", () => {
  const exit = spyOn(process, "exit").mockImplementation((() => {}) as never);
  const before = process.listenerCount("SIGINT");
  const interrupt = listenForInterrupt();

  const untouched = interrupt.exitCode();
  process.emit("SIGINT", "SIGINT");
  const first = { code: interrupt.exitCode(), isAborted: interrupt.signal.aborted, exits: exit.mock.calls.length };
  process.emit("SIGTERM", "SIGTERM");
  interrupt.dispose();
  const exits = [...exit.mock.calls];
  exit.mockRestore();

  expect(untouched).toBeUndefined();
  expect(first).toEqual({ code: 130, isAborted: true, exits: 0 });
  expect(exits).toEqual([[143]]);
  expect(process.listenerCount("SIGINT")).toBe(before);
});

test("lines are drawn over again only where both streams are a terminal's", () => {
  const before = [process.stdout.isTTY, process.stderr.isTTY] as const;

  process.stdout.isTTY = true;
  process.stderr.isTTY = true;
  const both = isTerminal();
  process.stderr.isTTY = false;
  const one = isTerminal();
  [process.stdout.isTTY, process.stderr.isTTY] = before;

  expect([both, one]).toEqual([true, false]);
});
