import type { Parsed } from "../content/parser-pool.ts";
import type { NewUrl, PendingUrl } from "./frontier.ts";

/** What one visit to a URL came to. */
export type VisitOutcome =
  | {
      kind: "page";
      status: number;
      contentType: string | null;
      byteLength: number;
      etag: string | null;
      lastModified: string | null;
      recipe: string;
      /** `null` for what is recorded and not parsed, such as a film. */
      parsed: Parsed | null;
    }
  | { kind: "not_modified" }
  | { kind: "redirected"; status: number; location: string }
  | { kind: "failed"; code: string; message: string; status?: number }
  | { kind: "skipped"; reason: string; message: string; status?: number }
  | { kind: "retry"; code: string; message: string; status?: number; notBefore: Date };

export type Visit = {
  entry: PendingUrl;
  outcome: VisitOutcome;
  at: Date;
  wireBytes: number;
  durationMs: number;
  /** In scope and not known to be known. */
  found: NewUrl[];
  /** Links that were left out, by reason. */
  cut: Record<string, number>;
};

/** HTTP status of the visit, `undefined` when no answer came. */
export function statusOf({ outcome }: Visit): number | undefined {
  return outcome.kind === "not_modified" ? 304 : outcome.status;
}
