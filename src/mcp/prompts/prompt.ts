import type { Viewer } from "../../access/viewer.ts";
import type { Content, McpContext } from "../call.ts";

export type Prompt = {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; title: string; description: string; required: boolean }[];
  /** What the person says by it, data last. Arguments that are required are there. */
  write(context: McpContext, viewer: Viewer, given: Record<string, string>, signal: AbortSignal): Promise<Content[]>;
};
