import { join } from "node:path";
import type { Subprocess } from "bun";
import type { ContenderName, ExtractInput } from "./extract-contenders.ts";
import type { Extraction } from "./extract-process.ts";

/** A contender in a process of its own, which is killed and started anew when a page takes longer than it may. */
export class Contestant {
  readonly #arguments: string[];
  readonly #timeoutMs: number;
  #process: Subprocess | undefined;
  #settle: (answer: Extraction | "ready") => void = () => undefined;

  constructor(name: ContenderName, timeoutMs: number, folds?: string) {
    this.#arguments = [name, ...(folds === undefined ? [] : [folds])];
    this.#timeoutMs = timeoutMs;
  }

  /** Never throws: what goes wrong, or takes too long, is a failure of the page. */
  async extract({ id, url, html }: ExtractInput): Promise<Extraction> {
    if (!this.#process) {
      const started = await this.#ask(() => this.#start());
      if (started !== "ready") return started;
    }
    const answer = await this.#ask(() => this.#process?.send({ id, url, html } satisfies ExtractInput));
    return answer === "ready" ? failure("spoke out of turn") : answer;
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  async #ask(question: () => void): Promise<Extraction | "ready"> {
    const { promise, resolve } = Promise.withResolvers<Extraction | "ready">();
    this.#settle = resolve;
    const timer = setTimeout(() => {
      this.#end();
      resolve(failure(`took longer than ${this.#timeoutMs / 1_000} s`, this.#timeoutMs));
    }, this.#timeoutMs);
    question();
    const answer = await promise;
    clearTimeout(timer);
    return answer;
  }

  #start(): void {
    this.#process = Bun.spawn([process.execPath, join(import.meta.dir, "extract-process.ts"), ...this.#arguments], {
      stdio: ["ignore", "ignore", "inherit"],
      serialization: "advanced",
      ipc: (message, from) => {
        if (from === this.#process) this.#settle(message);
      },
      onExit: (exited) => {
        if (exited !== this.#process) return;
        this.#process = undefined;
        this.#settle(failure(`died (${exited.signalCode ?? exited.exitCode})`));
      },
    });
  }

  #end(): void {
    const child = this.#process;
    this.#process = undefined;
    child?.kill("SIGKILL");
  }
}

const failure = (reason: string, cpuMs = 0): Extraction => ({ text: "", cpuMs, failure: reason });
