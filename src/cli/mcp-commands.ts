import { type Command, Option } from "commander";

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `mcp`: for programs that speak with language models. */
export function addMcpCommand(program: Command, run: Run, dataOption: () => Option): void {
  program
    .command("mcp")
    .summary("speak MCP on standard input and output, for agents and editors")
    .description(
      "Serves the Model Context Protocol on standard input and output: over the own store, whose crawls it works too, or with --url on behalf of a service elsewhere. Agents and editors run it; the service itself speaks MCP at /mcp.",
    )
    .addOption(new Option("--url <url>", "service to speak for, in place of the own store; default MCP_URL"))
    .addOption(new Option("--key <key>", "its API key; MCP_KEY in the environment is not seen by others"))
    .addOption(dataOption().conflicts("url"))
    .addHelpText("after", EXAMPLES)
    .action((flags) => run(import("./mcp.ts").then(({ mcpCommand }) => mcpCommand(flags))));
}

const EXAMPLES = `
Examples:
  orbweaver mcp --data /var/lib/orbweaver
  MCP_KEY=ow_live_… orbweaver mcp --url https://orbweaver.example.com`;
