import type { ToolHints } from "./tool.ts";

/** Looks at what is stored. */
export const READS_STORE: ToolHints = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

/** Looks at the web, and keeps nothing. */
export const READS_WEB: ToolHints = { ...READS_STORE, openWorldHint: true };
