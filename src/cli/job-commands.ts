import { type Command, InvalidArgumentError, Option } from "commander";
import type { EndedState, JobState } from "../jobs/job-state.ts";
import type { QueueName } from "../jobs/queues.ts";
import { parseCount, parseDuration } from "./quantity.ts";

/** Written out once more, since their modules are a weight that no other command should carry. */
const STATES: JobState[] = ["waiting", "delayed", "active", "retrying", "completed", "failed", "cancelled", "dead"];
const ENDED_STATES: EndedState[] = ["completed", "failed", "cancelled", "dead"];
const QUEUES: QueueName[] = ["crawl", "control", "maintenance", "index", "notify"];

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `jobs`: what work there is, and where it stands. */
export function addJobCommands(program: Command, run: Run, dataOption: () => Option): void {
  const jobs = program
    .command("jobs")
    .summary("list, look into, retry, cancel, replay and purge jobs; pause queues")
    .description("Shows the work behind it all and where it stands, and steers it.")
    .addHelpText("after", EXAMPLES);
  const add = (name: string, summary: string, description: string) =>
    jobs.command(name).summary(summary).description(description);

  const list = jobs
    .command("list", { isDefault: true })
    .summary("list jobs, newest first (what jobs does without a command)")
    .description("Lists jobs, newest first.");
  addFilters(list, STATES, "only those made longer ago than this, as in 7d")
    .option("--key <key>", "only those of this key")
    .option("--due", "only those to be run now that nobody has taken yet")
    .addOption(new Option("--limit <number>", "at most so many").argParser(count).default(50))
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((flags) => run(import("./jobs.ts").then((it) => it.listJobsCommand(flags))));

  add("show", "show all that is known of a job", "Shows a job with its payload, progress, result and errors.")
    .argument("<id>", "id of the job, as orbweaver jobs shows it", id)
    .addOption(dataOption())
    .addOption(jsonOption("one JSON object"))
    .action((job, flags) => run(import("./jobs.ts").then((it) => it.showJobCommand(job, flags))));

  for (const [action, summary, description] of ACTIONS)
    add(action, summary, description)
      .argument("<id>", "id of the job, as orbweaver jobs shows it", id)
      .addOption(dataOption())
      .addOption(jsonOption("one JSON object"))
      .action((job, flags) => run(import("./jobs.ts").then((it) => it.steerJobCommand(action, job, flags))));

  const replay = add(
    "replay",
    "make jobs of dead letters anew",
    "Makes jobs of what failed for good, with all their attempts: of all dead letters, or those that are named.",
  );
  addFilters(replay, undefined, "only those that failed for good longer ago than this, as in 7d")
    .addOption(dataOption())
    .addOption(jsonOption("one JSON object"))
    .action((flags) => run(import("./jobs.ts").then((it) => it.replayCommand(flags))));

  const purge = add(
    "purge",
    "delete jobs that have ended",
    "Deletes jobs that have ended, for good. At least one of --state, --kind, --queue and --older is needed.",
  );
  addFilters(purge, ENDED_STATES, "only those that ended longer ago than this, as in 7d")
    .addOption(dataOption())
    .addOption(jsonOption("one JSON object"))
    .action((flags) => run(import("./jobs.ts").then((it) => it.purgeCommand(flags))));

  add("queues", "show how much is in each queue", "Shows how many jobs are in each queue, by where they stand.")
    .addOption(dataOption())
    .addOption(jsonOption("one JSON object a queue"))
    .action((flags) => run(import("./jobs.ts").then((it) => it.queuesCommand(flags))));

  for (const [action, summary, description] of QUEUE_ACTIONS)
    add(action, summary, description)
      .argument("<queue>", `one of ${QUEUES.join(", ")}`)
      .addOption(dataOption())
      .addOption(jsonOption("one JSON object"))
      .action((queue, flags) => run(import("./jobs.ts").then((it) => it.steerQueueCommand(action, queue, flags))));

  add("watch", "show the queues whenever they change", "Shows the queues, and again whenever they have changed.")
    .addOption(dataOption())
    .addOption(jsonOption("one JSON object a change"))
    .action((flags) => run(import("./jobs.ts").then((it) => it.watchCommand(flags))));
}

function addFilters(command: Command, states: string[] | undefined, older: string): Command {
  if (states) command.addOption(new Option("--state <state>", "only these").choices(states));
  return command
    .option("--kind <kind>", "only those that do this, as in crawl-slice")
    .addOption(new Option("--queue <queue>", "only those of this queue").choices(QUEUES))
    .addOption(new Option("--older <time>", older).argParser(age));
}

const ACTIONS = [
  ["retry", "run a job again, or now", "Runs a job again that ended, or one now that waits for its time."],
  ["cancel", "end a job for good", "Ends a job; one that runs is told to stop, and what it brings does not count."],
] as const;

export type JobAction = (typeof ACTIONS)[number][0];

const QUEUE_ACTIONS = [
  ["pause", "take nothing more of a queue", "Has nothing more taken of a queue, by any process; what runs goes on."],
  ["resume", "go on with a paused queue", "Goes on with a queue that was paused."],
] as const;

export type QueueAction = (typeof QUEUE_ACTIONS)[number][0];

function jsonOption(description = "one JSON object a line"): Option {
  return new Option("--json", description);
}

function id(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be an id, as orbweaver jobs shows it");
}

function count(text: string): number {
  const value = parseCount(text);
  if (!value) throw new InvalidArgumentError("It must be a whole number, as in 100");
  return value;
}

/** Milliseconds. */
function age(text: string): number {
  const value = parseDuration(text, "d");
  if (value === undefined) throw new InvalidArgumentError("It must be a time, as in 7d or 12h");
  return value;
}

const EXAMPLES = `
Examples:
  orbweaver jobs --state failed --kind crawl-slice
  orbweaver jobs show 0195f3e0-5c1a-7000-8000-3f6c2b1d9e10
  orbweaver jobs replay --queue crawl
  orbweaver jobs purge --state completed --older 7d
  orbweaver jobs queues`;
