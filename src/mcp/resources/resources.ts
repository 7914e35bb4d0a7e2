import type { Call, McpContext } from "../call.ts";

/** As `resources/list` has it. */
export type ResourceDescription = {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  size?: number;
};

/** As `resources/templates/list` has it. */
export type ResourceTemplate = {
  uriTemplate: string;
  name: string;
  title: string;
  description: string;
  mimeType: string;
};

export type ResourceContents = { uri: string; mimeType: string; text: string };

type Reader = Pick<Call, "principal" | "signal">;

/** @throws AppError `invalid` for a cursor of another list, `forbidden` */
export async function listResources(
  _context: McpContext,
  _cursor: string | undefined,
  _call: Reader,
): Promise<{ resources: ResourceDescription[]; nextCursor?: string }> {
  return { resources: [] };
}

export const RESOURCE_TEMPLATES: readonly ResourceTemplate[] = [];

/** @throws AppError `not_found` also for what is no URI of ours, `forbidden` */
export async function readResource(_context: McpContext, uri: string, _call: Reader): Promise<ResourceContents> {
  return { uri, mimeType: "text/plain", text: "" };
}

export type ResourceEvent = { kind: "list" } | { kind: "updated"; uri: string };

/**
 * Tells when the list of resources has changed for this principal, or one that is subscribed to.
 * @returns how to stop
 */
export function watchResources(
  _context: McpContext,
  _principal: Call["principal"],
  _subscriptions: ReadonlySet<string>,
  _tell: (event: ResourceEvent) => void,
): () => void {
  return () => {};
}
