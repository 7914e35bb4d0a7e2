import { AppError } from "../errors.ts";

/**
 * Writes to standard output and waits until it is taken. A reader that has gone, as `head` does, is no error: what is
 * left is dropped.
 * @returns whether somebody still reads
 */
export async function writeOut(text: string): Promise<boolean> {
  try {
    await Bun.write(Bun.stdout, text);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EPIPE") return false;
    throw new AppError("unavailable", `Standard output can't be written: ${message}`, { cause: error });
  }
}

export function writeError(text: string): void {
  process.stderr.write(text);
}

/** Whether a line can be drawn over again: both streams are a terminal's. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true && process.stderr.isTTY === true;
}

/** Whether what is written is for somebody's eyes, who may like colours. */
export const isPainted = () => process.stdout.isTTY === true;

/** Pages must not write to the terminal what the terminal obeys, nor turn the order of what it shows. */
export const printable = (text: string) =>
  text.replace(/(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, " ").toWellFormed();

export type Interrupt = {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  /** By which signal, as an exit code; `undefined` as long as there was none. */
  exitCode(): number | undefined;
  dispose(): void;
};

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** The first signal asks to stop, which `onFirst` may tell; the second ends the process at once. */
export function listenForInterrupt(onFirst: () => void = () => {}): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const hear = (name: keyof typeof EXIT_CODES) => {
    if (exitCode !== undefined) process.exit(EXIT_CODES[name]);
    exitCode = EXIT_CODES[name];
    onFirst();
    controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
  };
  const names = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
  for (const name of names) process.on(name, hear);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose: () => {
      for (const name of names) process.off(name, hear);
    },
  };
}
