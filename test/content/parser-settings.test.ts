import { expect, test } from "bun:test";
import { openWeb } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

test("threads live as long as the settings say, and each that is replaced is counted", async () => {
  const recorder = createRecorder(0);
  const web = openWeb(
    { ...readConfig({ PARSER_MAX_PAGES: "100" }), PARSER_THREADS: 1 },
    { log: createLog("error", systemClock, () => {}), telemetry: createTelemetry({ recorder }) },
  );
  const parse = () => {
    const body = new TextEncoder().encode("<p>x");
    return web.parser.parse({ url: "https://a.example/", body, contentType: "text/html", content: "main" });
  };
  const readReplaced = async () => {
    const readings = await recorder.read();
    return readings.find(({ name }) => name === "orbweaver.parse.replacements")?.series ?? [];
  };

  await Promise.all(Array.from({ length: 99 }, parse));
  const before = await readReplaced();
  let after = before;
  while (after.length === 0) {
    await parse();
    after = await readReplaced();
  }
  await web.close();

  expect(before).toEqual([]);
  expect(after).toMatchObject([{ labels: { reason: "pages" }, value: 1 }]);
});
