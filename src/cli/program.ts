import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { VERSION } from "../version.ts";
import { addAccessCommands } from "./access-commands.ts";
import { addBackupCommands } from "./backup-commands.ts";
import { addChangeCommands } from "./change-commands.ts";
import { addChannelCommands } from "./channel-commands.ts";
import { addDatabaseCommands } from "./database-commands.ts";
import { addInstanceCommands, roleOption } from "./instance-commands.ts";
import { addJobCommands } from "./job-commands.ts";
import { addMcpCommand } from "./mcp-commands.ts";
import { parseBytes, parseCount, parseDuration } from "./quantity.ts";
import { addScheduleCommands } from "./schedule-commands.ts";
import { addSearchCommands } from "./search-commands.ts";

/**
 * The command line: what there is, what each command takes, and which file does it. Those are loaded when they are run,
 * so that no command pays for the others.
 * @returns the exit code
 * @throws CommanderError `exitCode` 0 once help or the version was shown, otherwise for a command line that makes no
 *   sense, its message already written; whatever the command throws
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const run = (work: Promise<number>) =>
    work.then((code) => {
      exitCode = code;
    });

  const program = new Command("orbweaver")
    .description("Crawls websites and keeps them as clean Markdown.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show what it does and takes")
    .helpCommand("help [command]", "show what a command does and takes")
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText("after", PROGRAM_EXAMPLES);

  program
    .command("serve")
    .summary("run the service (what the program does without a command)")
    .description("Runs the service: the API, its Swagger UI, and the crawls that were asked for through them.")
    .addOption(new Option("--host <address>", "address to listen on; default 127.0.0.1, or HOST"))
    .addOption(new Option("--port <number>", "port, 0 for any free one; default 3000, or PORT").argParser(count))
    .addOption(roleOption())
    .addOption(dataOption())
    .addHelpText("after", SERVE_EXAMPLES)
    .action((flags) => run(import("./serve.ts").then(({ serveCommand }) => serveCommand(flags))));

  addInstanceCommands(program, run, { dataOption, count });

  crawlCommandOf(program).action((target, flags) =>
    run(import("./crawl.ts").then(({ crawlCommand }) => crawlCommand(target, flags, args))),
  );

  program
    .command("scrape")
    .summary("print one page")
    .description("Fetches one page and prints it on standard output.")
    .argument("<url>", "the page")
    .addOption(
      new Option("--format <format>", "what to print")
        .choices(["markdown", "html", "text", "links", "json"])
        .default("markdown"),
    )
    .addOption(new Option("--json", "the same as --format json").implies({ format: "json" }))
    .addOption(new Option("--chunks", "print passages for embedding, one JSON object a line"))
    .addOption(new Option("--chunk-tokens <number>", "tokens of a passage; default 512").argParser(count))
    .addOption(new Option("--chunk-overlap <number>", "tokens that the next one repeats; default 64").argParser(count))
    .addOption(new Option("--explain", "print what is kept and left out, and why").conflicts("chunks"))
    .addOption(new Option("--content <part>", "which part becomes Markdown").choices(["main", "page"]).default("main"))
    .addOption(repeatable("--include-selector <css>", "only what matches becomes Markdown"))
    .addOption(repeatable("--exclude-selector <css>", "what matches is left out"))
    .option("--no-images", "leave images out")
    .option("--no-links", "keep the text of links, not their URLs")
    .option("--navigation", "keep menus and tables of contents in the main content")
    .addOption(new Option("--timeout <seconds>", "time for everything").argParser(duration("s")).default(30_000, "30"))
    .option("--no-robots", "fetch it even if robots.txt disallows it")
    .addHelpText("after", SCRAPE_EXAMPLES)
    .action((url, flags) => run(import("./scrape.ts").then(({ scrapeCommand }) => scrapeCommand(url, flags))));

  addSearchCommands(program, run, dataOption);
  addChangeCommands(program, run, dataOption);
  addDatabaseCommands(program, run, dataOption);
  addBackupCommands(program, run, dataOption);

  program
    .command("health")
    .summary("ask the service whether it is well")
    .description("Asks the service at HOST and PORT whether it is alive: exit code 0 if it is, otherwise 1.")
    .option("--ready", "ask whether it can do its work, too: its database, its disk and all")
    .addHelpText("after", HEALTH_EXAMPLES)
    .action((flags) => run(import("./health.ts").then(({ healthCommand }) => healthCommand(flags))));

  program
    .command("doctor")
    .summary("look at all that the service needs, and say what is wrong")
    .description(
      "Looks at settings, database, Redis, network and machine, and says how to mend what is wrong. It changes nothing. Exit code 1 if something failed, 78 if the settings can't be used.",
    )
    .option("--url <url>", "what to fetch to try the way out", readWebUrl, "https://example.com/")
    .addOption(dataOption())
    .option("--json", "one JSON object")
    .addHelpText("after", DOCTOR_EXAMPLES)
    .action((flags) => run(import("./doctor.ts").then(({ doctorCommand }) => doctorCommand(flags))));

  addAccessCommands(program, run, dataOption);
  addScheduleCommands(program, run, dataOption);
  addChannelCommands(program, run, dataOption);
  addJobCommands(program, run, dataOption);
  addMcpCommand(program, run, dataOption);

  program
    .command("config")
    .summary("show the settings that hold, and where each comes from")
    .description("Shows the settings that hold, where each comes from and its default. Secrets are hidden.")
    .option("--describe", "say what each is for, too")
    .option("--json", "one JSON object")
    .addOption(new Option("--example", "a .env with every setting, to begin one's own with").conflicts("json"))
    .addHelpText("after", CONFIG_EXAMPLES)
    .action((flags) => run(import("./config.ts").then(({ configCommand }) => configCommand(flags))));

  for (const command of commandsOf(program)) {
    if (command.commands.length === 0) command.addOption(configOption());
    command.exitOverride().configureOutput({ outputError: (text, write) => write(toSentence(command, text)) });
  }
  await program.parseAsync(withDefaultCommand(withConfigLast(args)), { from: "user" });
  return exitCode;
}

/** A command and all below it. */
function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

