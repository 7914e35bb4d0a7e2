import { type Command, InvalidArgumentError, Option } from "commander";
import { INSTANCE_ROLES, isInstanceRole } from "../config/roles.ts";

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

type Shared = { dataOption: () => Option; count: (text: string) => number };

/** `worker` and `instances`: the service as several processes. */
export function addInstanceCommands(program: Command, run: Run, { dataOption, count }: Shared): void {
  program
    .command("worker")
    .summary("work crawls and other jobs, beside a service that runs elsewhere")
    .description(
      "Works crawls and other jobs and begins what is due: orbweaver serve --role worker,scheduler, on a port of its own. It needs the database of the service, and its Redis if it has one. There is no API: it answers probes and Prometheus alone.",
    )
    .addOption(new Option("--host <address>", "address to answer probes on; default 127.0.0.1, or HOST"))
    .addOption(
      new Option("--port <number>", "port to answer probes on, whatever PORT says; default any free one").argParser(
        count,
      ),
    )
    .addHelpText("after", WORKER_EXAMPLES)
    .action((flags) => run(import("./serve.ts").then((it) => it.workerCommand(flags))));

  program
    .command("instances")
    .summary("list the service's processes")
    .description("Lists the processes that share the database: what each does, how much, and whether it is alive.")
    .addOption(dataOption())
    .option("--json", "one JSON object a line")
    .action((flags) => run(import("./instances.ts").then((it) => it.instancesCommand(flags))));
}

/** What a process is to do, as the setting ROLE has it. */
export function roleOption(): Option {
  const text = `what to do, of ${INSTANCE_ROLES.join(", ")}: repeatable, or comma-separated; default all, or ROLE`;
  return new Option("--role <roles>", text).argParser((value: string, before: string | undefined) => {
    const names = value.split(",").map((name) => name.trim());
    if (!names.every(isInstanceRole))
      throw new InvalidArgumentError(`It must be of ${INSTANCE_ROLES.join(", ")}, comma-separated`);
    return [...(before === undefined ? [] : [before]), ...names].join(",");
  });
}

const WORKER_EXAMPLES = `
Examples:
  DATABASE_URL=postgres://… orbweaver worker
  orbweaver worker --host 0.0.0.0 --port 3000`;
