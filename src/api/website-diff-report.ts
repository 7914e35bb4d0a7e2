import type { ChangeCounts } from "../changes/changes.ts";
import type { LargeChange, NetChange, Span } from "../changes/website-diff.ts";
import { CHANGE_KINDS, type ChangeKind } from "../db/schema/pages.ts";

const HEADINGS: Record<ChangeKind, string> = {
  new: "New",
  changed: "Changed",
  moved: "Moved",
  removed: "Removed",
  restored: "Back again",
};

export type WebsiteReport = {
  website: { name: string; url: string };
  span: Span;
  counts: ChangeCounts;
  largest: LargeChange[];
  /** Some of each kind, by kind. */
  pages: Record<ChangeKind, NetChange[]>;
};

/** A website's changes between two times, as Markdown for people. */
export function toWebsiteReport({ website, span, counts, largest, pages }: WebsiteReport): string {
  const total = CHANGE_KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  const tally = CHANGE_KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  const parts = [
    `# Changes on ${escapeMarkdown(website.name)}`,
    `<${website.url}>, from ${span.from.at.toISOString()} to ${span.to.at.toISOString()}`,
    total === 0 ? "Nothing changed." : `${tally.join(", ")}.`,
    ...(largest.length > 0 ? ["## Changed most", ...largest.map(describeLargest)] : []),
    ...CHANGE_KINDS.flatMap((kind) => {
      const shown = pages[kind];
      if (shown.length === 0) return [];
      const more = counts[kind] - shown.length;
      const lines = [...shown.map(describePage), ...(more > 0 ? [`- and ${more} more`] : [])];
      return [`## ${HEADINGS[kind]}`, lines.join("\n")];
    }),
  ];
  return `${parts.join("\n\n")}\n`;
}

function describeLargest({ change, excerpt }: LargeChange): string {
  const quote = (mark: string, texts: string[]) => texts.map((text) => `    ${mark} ${text.replace(/\s+/g, " ")}`);
  const lines = [...quote("-", excerpt.removed), ...quote("+", excerpt.added)];
  const heading = `### ${linkTo(change)}${describeShare(change)}`;
  return lines.length > 0 ? `${heading}\n\n${lines.join("\n")}` : heading;
}

function describePage(change: NetChange): string {
  const to = change.toUrl === null ? "" : ` → <${change.toUrl}>`;
  const reason = change.reason === null ? "" : ` (${change.reason.replaceAll("_", " ")})`;
  return `- ${linkTo(change)}${describeShare(change)}${to}${reason}`;
}

const linkTo = ({ title, url }: NetChange) => (title ? `[${escapeMarkdown(title)}](<${url}>)` : `<${url}>`);

const describeShare = ({ kind, share }: NetChange) =>
  kind === "changed" && share !== null ? `, ${Math.max(1, Math.round(share * 100))} %` : "";

/** Titles are written by strangers. */
function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#|!&]/g, "\\$&");
}
