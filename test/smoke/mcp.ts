import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Step } from "./all.ts";
import { addWebsite, type ChangingSite, crawlWell, serveChangingSite } from "./changing-site.ts";
import { check, inFolder, run, type Service, startService } from "./process.ts";

/** It needs a hundred packages more than this repository, so it is fetched where it is used. */
const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0";

/**
 * Scenarios that want tools, resources and prompts of the suite's own making, which no product has. The same code passes
 * them with those: test/mcp/conformance.test.ts.
 */
const WANTING_FIXTURES = [
  ...["simple-text", "image", "audio", "embedded-resource", "mixed-content", "with-logging", "error", "with-progress"],
  ...["sampling", "elicitation"],
].map((name) => `tools-call-${name}`);
const NOT_FOR_US = new Set([
  ...WANTING_FIXTURES,
  // Log messages of servers are deprecated in the protocol, and none are sent.
  "logging-set-level",
  "json-schema-2020-12",
  "elicitation-sep1034-defaults",
  "elicitation-sep1330-enums",
  "resources-read-text",
  "resources-read-binary",
  "resources-templates-read",
  "prompts-get-simple",
  "prompts-get-with-args",
  "prompts-get-embedded-resource",
  "prompts-get-with-image",
]);

type Called = { isError?: boolean; structuredContent?: Record<string, unknown>; content: { text?: string }[] };

/** What agents and editors meet: the executable over HTTP and over pipes, looked at by others' tools. */
export function mcpSteps(binary: string): Step[] {
  return [
    {
      name: "the service passes the conformance suite of MCP",
      run: () =>
        inFolder(async (folder) => {
          const service = await startService([binary, "serve"], folder);
          try {
            await conform(service, folder);
          } finally {
            await service.kill();
          }
        }),
    },
    {
      name: "the MCP inspector lists and calls every tool, over HTTP and over a pipe",
      run: () =>
        inFolder((folder) =>
          withCrawledSite(binary, folder, async (service, site) => {
            const endpoint = [`${service.origin}/mcp`, "--transport", "http"];
            const piped = [binary, "mcp", "--url", service.origin];
            for (const target of [endpoint, piped]) await inspectAll(target, folder, site.origin);
          }),
        ),
    },
    {
      name: "orbweaver mcp works a crawl in its own store, and answers from it",
      run: () => inFolder((folder) => serveOwnStore(binary, folder)),
    },
    {
      name: "orbweaver mcp answers what was asked, writes nothing else, and ends with its input",
      run: () => inFolder((folder) => endWithInput(binary, folder)),
    },
    {
      name: "orbweaver mcp says how to reach a service that holds the folder",
      run: () =>
        inFolder(async (folder) => {
          const service = await startService([binary, "serve"], folder);
          const { code, stdout, stderr } = await run([binary, "mcp"], folder);
          await service.kill();

          check(code === 1 && stdout === "", `it ended with ${code} and wrote ${stdout}`);
          check(stderr.includes("--url"), `it said ${stderr}`);
        }),
    },
  ];
}

async function conform(service: Service, folder: string): Promise<void> {
  const program = Bun.resolveSync("@modelcontextprotocol/conformance/dist/index.js", import.meta.dir);
  const url = `${service.origin}/mcp`;
  const { stdout } = await run([process.execPath, program, "server", "--url", url, "--suite", "all"], folder);
  const results = [...Bun.stripANSI(stdout).matchAll(/^(.) ([\w-]+): \d+ passed, \d+ failed/gm)];
  const failed = results.filter(([, sign, name = ""]) => sign !== "✓" && !NOT_FOR_US.has(name));

  check(results.length >= 32, `only ${results.length} scenarios were run:\n${stdout.slice(-2_000)}`);
  check(failed.length === 0, `it fails ${failed.map(([, , name]) => name).join(", ")}`);
}

async function withCrawledSite(
  binary: string,
  folder: string,
  work: (service: Service, site: ChangingSite) => Promise<void>,
): Promise<void> {
  const site = await serveChangingSite();
  const service = await startService([binary, "serve"], folder);
  try {
    await addWebsite(service.origin, site.origin);
    await crawlWell(service.origin, site.origin);
    await site.change();
    await crawlWell(service.origin, site.origin);
    await work(service, site);
  } finally {
    await service.kill();
    await site.stop();
  }
}

/** Good input for each tool that the inspector finds; one that is missing here fails. */
function inputsOf(origin: string, ids: { crawl: string; change: string }): Record<string, Record<string, string>> {
  return {
    search: { query: "tree" },
    fetch: { id: `${origin}/oak` },
    get_document: { page: `${origin}/oak` },
    list_websites: {},
    list_pages: { website: origin },
    map: { website: origin },
    list_changes: {},
    get_diff: { change: ids.change },
    scrape: { url: `${origin}/oak` },
    crawl: { website: origin, max_pages: "2" },
    crawl_status: { crawl_id: ids.crawl },
    cancel_crawl: { crawl_id: ids.crawl },
  };
}