/** The exit code of an error that commander made of the command line; `undefined` for any other error. */
export function exitCodeOfUsage(error: unknown): number | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  return error.exitCode === 0 ? 0 : 2;
}

function crawlCommandOf(program: Command): Command {
  return program
    .command("crawl")
    .summary("crawl a website, or a folder with one, into Markdown files")
    .description(
      "Crawls a website politely, or a folder with a built one, and writes each page as a Markdown file. Ctrl-C stops it; the same command goes on.",
    )
    .argument("<target>", "URL of the website, or a folder")
    .optionsGroup("Where from and where to:")
    .option("--out <folder>", "folder for the files; default: one named like the host")
    .option("--no-files", "keep the pages in the database alone")
    .option("--llms", "write llms.txt, llms-full.txt and index.json beside the files, in place of older ones")
    .option("--base-url <url>", "where the site of a folder lives; no network is used then")
    .addOption(dataOption())
    .option("--restart", "forget an unfinished crawl and begin anew")
    .optionsGroup("What to crawl:")
    .addOption(
      new Option("--scope <scope>", "hosts that belong to it; default host").choices(["host", "domain", "any"]),
    )
    .addOption(repeatable("--include <pattern>", "only URLs that match: a glob, or a regular expression after re:"))
    .addOption(repeatable("--exclude <pattern>", "no URLs that match"))
    .addOption(new Option("--max-pages <number>", "pages to fetch; default 10000").argParser(count))
    .addOption(new Option("--max-depth <number>", "links away from the start; default 50").argParser(count))
    .addOption(new Option("--max-bytes <size>", "bytes to read, as in 500MB; default 10GB").argParser(bytes))
    .addOption(new Option("--max-duration <time>", "time to take, as in 30m; default 24h").argParser(duration("s")))
    .addOption(
      new Option("--query <rule>", "what becomes of URL queries; default keep").choices(["keep", "drop", "allow"]),
    )
    .addOption(repeatable("--query-parameter <name>", "parameter to keep, all others are dropped"))
    .addOption(repeatable("--sitemap <url>", "a further sitemap to read"))
    .option("--no-sitemaps", "read no sitemaps but those named by --sitemap")
    .option("--ignore-nofollow", "follow links that are marked nofollow")
    .option("--skip-noindex", "leave out pages that are marked noindex")
    .addOption(
      new Option("--canonical <rule>", "pages that name another URL as theirs; default same_path").choices([
        "off",
        "same_path",
        "all",
      ]),
    )
    .optionsGroup("What of a page:")
    .addOption(new Option("--content <part>", "which part becomes Markdown; default main").choices(["main", "page"]))
    .addOption(repeatable("--include-selector <css>", "only what matches becomes Markdown"))
    .addOption(repeatable("--exclude-selector <css>", "what matches is left out"))
    .option("--no-images", "leave images out")
    .option("--no-links", "keep the text of links, not their URLs")
    .option("--navigation", "keep menus and tables of contents in the main content")
    .optionsGroup("How politely:")
    .addOption(new Option("--concurrency <number>", "requests to a host at a time; default 4").argParser(count))
    .addOption(
      new Option("--delay <time>", "least time between requests to a host, as in 500ms; default 100ms").argParser(
        duration("ms"),
      ),
    )
    .addOption(new Option("--max-retries <number>", "further attempts when a fetch fails; default 3").argParser(count))
    .option("--no-robots", "don't obey robots.txt")
    .optionsGroup("What to print:")
    .option("--json", "one JSON object a line: progress, then the summary")
    .option("--quiet", "nothing but errors; with --json the summary")
    .addHelpText("after", CRAWL_EXAMPLES);
}

