import type { Comparison } from "../changes/compare.ts";
import type { Parsed } from "../content/parser-pool.ts";
import type { Doubt } from "./doubt.ts";
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
      /** It answered well, yet looks like no content; the version before tells whether it always did. */
      doubt?: Doubt;
      /** With the version that changes are measured from, of a page that has one and differs from it. */
      comparison?: PageComparison & { baseId: string; from: { documentId: string; version: number } };
    }
  /** As the server says (304), or by its very bytes (200). */
  | { kind: "not_modified"; status: 304 | 200 }
  /** It was not even asked for: a sitemap that can be trusted says that it has not changed. */
  | { kind: "spared" }
  | { kind: "redirected"; status: number; location: string }
  | { kind: "failed"; code: string; message: string; status?: number }
  | { kind: "skipped"; reason: string; message: string; status?: number }
  | { kind: "retry"; code: string; message: string; status?: number; notBefore: Date };

/** `remade`: the same page, whose text is another since it is made in another way than before. */
export type PageComparison = Comparison | { kind: "remade" };

export type Visit = {
  entry: PendingUrl;
  outcome: VisitOutcome;
  at: Date;
  wireBytes: number;
  durationMs: number;
  /** In scope and not known to be known. */
  found: NewUrl[];
  /** All that the page links to within the website, as hashes of canonical URLs; absent when its body was not read. */
  links?: string[];
  /** Links that were left out, by reason. */
  cut: Record<string, number>;
};

/** HTTP status of the visit, `undefined` when no answer came. */
export function statusOf({ outcome }: Visit): number | undefined {
  return outcome.kind === "spared" ? undefined : outcome.status;
}
