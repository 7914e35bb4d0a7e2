import { type Command, InvalidArgumentError, Option } from "commander";
import { parseCount, parseDuration } from "./quantity.ts";

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `changes` and `diff`: what became of a website, and of a page. */
export function addChangeCommands(program: Command, run: Run, dataOption: () => Option): void {
  program
    .command("changes")
    .summary("list what changed on a website")
    .description(
      "Lists what crawls found to have changed on a website, newest first: pages that are new, changed, moved, removed or back again.",
    )
    .argument("<website>", "its URL, host or id")
    .addOption(time("--since <time>", "only what was found since, as in 7d, 2026-01-31 or 2026-01-31T12:00Z"))
    .addOption(time("--until <time>", "only what was found before"))
    .option("--kind <kinds>", "only these, by commas: new, changed, moved, removed, restored")
    .option("--path <pattern>", "only pages whose path begins so, or matches a glob, or a regular expression after re:")
    .addOption(
      new Option("--limit <number>", "so many at the most; default 100, all with --json or --csv").argParser(count),
    )
    .option("--diff", "print what changed in each, too")
    .addOption(new Option("--json", "one JSON object a line").conflicts(["csv", "diff"]))
    .addOption(new Option("--csv", "rows for a spreadsheet").conflicts("diff"))
    .option("--exit-code", "exit code 1 if something changed, as git diff has it")
    .addOption(dataOption())
    .addHelpText("after", CHANGES_EXAMPLES)
    .action((website, flags) => run(import("./changes.ts").then((it) => it.changesCommand(website, flags))));

  program
    .command("diff")
    .summary("compare two versions of a page")
    .description("Compares two versions of a page that was crawled; unless told otherwise the last two.")
    .argument("<page>", "its URL or id")
    .option("--from <version>", "the older one: its number, or a time as in 7d or 2026-01-31 for what was current then")
    .option("--to <version>", "the newer one; default the current one")
    .option("--ignore-noise", "leave out what the website's tracking rules ignore")
    .addOption(
      new Option("--format <format>", "what to print")
        .choices(["diff", "text", "markdown", "html", "json"])
        .default("diff"),
    )
    .addOption(new Option("--json", "the same as --format json").implies({ format: "json" }))
    .option("--exit-code", "exit code 1 if they differ, as git diff has it")
    .addOption(dataOption())
    .addHelpText("after", DIFF_EXAMPLES)
    .action((page, flags) => run(import("./changes.ts").then((it) => it.diffCommand(page, flags))));
}

/** A time ago, or a point in time, which is read where the time is known. */
export type TimeFlag = { agoMs: number } | { text: string };

function time(flags: string, description: string): Option {
  return new Option(flags, description).argParser(readTimeFlag);
}

export function readTimeFlag(text: string): TimeFlag {
  const agoMs = /^[\d.]+(?:s|m|h|d)$/.test(text) ? parseDuration(text, "s") : undefined;
  return agoMs === undefined ? { text } : { agoMs };
}

function count(text: string): number {
  const value = parseCount(text);
  if (value === undefined || value < 1) throw new InvalidArgumentError("It must be a whole number of at least 1");
  return value;
}

const CHANGES_EXAMPLES = `
Examples:
  orbweaver changes https://docs.example.org --since 7d
  orbweaver changes docs.example.org --kind new,removed --path '/docs/**'
  orbweaver changes docs.example.org --since 2026-01-31 --diff
  orbweaver changes docs.example.org --csv > changes.csv
  orbweaver changes docs.example.org --since 1d --exit-code || notify-send "The docs changed"`;

const DIFF_EXAMPLES = `
Examples:
  orbweaver diff https://docs.example.org/pricing
  orbweaver diff https://docs.example.org/pricing --from 1 --to 3
  orbweaver diff https://docs.example.org/pricing --from 30d --format markdown`;
