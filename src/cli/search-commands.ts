import { type Command, InvalidArgumentError, Option } from "commander";
import type { SearchMode } from "../search/search.ts";
import { parseCount } from "./quantity.ts";

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `search`: what the crawled websites say. */
export function addSearchCommands(program: Command, run: Run, dataOption: () => Option): void {
  program
    .command("search")
    .summary("search the pages that were crawled")
    .description(
      'Searches the pages that were crawled, best first. All words must be there; "phrases", OR, a minus before what must not be, parentheses, beginnings* and the filters site:, path:, lang:, type:, before: and after: narrow it.',
    )
    .argument("<query...>", "what to look for")
    .option("--website <website...>", "only these: URL, host or id")
    .addOption(new Option("--limit <number>", "pages at the most").argParser(count).default(10))
    .addOption(
      new Option("--mode <mode>", "by words (text), by meaning (vector), or both where there are vectors").choices(
        MODES,
      ),
    )
    .option("--at <time>", "what pages said then, as in 7d, 2026-01-31 or 2026-01-31T12:00Z")
    .option("--json", "one JSON object")
    .addOption(dataOption())
    .addHelpText("after", SEARCH_EXAMPLES)
    .action((words: string[], flags) =>
      run(import("./search.ts").then(({ searchCommand }) => searchCommand(words.join(" "), flags))),
    );
}

const MODES: SearchMode[] = ["hybrid", "text", "vector"];
const MAX_LIMIT = 200;

function count(text: string): number {
  const value = parseCount(text);
  if (value !== undefined && value >= 1 && value <= MAX_LIMIT) return value;
  throw new InvalidArgumentError(`It must be a whole number between 1 and ${MAX_LIMIT}`);
}

const SEARCH_EXAMPLES = `
Examples:
  orbweaver search advisory lock
  orbweaver search '"row level security" -postgres' --website docs.example.org
  orbweaver search 'path:/blog/ after:30d release' --limit 3
  orbweaver search 'pricing' --at 2026-01-31 --json | jq '.items[].url'

Words that begin with a minus, such as -draft, stand within quotation marks of the shell, or after --.`;
