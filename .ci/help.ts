/** `bun run help`: what there is to run, in one line each. */
const SCRIPTS: Record<string, string> = {
  help: "show this",
  dev: "run the service from source, anew at every change",
  start: "run the service from source",
  crawl: "crawl a website: bun run crawl <url>",
  scrape: "print one page: bun run scrape <url>",
  migrate: "bring the database up to date: bun run migrate [up|down|status|to]",
  doctor: "look at all that the service needs",
  build: "make the executable, dist/orbweaver",
  test: "run the tests",
  "test:soak":
    "kill, freeze and starve workers for minutes, parse hostile pages: bun run test:soak [jobs|crawls|kills|outages|freezes|schedules|hostile]",
  lint: "look for what the linter finds",
  check: "check types, lint and format",
  format: "format and mend what can be mended",
  bench: "measure crawls",
  "bench:stages": "measure what the stages of a page cost",
  "bench:serve": "compare the service with bare servers: requests, start and memory",
  "bench:extract": "score the main content of public pages beside the best npm libraries: bun run bench:extract --help",
  "bench:diff": "compare versions of documents beside jsdiff: time and memory",
  "bench:jobs": "compare jobs with the bare queue: throughput, pick-up, take-over and size",
  "bench:scale": "measure crawls by one worker process and by more",
  "bench:revisits": "compare plans of visits on simulated websites: bun run bench:revisits [pages]",
  "bench:search": "search packaged manuals beside plain tsvectors: quality and time: bun run bench:search --help",
  smoke: "try the built executable",
  up: "start everything in containers",
  down: "stop the containers",
  openapi: "write the committed OpenAPI document anew",
  "db:generate": "make a migration from the schema: bun run db:generate --name <name>",
  "deps:update": "bring dependencies up to date, or leave all as it was: bun run deps:update --dry-run",
};

const width = Math.max(...Object.keys(SCRIPTS).map(({ length }) => length));
const lines = Object.entries(SCRIPTS).map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
console.log(`bun install, then bun run <script>:\n\n${lines.join("\n")}`);
