import type { ChangeCounts } from "../changes/changes.ts";
import {
  countNetChanges,
  type LargeChange,
  listLargest,
  listNetChanges,
  type NetChange,
  resolveSpan,
  type Span,
} from "../changes/website-diff.ts";
import type { Db } from "../db/db.ts";
import type { Website } from "../websites/websites.ts";
import { shorten, takeFitting } from "./budget.ts";

const LARGEST = 8;
const LISTED = 300;
const EXCERPT = 300;

/**
 * What is left of a website's changes since a time, or between its last two crawls: as text for models, bounded.
 * @throws AppError `not_found` with the code `not_yet` where there is nothing to compare, `invalid` for a time to come
 */
export async function writeChangesReport(
  db: Db,
  website: Website,
  { since, now, maxTokens }: { since: Date | undefined; now: Date; maxTokens: number },
): Promise<string> {
  const span = await resolveSpan(db, website.id, since ? { from: since } : {}, now);
  const counts = await countNetChanges(db, website.id, span);
  const largest = await listLargest(db, website.id, span, LARGEST);
  const listed = await listNetChanges(db, website.id, span, { limit: LISTED });
  const head = describeSpan(website, span, counts);
  const lines = [...largest.map(describeLargest), ...listed.map(describePage)];
  const { shown } = takeFitting(lines, maxTokens, (line) => line);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const left = total - Math.max(0, shown.length - largest.length);
  return [head, ...shown, ...(left > 0 ? [`and ${left} more, which list_changes tells of`] : [])].join("\n");
}

function describeSpan({ name, url }: Website, { from, to }: Span, counts: ChangeCounts): string {
  const tally = Object.entries(counts).filter(([, count]) => count > 0);
  const told = tally.length === 0 ? "nothing changed" : tally.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `${shorten(name, 100)} (${url}), from ${from.at.toISOString()} to ${to.at.toISOString()}: ${told}.`;
}

function describeLargest({ change, excerpt }: LargeChange): string {
  const quote = (mark: string, texts: readonly string[]) => texts.map((text) => `  ${mark} ${shorten(text, EXCERPT)}`);
  return [`Changed most: ${describePlace(change)}`, ...quote("-", excerpt.removed), ...quote("+", excerpt.added)].join(
    "\n",
  );
}

function describePage(change: NetChange): string {
  const { kind, toUrl, reason, pageId } = change;
  const to = toUrl === null ? "" : ` → ${toUrl}`;
  const why = reason === null ? "" : `, ${reason}`;
  return `- ${kind}: ${describePlace(change)}${to} (page ${pageId}${why})`;
}

const describePlace = ({ title, url }: NetChange) => `${title === null ? "" : `${shorten(title, 150)} `}${url}`;
