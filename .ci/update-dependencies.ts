/** Brings the dependencies up to date, or leaves everything as it was: `bun run deps:update --help`. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";

const HELP = `Usage: bun run deps:update [--dry-run]

Updates the dependencies of package.json to their latest versions, first those of the program and then those of its
development, and after each runs \`bun run check\` and \`bun run test\`. If that fails it begins anew the other way
round. If that fails too, package.json and bun.lock are put back and what they name is installed again. A copy of both
is kept either way. Packages that are patched are left alone: their patches are for one version.

  --dry-run   say what would be updated, and change nothing
  -h, --help  show this

Exit code 0 when all is up to date, 1 when nothing could be updated, 2 for a command line that makes no sense.`;

const GROUPS = ["dependencies", "devDependencies"] as const;
type Group = (typeof GROUPS)[number];

type Manifest = Partial<Record<Group | "patchedDependencies", Record<string, string>>>;

const FILES = ["package.json", "bun.lock"];

/** Lines of a command's output that are shown when it fails. */
const SHOWN_LINES = 40;

class StepFailed extends Error {}

process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args);
  if (!flags) return 2;
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const outdated = await findOutdated().catch((error: unknown) => {
    if (!(error instanceof StepFailed)) throw error;
    tell("red", error.message);
  });
  if (!outdated) return 1;
  if (outdated.length === 0) {
    tell("green", "All dependencies are up to date");
    return 0;
  }
  for (const { name, group, from, to } of outdated) tell("cyan", `${name} ${from} → ${to} (${group})`);
  if (flags["dry-run"]) {
    console.log("Nothing was changed");
    return 0;
  }
  return (await update(outdated)) ? 0 : 1;
}

function readFlags(args: string[]) {
  try {
    const options = { "dry-run": { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    return undefined;
  }
}

type Outdated = { name: string; group: Group; from: string; to: string };

/** Packages whose latest version is another than the one that is asked for. */
async function findOutdated(): Promise<Outdated[]> {
  const manifest: Manifest = await Bun.file("package.json").json();
  const patched = Object.keys(manifest.patchedDependencies ?? {}).map((key) => key.slice(0, key.lastIndexOf("@")));
  const wanted = GROUPS.flatMap((group) =>
    Object.entries(manifest[group] ?? {}).map(([name, from]) => ({ name, group, from })),
  ).filter(({ name, from }) => {
    if (patched.includes(name)) tell("yellow", `${name} is patched and stays at ${from}`);
    return !patched.includes(name);
  });
  const outdated: Outdated[] = [];
  for (const [index, one] of wanted.entries()) {
    progress(`Looking up ${index + 1} of ${wanted.length}: ${one.name}`);
    const to = (await run(["bun", "info", one.name, "version"])).trim();
    if (to !== one.from.replace(/^[~^]/, "")) outdated.push({ ...one, to });
  }
  progress("");
  return outdated;
}

async function update(outdated: readonly Outdated[]): Promise<boolean> {
  const backup = mkdtempSync(join(tmpdir(), "dependencies-"));
  await copy(".", backup);
  console.log(`Copies of ${FILES.join(" and ")} are in ${backup}`);
  for (const order of [GROUPS, GROUPS.toReversed()]) {
    tell("bold", `\n${order.join(", then ")}`);
    try {
      for (const group of order) await updateGroup(outdated.filter((one) => one.group === group));
      tell("green", "\nAll dependencies are up to date");
      return true;
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      tell("red", error.message);
    } finally {
      progress("");
    }
    await restore(backup);
  }
  tell("red", "\nNothing could be updated; all is as it was");
  return false;
}

async function updateGroup(group: readonly Outdated[]): Promise<void> {
  if (group.length === 0) return;
  await step("update", ["bun", "update", "--latest", ...group.map(({ name }) => name)]);
  await step("check", ["bun", "run", "check"]);
  await step("test", ["bun", "run", "test"]);
}

async function restore(backup: string): Promise<void> {
  await copy(backup, ".");
  await step("restore", ["bun", "install", "--frozen-lockfile"]);
}

/** @throws StepFailed with the end of what the command said */
async function step(name: string, command: string[]): Promise<void> {
  const startedAt = performance.now();
  progress(`  … ${name}`);
  await run(command);
  progress("");
  tell("green", `  ✓ ${name} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
}

async function run(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode === 0) return out;
  const said = `${out}\n${error}`.trim().split("\n").slice(-SHOWN_LINES).join("\n");
  throw new StepFailed(`  ✗ ${command.slice(0, 3).join(" ")} ended with ${child.exitCode}:\n${said}`);
}

async function copy(from: string, to: string): Promise<void> {
  for (const file of FILES) await Bun.write(join(to, file), Bun.file(join(from, file)));
}

type Colour = "green" | "cyan" | "yellow" | "red" | "bold";

/** Plain where nobody sees colours: not on a terminal, or `NO_COLOR` is set. */
function tell(colour: Colour, text: string): void {
  progress("");
  console.log(styleText(colour, text, { stream: process.stdout }));
}

/** One line that is written over again; nothing but on a terminal. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}
