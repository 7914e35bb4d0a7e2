import { type Command, InvalidArgumentError, Option } from "commander";
import type { Permission } from "../db/schema/users.ts";
import { parseDuration } from "./quantity.ts";

/** Written out once more, since the schema's module is a weight that no other command should carry. */
const PERMISSIONS: readonly Permission[] = ["read", "write", "admin", "metrics"];

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `user` and `key`: who may use the service. */
export function addAccessCommands(program: Command, run: Run, dataOption: () => Option): void {
  addUserCommands(program, run, dataOption);
  addKeyCommands(program, run, dataOption);
}

function addUserCommands(program: Command, run: Run, dataOption: () => Option): void {
  const user = program
    .command("user")
    .summary("make, list, change, disable and delete users")
    .description("Makes and changes users. An identity provider's users make themselves by signing in.")
    .addHelpText("after", USER_EXAMPLES);

  user
    .command("create")
    .summary("make a user")
    .description("Makes a user, who then needs a key: see orbweaver key create.")
    .argument("<name>", "name, for people")
    .addOption(new Option("--email <address>", "e-mail address, to name the user by").argParser(email))
    .addOption(new Option("--role <role>", "what the user may become").choices(["user", "admin"]).default("user"))
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((name, flags) => run(import("./user.ts").then((it) => it.createUserCommand(name, flags))));

  user
    .command("list")
    .summary("list users, newest first")
    .description("Lists users, newest first; deleted ones only by --state deleted.")
    .addOption(new Option("--state <state>", "only these").choices(["active", "disabled", "deleted"]))
    .addOption(new Option("--role <role>", "only these").choices(["user", "admin"]))
    .option("--search <text>", "only those whose name or e-mail address begins so")
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((flags) => run(import("./user.ts").then((it) => it.listUsersCommand(flags))));

  user
    .command("change")
    .summary("change a user's role, name or e-mail address")
    .description("Changes what is named. An identity provider's users have name and address from there.")
    .argument("<user>", "id or e-mail address")
    .addOption(new Option("--role <role>", "what the user may become").choices(["user", "admin"]))
    .option("--name <name>", "name, for people")
    .addOption(new Option("--email <address>", "e-mail address, to name the user by").argParser(email))
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((name, flags) => run(import("./user.ts").then((it) => it.changeUserCommand(name, flags))));

  for (const [action, summary, description] of USER_ACTIONS) {
    user
      .command(action)
      .summary(summary)
      .description(description)
      .argument("<user>", "id or e-mail address")
      .addOption(dataOption())
      .addOption(jsonOption())
      .action((name, flags) => run(import("./user.ts").then((it) => it.settleUserCommand(action, name, flags))));
  }
}

function addKeyCommands(program: Command, run: Run, dataOption: () => Option): void {
  const key = program
    .command("key")
    .summary("make, list and revoke API keys")
    .description("Makes, lists and revokes API keys.")
    .addHelpText("after", KEY_EXAMPLES);

  key
    .command("create")
    .summary("make a key, and print it this once")
    .description("Makes a key and prints it on standard output: this once, since only its digest is stored.")
    .option("--user <user>", "whose it is: id or e-mail address; default: the local user")
    .addOption(
      new Option("--permission <list>", `what it may do, of ${PERMISSIONS.join(", ")}`)
        .argParser(permissions)
        .default(["read", "write"], "read,write"),
    )
    .addOption(new Option("--expires <time>", "when it ends, from now, as in 90d; default never").argParser(lifetime))
    .addOption(new Option("--name <name>", "what it is for, for people").default("command line"))
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((flags) => run(import("./key.ts").then((it) => it.createKeyCommand(flags))));

  key
    .command("list")
    .summary("list keys, newest first")
    .description("Lists keys, newest first, by how they begin; they themselves are not kept.")
    .option("--user <user>", "only those of this user: id or e-mail address")
    .addOption(new Option("--state <state>", "only these").choices(["usable", "expired", "revoked"]))
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((flags) => run(import("./key.ts").then((it) => it.listKeysCommand(flags))));

  key
    .command("revoke")
    .summary("end a key, for good")
    .description("Ends a key at once, for good.")
    .argument("<id>", "id of the key, as orbweaver key list shows it", id)
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((keyId, flags) => run(import("./key.ts").then((it) => it.revokeKeyCommand(keyId, flags))));
}

const USER_ACTIONS = [
  ["disable", "end a user's access", "Ends a user's access at once, by key and by token. What is theirs stays."],
  ["enable", "give a disabled user access again", "Gives a disabled user access again."],
  ["delete", "delete a user, for a while", "Hides a user with their websites, and cancels their crawls; see restore."],
  ["restore", "bring a deleted user back", "Brings a deleted user back, within DELETED_RETENTION_DAYS."],
] as const;

export type UserAction = (typeof USER_ACTIONS)[number][0];

function jsonOption(): Option {
  return new Option("--json", "one JSON object a line");
}

function id(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be an id, as orbweaver key list shows it");
}

function email(text: string): string {
  if (!/^[^\s@]+@[^\s@]+$/.test(text)) throw new InvalidArgumentError("It must be an e-mail address");
  return text;
}

function permissions(text: string): Permission[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name): name is Permission => PERMISSIONS.some((known) => known === name))) return names;
  throw new InvalidArgumentError(`It must be of ${PERMISSIONS.join(", ")}, comma-separated`);
}

/** Milliseconds. */
function lifetime(text: string): number {
  const value = parseDuration(text, "d");
  if (value === undefined || value === 0) throw new InvalidArgumentError("It must be a time, as in 90d or 12h");
  return value;
}

const USER_EXAMPLES = `
Examples:
  orbweaver user create "Ada Lovelace" --email ada@example.org --role admin
  orbweaver user list --state disabled
  orbweaver user change ada@example.org --role user
  orbweaver user disable ada@example.org`;

const KEY_EXAMPLES = `
Examples:
  orbweaver key create --permission admin --name laptop
  orbweaver key create --user ada@example.org --permission read,write --expires 90d --name ci > key.txt
  orbweaver key list --state usable
  orbweaver key revoke 0195f3e0-5c1a-7000-8000-3f6c2b1d9e10`;
