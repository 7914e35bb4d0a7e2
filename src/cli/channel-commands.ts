import { type Command, InvalidArgumentError, Option } from "commander";
import type { ChannelKind, ChannelTiming, DeliveryState } from "../db/schema/notifications.ts";

/** Written out once more, since the schema's module is a weight that no other command should carry. */
const KINDS: ChannelKind[] = ["webhook", "email", "slack", "discord", "teams", "ntfy"];
const MODES: ChannelTiming["mode"][] = ["immediate", "hourly", "daily", "weekly"];
const STATES: DeliveryState[] = ["held", "pending", "delivered", "failed", "cancelled"];

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `channels`: who is told what happens. */
export function addChannelCommands(program: Command, run: Run, dataOption: () => Option): void {
  const channels = program
    .command("channels")
    .summary("list, make, test and remove channels, by which changes are told")
    .description("Makes and tries channels: webhooks, e-mail, chats. They are told what changes on websites.")
    .addHelpText("after", EXAMPLES);
  const add = (name: string, summary: string, description: string) =>
    channels
      .command(name)
      .summary(summary)
      .description(description)
      .option("--json", "one JSON object a line")
      .addOption(dataOption());

  add("list", "list channels, newest first", "Lists channels and whether they are told anything, newest first.")
    .option("--website <website>", "only those that are told of this website: id or URL")
    .addOption(new Option("--kind <kind>", "only these").choices(KINDS))
    .addOption(new Option("--state <state>", "only these").choices(["enabled", "disabled"]))
    .action((flags) => run(import("./channels.ts").then((it) => it.listChannelsCommand(flags))));

  add("add", "make a channel", "Makes a channel. A webhook's secret is shown this once.")
    .argument("<kind>", `one of ${KINDS.join(", ")}`, kind)
    .argument("<target>", "where it is told: its URL, or a JSON object as the API takes it")
    .option("--website <website>", "events of this website alone: id or URL, which is registered when it is not yet")
    .option("--name <name>", "for people; default the kind")
    .option("--types <types>", "what it is told, comma-separated, as in page.new,page.changed")
    .option("--include <pattern...>", "only pages whose URL matches one of these")
    .option("--exclude <pattern...>", "no pages whose URL matches one of these")
    .option("--trigger-text <text...>", "only when what was added has one of these")
    .addOption(new Option("--min-share <share>", "least share of the text that changed, 0 to 1").argParser(share))
    .addOption(new Option("--mode <mode>", "at once, or gathered into one message; default immediate").choices(MODES))
    .option("--time-zone <zone>", "time zone of --hour, as in Europe/Berlin; default UTC")
    .addOption(new Option("--hour <hour>", "of daily and weekly messages; default 8").argParser(whole(0, 23)))
    .addOption(new Option("--weekday <day>", "of weekly ones, 1 for Monday; default 1").argParser(whole(1, 7)))
    .option("--secret <secret>", "signs what a webhook is sent; made when left out")
    .action((which, target, flags) =>
      run(import("./channels.ts").then((it) => it.addChannelCommand(which, target, flags))),
    );

  add("test", "send a test and show the answer", "Sends a test at once and shows what came back; 1 if it failed.")
    .argument("<id>", ID, id)
    .action((which, flags) => run(import("./channels.ts").then((it) => it.testChannelCommand(which, flags))));

  for (const [action, summary, description] of ACTIONS)
    add(action, summary, description)
      .argument("<id>", ID, id)
      .action((which, flags) =>
        run(import("./channels.ts").then((it) => it.settleChannelCommand(action, which, flags))),
      );

  add("deliveries", "list what was sent to a channel", "Lists what was sent to a channel and what came of it.")
    .argument("<id>", ID, id)
    .addOption(new Option("--state <state>", "only these").choices(STATES))
    .action((which, flags) => run(import("./channels.ts").then((it) => it.listDeliveriesCommand(which, flags))));
}

const ID = "id of the channel, as orbweaver channels list shows it";

const ACTIONS = [
  ["enable", "have a channel told again", "Has a channel told again; what happened meanwhile is not told later."],
  ["disable", "tell a channel nothing", "Tells a channel nothing more; what waits for it is cancelled."],
  ["remove", "delete a channel", "Deletes a channel, with all that is known of what was sent to it."],
] as const;

export type ChannelAction = (typeof ACTIONS)[number][0];

function kind(text: string): ChannelKind {
  const found = KINDS.find((each) => each === text);
  if (found) return found;
  throw new InvalidArgumentError(`It must be one of ${KINDS.join(", ")}`);
}

function id(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be an id, as orbweaver channels list shows it");
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("It must be from 0 to 1");
  return value;
}

const whole = (from: number, to: number) => (text: string) => {
  const value = Number(text);
  if (/^\d{1,2}$/.test(text) && value >= from && value <= to) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}`);
};

const EXAMPLES = `
Examples:
  orbweaver channels add webhook https://hooks.example.com/orbweaver --types page.new,page.changed
  orbweaver channels add slack https://hooks.slack.com/services/… --website https://docs.example.org --include "/docs/**"
  orbweaver channels add email '{"to":["me@example.com"]}' --mode daily --time-zone Europe/Berlin --hour 7
  orbweaver channels test 0195f3e0-5c1a-7000-8000-3f6c2b1d9e10
  orbweaver channels deliveries 0195f3e0-5c1a-7000-8000-3f6c2b1d9e10 --state failed`;
