import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Step } from "./all.ts";
import { check, inFolder, startService } from "./process.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export function swaggerSteps(binary: string): Step[] {
  return [
    {
      name: "Swagger UI shows the API in a browser that reaches nothing else",
      skip: existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is not there`,
      run: () =>
        inFolder(async (folder) => {
          const service = await startService([binary, "serve"], folder);
          const outside = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
          const browser = await chromium.launch({
            executablePath: CHROMIUM,
            args: [...FLAGS.split(" "), `--host-resolver-rules=${outside}`],
          });
          try {
            const page = await browser.newPage();
            const attempts: string[] = [];
            const failures: string[] = [];
            await page.route("**/*", (route) => {
              const { origin, protocol, href } = new URL(route.request().url());
              if (origin === service.origin || protocol === "data:" || protocol === "blob:") return route.continue();
              attempts.push(href);
              return route.abort();
            });
            page.on("pageerror", (error) => failures.push(error.message));
            page.on("console", (message) => {
              if (message.type() === "error") failures.push(message.text());
            });
            page.on("response", (response) => {
              if (response.status() >= 400) failures.push(`${response.url()} answered ${response.status()}`);
            });

            await page.goto(`${service.origin}/swagger`, { waitUntil: "load" });
            await page.waitForSelector(".opblock", { timeout: 20_000 });
            const operations = await page.locator(".opblock-summary-path").allTextContents();
            const shown = operations.map((path) => path.replaceAll("\u200b", "").trim());

            check(attempts.length === 0, `it asked for ${attempts.join(", ")}`);
            check(failures.length === 0, `the page complains: ${failures.join("; ")}`);
            for (const path of ["/api/v1/crawls", "/api/v1/websites", "/api/v1/scrape"])
              check(shown.includes(path), `${path} is not among ${shown.join(", ")}`);

            const health = page.locator('.opblock:has([data-path="/health/ready"])');
            await health.locator(".opblock-summary-control").click();
            await health.getByRole("button", { name: "Execute" }).click();
            await page.waitForSelector(".live-responses-table .response .response-col_status");
            const status = await page
              .locator(".live-responses-table .response .response-col_status")
              .first()
              .textContent();
            check(status?.trim().startsWith("200") === true, `trying the health check out gave ${status}`);
          } finally {
            await browser.close();
            await service.stop();
          }
        }),
    },
  ];
}
