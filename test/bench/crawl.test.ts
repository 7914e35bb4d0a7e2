import { expect, test } from "bun:test";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { formatTable } from "./report.ts";

async function bench(...args: string[]) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "crawl.ts"), ...args], { stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code: child.exitCode, stdout, stderr };
}

test("contenders that follow links find as many pages as those that know them all", async () => {
  const { code, stdout, stderr } = await bench("--pages", "70", "--only", "fetch,links", "--json");

  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).rows).toMatchObject([
    { name: "a  fetch alone", pages: 70 },
    { name: "b  fetch, links", pages: 70 },
  ]);
});

test("a flag that can't be read is named", async () => {
  const { code, stderr } = await bench("--bytes", "60000-10000");

  expect(code).toBe(1);
  expect(stderr).toContain("--bytes");
});

test("a process is measured from outside, its peak memory and CPU time included", async () => {
  // By CPU time, since on a busy machine the process gets less of it than time passes.
  const busy = `
    const kept = new Uint8Array(64e6).fill(7);
    const used = () => { const { user, system } = process.cpuUsage(); return user + system; };
    const end = used() + 200_000;
    while (used() < end);
    console.log(JSON.stringify({ pages: kept[0] }));`;

  const measured = await measure(
    { name: "busy", command: [process.execPath, "-e", busy], timeoutMs: 10_000 },
    (line) => JSON.parse(line).pages,
  );

  expect(measured.pages).toBe(7);
  expect(measured.cpuSeconds).toBeWithin(0.19, 3);
  expect(measured.seconds).toBeGreaterThan(0.19);
  expect(measured.peakBytes).toBeWithin(64e6, 400e6);
});

test("a process that fails or never ends is an error that shows its last words", async () => {
  const run = (code: string, timeoutMs: number) =>
    measure({ name: "it", command: [process.execPath, "-e", code], timeoutMs }, () => 0);

  await expect(run("console.error('no room'); process.exit(3)", 10_000)).rejects.toThrow("no room");
  await expect(run("setInterval(() => {}, 1000)", 300)).rejects.toThrow("it was ended by SIGKILL");
});

test("the table sets every run against the first", () => {
  const run = { seconds: 1, peakBytes: 5e6, writtenBytes: 0 };

  const table = formatTable([
    { name: "a", pages: 1000, cpuSeconds: 0.25, ...run },
    { name: "c", pages: 125, cpuSeconds: 0.25, storedBytes: 2e7, ...run },
    { name: "d", pages: 0, cpuSeconds: 0, isLeftOut: true, ...run },
  ]);

  expect(table.split("\n").map((line) => line.split(/\s{2,}/).filter(Boolean))).toEqual([
    ["pages/s", "of (a)", "CPU s/1000", "× (a)", "server CPU", "peak MB", "written MB", "stored MB"],
    ["a", "1000", "1/1.0", "0.25", "1.0", "5.0", "0.0"],
    ["c", "125", "1/8.0", "2.00", "8.0", "5.0", "0.0", "20"],
    ["d", "–", "–", "–", "–", "–", "–", "–", "–"],
  ]);
});
