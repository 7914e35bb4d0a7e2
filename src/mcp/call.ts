import type { Principal } from "../access/principal.ts";
import type { App } from "../app.ts";

/** What tools, resources and prompts work with. */
export type McpContext = Pick<
  App,
  "config" | "db" | "store" | "cache" | "clock" | "log" | "telemetry" | "fetch" | "parser" | "robots" | "embedder"
>;

/** What somebody asks for, on whose behalf, and how to reach them meanwhile. */
export type Call = {
  principal: Principal;
  /** Aborted when the client cancels, or has gone. */
  signal: AbortSignal;
  /** Whether it is aborted since the client does not want it any more, and not since the service or a session ends. */
  isWithdrawn(): boolean;
  /** Hosts that the person has let this session fetch from, as `host:port`. */
  allowedHosts: Set<string>;
  /**
   * Has a place among the live fetches that the caller may have under way, until it is left.
   * @throws AppError `rate_limited`
   */
  enterScrape(): Disposable | undefined;
  /** Tells how far it is; does nothing where nobody asked. `total` is left out where it is not known. */
  progress(progress: { done: number; total?: number; message: string }): Promise<void>;
  /**
   * Asks the person at the client; absent where that can't be done. What it throws other than `AppError` reaches the
   * one who made the call.
   */
  confirm?: (question: string) => Promise<"yes" | "no">;
};

/** One thing told to a model: a text, or a resource with what is in it. */
export type Content =
  | { type: "text"; text: string }
  | { type: "resource"; resource: { uri: string; mimeType: string; text: string } };
