import { type Command, InvalidArgumentError, Option } from "commander";
import type { Schedule } from "../schedules/schedules.ts";
import { parseCount, parseDuration } from "./quantity.ts";

/** Written out once more, since the schema's module is a weight that no other command should carry. */
const OVERLAPS: Schedule["overlap"][] = ["skip", "queue", "replace"];
const MISSED: Schedule["missed"][] = ["skip", "once"];

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `schedule`: when websites are crawled again. */
export function addScheduleCommands(program: Command, run: Run, dataOption: () => Option): void {
  const schedule = program
    .command("schedule")
    .summary("list, make, change, try and run schedules of crawls")
    .description("Makes and changes schedules, by which the service crawls websites again.")
    .addHelpText("after", EXAMPLES);
  const addPure = (name: string, summary: string, description: string) =>
    schedule.command(name).summary(summary).description(description).option("--json", "one JSON object a line");
  const add = (...told: Parameters<typeof addPure>) => addPure(...told).addOption(dataOption());

  add("list", "list schedules, newest first", "Lists schedules with their last and next runs, newest first.")
    .option("--website <website>", "only those of this website: id or URL")
    .addOption(new Option("--state <state>", "only these").choices(["enabled", "disabled"]))
    .option("--system", "the service's own in their place: cleaning up and the like")
    .action((flags) => run(import("./schedule.ts").then((it) => it.listSchedulesCommand(flags))));

  addRuleOptions(add("add", "make a schedule", "Makes a schedule for a website, by --cron, by --every or --adaptive."))
    .argument("<website>", "id, or URL, which is registered when it is not yet")
    .option("--disabled", "it does not fire until it is enabled")
    .action((website, flags) => run(import("./schedule.ts").then((it) => it.addScheduleCommand(website, flags))));

  add("show", "show a schedule and when it is due", "Shows a schedule, what came of it last, and when it is due next.")
    .argument("<id>", ID, id)
    .action((which, flags) => run(import("./schedule.ts").then((it) => it.showScheduleCommand(which, flags))));

  addRuleOptions(add("update", "change a schedule", "Changes what is named. A new rule counts from now."))
    .argument("<id>", ID, id)
    .action((which, flags) => run(import("./schedule.ts").then((it) => it.updateScheduleCommand(which, flags))));

  for (const [action, summary, description] of ACTIONS)
    add(action, summary, description)
      .argument("<id>", ID, id)
      .action((which, flags) =>
        run(import("./schedule.ts").then((it) => it.settleScheduleCommand(action, which, flags))),
      );

  add(
    "run",
    "start what a schedule is for, now",
    "Puts a firing in line, enabled or not, which the service does at once.",
  )
    .argument("<id>", `${ID}; or the name of one of the service's own`)
    .action((which, flags) => run(import("./schedule.ts").then((it) => it.runScheduleCommand(which, flags))));

  addTimingOptions(addPure("preview", "say when a rule would fire", "Says when a rule would fire; nothing is stored."))
    .addOption(new Option("--count <number>", "how many firings").argParser(count).default(10))
    .option("--from <instant>", "firings after it; default now")
    .action((flags) => run(import("./schedule.ts").then((it) => it.previewScheduleCommand(flags))));
}

function addTimingOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--cron <expression>", "minute, hour, day of month, month, weekday; or @daily and the like").conflicts(
        "every",
      ),
    )
    .addOption(new Option("--every <time>", "time between firings, as in 6h").argParser(seconds))
    .addOption(
      new Option("--adaptive", "each page at its own time, by how often it changes").conflicts(["cron", "every"]),
    )
    .addOption(
      new Option("--min-interval <time>", "with --adaptive: no page sooner; default 1h")
        .argParser(seconds)
        .conflicts(["cron", "every"]),
    )
    .addOption(
      new Option("--max-interval <time>", "with --adaptive: each page by then; default 30d")
        .argParser(seconds)
        .conflicts(["cron", "every"]),
    )
    .addOption(
      new Option("--budget <fetches>", "with --adaptive: fetches a day; default 1000")
        .argParser(fetches)
        .conflicts(["cron", "every"]),
    )
    .option("--time-zone <zone>", "time zone of --cron, as in Europe/Berlin; default UTC")
    .addOption(new Option("--jitter <time>", "each firing comes up to so much later").argParser(seconds))
    .option("--starts <instant>", "nothing is due before, as in 2026-01-31T12:00:00Z; none for no start")
    .option("--ends <instant>", "nothing is due then or later; none for no end");
}

function addRuleOptions(command: Command): Command {
  return addTimingOptions(command)
    .addOption(
      new Option("--overlap <rule>", "while the website is being crawled; default skip").choices([...OVERLAPS]),
    )
    .addOption(
      new Option("--missed <rule>", "what was due while the service was down; default once").choices([...MISSED]),
    )
    .option("--options <json>", "crawl options over the website's, as in '{\"max_pages\":500}'");
}

const ID = "id of the schedule, as orbweaver schedule list shows it";

const ACTIONS = [
  ["enable", "have a schedule fire again", "Has a schedule fire again; what it missed meanwhile is not done."],
  ["disable", "keep a schedule from firing", "Keeps a schedule from firing; a crawl that it started goes on."],
  ["remove", "delete a schedule", "Deletes a schedule; the crawls that it started stay."],
] as const;

export type ScheduleAction = (typeof ACTIONS)[number][0];

function id(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be an id, as orbweaver schedule list shows it");
}

function seconds(text: string): number {
  const ms = parseDuration(text, "s");
  if (ms === undefined) throw new InvalidArgumentError("It must be a time, as in 90s, 30m, 6h or 7d");
  return ms / 1_000;
}

function fetches(text: string): number {
  const value = parseCount(text);
  if (value === undefined || value < 1) throw new InvalidArgumentError("It must be a number from 1");
  return value;
}

function count(text: string): number {
  const value = parseCount(text);
  if (value === undefined || value < 1 || value > 100) throw new InvalidArgumentError("It must be from 1 to 100");
  return value;
}

const EXAMPLES = `
Examples:
  orbweaver schedule add https://docs.example.org --cron "30 2 * * MON-FRI" --time-zone Europe/Berlin
  orbweaver schedule add https://example.org --every 6h --overlap queue --options '{"max_pages":500}'
  orbweaver schedule add https://news.example.org --adaptive --min-interval 1h --max-interval 30d --budget 1000
  orbweaver schedule preview --cron "0 9 L * *" --time-zone Asia/Kolkata --count 3
  orbweaver schedule list --website https://docs.example.org
  orbweaver schedule disable 0195f3e0-5c1a-7000-8000-3f6c2b1d9e10
  orbweaver schedule run purge`;
