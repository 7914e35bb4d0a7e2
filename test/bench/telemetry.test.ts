import { expect, test } from "bun:test";
import { join } from "node:path";

test("a span costs well below 5 ms, sent or with the collector away", async () => {
  const bench = join(import.meta.dir, "telemetry.ts");
  const child = Bun.spawn([process.execPath, bench, "--requests", "500", "--json"], { stderr: "pipe" });

  const { rows } = (await new Response(child.stdout).json()) as { rows: { name: string; microsPerSpan: number }[] };

  expect(rows.map(({ name }) => name)).toEqual(["off", "metrics", "spans", "collector down"]);
  for (const { microsPerSpan } of rows) expect(microsPerSpan).toBeLessThan(5_000);
});