async function inspectAll(target: string[], folder: string, origin: string): Promise<void> {
  const { tools } = (await inspect(target, folder, "tools/list", ["--strict"])) as { tools: { name: string }[] };
  const call = (name: string, input: Record<string, string>) => {
    const given = Object.entries(input).map(([key, value]) => `${key}=${value}`);
    const args = given.length > 0 ? ["--tool-arg", ...given] : [];
    return inspect(target, folder, "tools/call", ["--tool-name", name, ...args]) as Promise<Called>;
  };
  const [begun, changes] = [await call("crawl", { website: origin }), await call("list_changes", {})];
  const ids = { crawl: findId(begun), change: findId(changes) };
  const inputs = inputsOf(origin, ids);

  check(tools.length > 0, "it offers no tools");
  for (const { name } of tools) {
    const input = inputs[name];
    if (!input) throw new Error(`test/smoke/mcp.ts has no input for the tool ${name}`);
    const { isError, content, structuredContent } = await call(name, input);
    // By then the crawl may be over, and there is nothing to cancel.
    check(!isError || name === "cancel_crawl", `${name} answered ${JSON.stringify(content)}`);
    check(isError || structuredContent !== undefined, `${name} gave nothing structured`);
  }
  for (const method of ["resources/list", "resources/templates/list", "prompts/list"])
    await inspect(target, folder, method);
}

/** The first id in an answer, wherever it stands. */
function findId({ structuredContent = {}, content }: Called): string {
  const found = /"(?:crawl_id|change_id|id)":\s*"([^"]+)"/.exec(JSON.stringify(structuredContent))?.[1];
  if (found === undefined) throw new Error(`There is no id in ${JSON.stringify(content)}`);
  return found;
}

async function inspect(target: string[], folder: string, method: string, more: string[] = []): Promise<unknown> {
  const env = { ...(process.env as Record<string, string>), MCP_CATALOG_PATH: join(folder, "catalog.json") };
  const command = [process.execPath, "x", "--bun", INSPECTOR, "--cli", ...target, "--method", method, ...more];
  const { code, stdout, stderr } = await run(command, folder, env);
  if (code !== 0 && code !== 5) throw new Error(`the inspector ended ${method} with ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

async function serveOwnStore(binary: string, folder: string): Promise<void> {
  const site = await serveChangingSite();
  const transport = new StdioClientTransport({
    ...{ command: binary, args: ["mcp", "--data", "data"], cwd: folder, stderr: "pipe" as const },
    env: { PATH: "/nonexistent", ALLOW_PRIVATE_NETWORKS: "127.0.0.1" },
  });
  const client = new Client({ name: "smoke", version: "1" }, { capabilities: { elicitation: {} } });
  // The person lets it crawl the host, which is no registered website.
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: {} }));
  try {
    await client.connect(transport);
    const call = async (name: string, input: Record<string, unknown>) =>
      (await client.callTool({ name, arguments: input }, { timeout: 100_000 })) as Called;
    const crawl = await call("crawl", { website: `${site.origin}/`, wait_seconds: 60 });
    check(!crawl.isError, `crawl answered ${JSON.stringify(crawl.content)}`);
    const pages = await call("list_pages", { website: site.origin });
    check(JSON.stringify(pages.structuredContent).includes("/elm"), `list_pages answered ${JSON.stringify(pages)}`);
    const document = await call("get_document", { page: `${site.origin}/elm` });
    check(JSON.stringify(document.content).includes("elm"), `get_document answered ${JSON.stringify(document)}`);
  } finally {
    await client.close();
    await site.stop();
  }
}

async function endWithInput(binary: string, folder: string): Promise<void> {
  const clientInfo = { name: "smoke", version: "1" };
  const asked = [
    {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo },
    },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list_websites", arguments: {} } },
  ];
  const child = Bun.spawn([binary, "mcp", "--data", "data"], {
    ...{ cwd: folder, env: { PATH: "/nonexistent", LOG_LEVEL: "debug" } },
    ...{ stdin: new Blob(asked.map((message) => `${JSON.stringify(message)}\n`)), stdout: "pipe", stderr: "pipe" },
    ...{ timeout: 60_000, killSignal: "SIGKILL" },
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);

  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: number; result?: object });
  check(child.exitCode === 0, `it ended with ${child.exitCode}: ${stderr}`);
  check(answers.length === 2 && answers.every(({ result }) => result), `it answered ${stdout}`);
}
