import { readFoldModels } from "../training/fold-models.ts";
import { type Contender, type ContenderName, contenders, type ExtractInput, textOf } from "./extract-contenders.ts";

/** What a contender made of a page: its text and CPU time, or why there is none. */
export type Extraction = { text: string; markdown?: string; cpuMs: number; failure?: string };

// The process of one contender: asked for a page at a time by the process that scores, and killed by it if it hangs.
if (import.meta.main) {
  const [name, folds] = process.argv.slice(2);
  const extract: Contender = contenders[name as ContenderName];
  const models = folds === undefined ? undefined : await readFoldModels(folds);
  silence();
  process.on("message", async (input: ExtractInput) => process.send?.(await run(input)));
  process.on("disconnect", () => process.exit());
  process.send?.("ready");

  async function run(input: ExtractInput): Promise<Extraction> {
    const before = process.cpuUsage();
    const cpuMs = () => {
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    try {
      const extracted = await extract(input, models);
      const took = cpuMs();
      return { text: textOf(extracted), markdown: extracted.markdown, cpuMs: took };
    } catch (error) {
      return { text: "", cpuMs: cpuMs(), failure: String(error) };
    }
  }
}

/** Some of them tell the console of every page that they don't like. */
function silence(): void {
  for (const name of ["log", "warn", "error", "info", "debug"] as const) console[name] = () => undefined;
}