/** Every command takes it, so that it may also stand before the command's name. */
function withConfigLast(args: readonly string[]): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const [rest, moved]: [string[], string[]] = [[], []];
  for (let at = 0; at < end; at++) {
    const arg = args[at] ?? "";
    if (arg === "--config") moved.push(...args.slice(at, Math.min(++at + 1, end)));
    else (arg.startsWith("--config=") ? moved : rest).push(arg);
  }
  return [...rest, ...moved, ...args.slice(end)];
}

/** Without a command it serves, with that command's options too. */
function withDefaultCommand(args: readonly string[]): string[] {
  const [first] = args;
  const isOption = first === undefined || (first.startsWith("-") && !/^(?:-h|--help|-V|--version)$/.test(first));
  return isOption ? ["serve", ...args] : [...args];
}

/** Commander's message, which may be of several lines, as one sentence with where to read on. */
function toSentence(command: Command, text: string): string {
  const message = text
    .trim()
    .replace(/^error: /, "")
    .replace(/\n\((.*)\)$/s, " ($1)")
    .replace(/\.$/, "")
    .replace(/\. ([A-Z])/, (_, letter: string) => `: ${letter.toLowerCase()}`);
  const name = nameOf(command);
  return `${name}: ${message}; see ${name} --help\n`;
}

/** As it is typed: `orbweaver key create`. */
function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function dataOption(): Option {
  return new Option("--data <folder>", "folder of the embedded database; default ./data, or DATA_DIR");
}

function readWebUrl(text: string): string {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) throw new InvalidArgumentError("It must be an http or https URL");
  return text;
}

function configOption(): Option {
  return new Option("--config <file>", "file of settings, .toml or .json, below the environment and .env");
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);
}

function count(text: string): number {
  const value = parseCount(text);
  if (value === undefined) throw new InvalidArgumentError("It must be a whole number, as in 100");
  return value;
}

function bytes(text: string): number {
  const value = parseBytes(text);
  if (value === undefined) throw new InvalidArgumentError("It must be a size, as in 800, 64kB or 1.5GB");
  return value;
}

function duration(unit: "ms" | "s"): (text: string) => number {
  return (text) => {
    const value = parseDuration(text, unit);
    if (value === undefined) throw new InvalidArgumentError("It must be a time, as in 500ms, 90s, 30m or 2h");
    return value;
  };
}

const PROGRAM_EXAMPLES = `
Examples:
  orbweaver crawl https://docs.example.org --out ./docs
  orbweaver crawl ./dist --base-url https://docs.example.org
  orbweaver scrape https://example.org
  orbweaver serve --port 8080

Settings come from the environment, from .env in the working folder, and from a file that --config names.`;

const SERVE_EXAMPLES = `
Examples:
  orbweaver serve
  orbweaver serve --host 0.0.0.0 --port 8080 --data /var/lib/orbweaver
  orbweaver serve --role api,scheduler`;

const CRAWL_EXAMPLES = `
Examples:
  orbweaver crawl https://docs.example.org --out ./docs
  orbweaver crawl https://example.org --include '/docs/**' --exclude '/docs/archive/**' --max-pages 500
  orbweaver crawl ./dist --base-url https://docs.example.org --out ./markdown
  orbweaver crawl https://docs.example.org --no-files --llms --out ./lists`;

const SCRAPE_EXAMPLES = `
Examples:
  orbweaver scrape https://example.org
  orbweaver scrape https://example.org --json | jq .document.title
  orbweaver scrape https://example.org --exclude-selector .comments --explain
  orbweaver scrape https://example.org --chunks --chunk-tokens 256 > passages.jsonl`;

const CONFIG_EXAMPLES = `
Examples:
  orbweaver config
  orbweaver config --config /etc/orbweaver.toml --json
  orbweaver config --example > .env`;

const HEALTH_EXAMPLES = `
Examples:
  orbweaver health
  PORT=8080 orbweaver health --ready`;

const DOCTOR_EXAMPLES = `
Examples:
  orbweaver doctor
  orbweaver doctor --json | jq '.checks[] | select(.verdict != "pass")'`;
