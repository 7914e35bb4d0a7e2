import { existsSync } from "node:fs";
import { chmod, copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { createSite } from "../site.ts";
import type { Step } from "./all.ts";
import { check, inFolder, run, runWell, startService } from "./process.ts";

const PAGES = 60;
const PYTHON_DOCS = "/usr/share/doc/python3/html";
const PACE = ["--delay", "0", "--concurrency", "8"];

/** The executable copied alone into an empty folder. */
export function aloneSteps(binary: string): Step[] {
  const alone = (work: (orbweaver: string, folder: string) => Promise<void>) => () =>
    inFolder(async (folder) => {
      const orbweaver = join(folder, "orbweaver");
      await copyFile(binary, orbweaver);
      await chmod(orbweaver, 0o755);
      await work(orbweaver, folder);
    });
  const site = createSite({ pages: PAGES });

  return [
    {
      name: "the executable says its version and explains itself",
      run: alone(async (orbweaver, folder) => {
        const version = await runWell([orbweaver, "--version"], folder);
        const help = await runWell([orbweaver, "--help"], folder);

        check(/^\d+\.\d+\.\d+/.test(version.stdout), `--version printed ${version.stdout}`);
        for (const command of ["serve", "crawl", "scrape", "migrate", "health", "doctor"])
          check(help.stdout.includes(command), `--help does not name ${command}`);
      }),
    },
    {
      name: "a wrong flag ends with code 2 and one line that names it",
      run: alone(async (orbweaver, folder) => {
        const { code, stderr } = await run([orbweaver, "crawl", "https://example.org", "--depht", "3"], folder);

        check(code === 2, `exit code ${code}, not 2`);
        check(stderr.includes("--depht"), `the message does not name --depht: ${stderr}`);
      }),
    },
    {
      name: "migrate makes an embedded database, twice without harm",
      run: alone(async (orbweaver, folder) => {
        await runWell([orbweaver, "migrate"], folder);
        await runWell([orbweaver, "migrate"], folder);

        check((await readdir(folder)).includes("data"), "there is no data folder");
      }),
    },
    {
      name: "a database of before gets extensions, which work from inside the executable",
      run: alone(async (orbweaver, folder) => {
        await runWell([orbweaver, "migrate"], folder);
        const store = await openEmbeddedStore(join(folder, "data"));
        await store.execute("drop extension vector; drop extension pg_trgm");
        await store.close();
        const service = await startService([orbweaver, "serve"], folder);
        await service.stop();
        const doctor = await run([orbweaver, "doctor", "--json"], folder);
        const { checks } = JSON.parse(doctor.stdout) as {
          checks: { name: string; verdict: string; finding: string }[];
        };
        const extensions = checks.find(({ name }) => name === "extensions");

        check(
          extensions?.verdict === "pass" && /^vector [\d.]+; pg_trgm [\d.]+$/.test(extensions.finding),
          `the doctor found ${JSON.stringify(extensions)}`,
        );
      }),
    },
    {
      name: "the service starts, is healthy, keeps others off its data, and ends when asked",
      run: alone(async (orbweaver, folder) => {
        const service = await startService([orbweaver, "serve"], folder);
        const healthy = await run([orbweaver, "health"], folder, { PORT: service.port });
        const second = await run([orbweaver, "migrate"], folder);
        const code = await service.stop();
        const away = await run([orbweaver, "health"], folder, { PORT: service.port });

        check(healthy.code === 0, `health said ${healthy.stderr || healthy.stdout} while it ran`);
        check(second.code !== 0 && second.stderr.includes("in use"), `a second process got in: ${second.stderr}`);
        check(code === 0, `it ended with ${code}\n${service.output()}`);
        check(away.code !== 0, "health was fine with nothing there");
      }),
    },
    {
      name: "a site is crawled over HTTP, and crawled again without being sent again",
      run: alone(async (orbweaver, folder) => {
        const served = site.serve({ hasSitemap: true });
        try {
          const crawl = [orbweaver, "crawl", `${served.origin}/`, "--out", "out", "--quiet", ...PACE];
          await runWell(crawl, folder);
          await checkFiles(join(folder, "out"), PAGES);
          const before = served.requests.get(site.path(7));
          await runWell(crawl, folder);
          await checkFiles(join(folder, "out"), PAGES);

          check(before === 1, `page 7 was asked for ${before} times in the first crawl`);
        } finally {
          await served.stop();
        }
      }),
    },
    {
      name: "a folder is crawled as the website it will be",
      run: alone(async (orbweaver, folder) => {
        await site.writeTo(join(folder, "site"));
        const base = ["--base-url", "https://docs.example.org"];
        await runWell([orbweaver, "crawl", "./site", ...base, "--out", "out", "--quiet", ...PACE], folder);

        await checkFiles(join(folder, "out"), PAGES);
      }),
    },
    {
      name: "Python's documentation is crawled from disk, its links whole",
      skip: existsSync(PYTHON_DOCS) ? undefined : "python3-doc is not installed",
      run: alone(async (orbweaver, folder) => {
        const base = ["--base-url", "https://docs.python.org/3/"];
        await runWell([orbweaver, "crawl", PYTHON_DOCS, ...base, "--out", "out", "--quiet", ...PACE], folder);

        await checkFiles(join(folder, "out"), 450);
      }),
    },
    {
      name: "one page is scraped to standard output",
      run: alone(async (orbweaver, folder) => {
        const served = site.serve();
        try {
          const { stdout } = await runWell([orbweaver, "scrape", served.origin + site.path(9)], folder);

          check(stdout.includes("Revision 1 of page 9."), `page 9 is not in:\n${stdout.slice(0, 2_000)}`);
          check(!stdout.includes("<article"), "there is HTML in the Markdown");
        } finally {
          await served.stop();
        }
      }),
    },
  ];
}

/** There are as many files as pages or more, and relative links among them lead to files that are there. */
async function checkFiles(out: string, pages: number): Promise<void> {
  const files = (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".md"));
  check(files.length >= pages, `${files.length} Markdown files, not ${pages}`);
  let links = 0;
  for (const file of files) {
    const markdown = await readFile(join(out, file), "utf8");
    check(markdown.startsWith("---\n"), `${file} has no front matter`);
    for (const [, target = ""] of markdown.matchAll(/\]\((?!https?:|mailto:|#|\/)([^)#\s]+)/g)) {
      if (!/\.md(?:#|$)/.test(target)) continue;
      links++;
      const linked = join(file, "..", decodeURIComponent(target.split("#", 1)[0] ?? ""));
      check(files.includes(linked), `${file} links to ${target}, which is not there`);
    }
  }
  check(links >= pages, `only ${links} links lead from file to file`);
}
