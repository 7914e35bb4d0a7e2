import { type Static, Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import { readPathFilter, searchChanges } from "../../changes/change-search.ts";
import type { ChangePlace, PlacedChange } from "../../changes/changes.ts";
import { CHANGE_KINDS } from "../../db/schema/pages.ts";
import { toKept } from "../../search/path-rules.ts";
import { shorten, takeFitting } from "../budget.ts";
import { createCursors } from "../cursors.ts";
import { badInput, readMoment } from "../moments.ts";
import { getPageBy, getWebsiteBy, isId } from "../references.ts";
import { NOTICE } from "../untrusted.ts";
import {
  Cursor,
  Fields,
  Id,
  Instant,
  Limit,
  MaxTokens,
  Moment,
  NextCursor,
  Notice,
  Nullable,
  OneOf,
  PageReference,
  Text,
  WebsiteReference,
} from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { writeItems } from "./lists.ts";
import { defineTool } from "./tool.ts";

const ChangeItem = Fields({
  id: Id("For get_diff"),
  kind: OneOf(CHANGE_KINDS),
  page_id: Id(),
  url: Type.String(),
  title: Nullable(Type.String()),
  detected_at: Instant(),
  share: Nullable(Type.Number({ description: "Of the text that changed, 0 to 1" })),
  words_added: Nullable(Type.Integer()),
  words_removed: Nullable(Type.Integer()),
  to_url: Nullable(Type.String({ description: "Where a page that moved is" })),
  reason: Nullable(Type.String({ description: "How a removal or move is known" })),
  explanation: Nullable(Type.String()),
});
type ChangeItem = Static<typeof ChangeItem>;

const cursors = createCursors<ChangePlace>(
  "changes",
  ({ detectedAtUs, id }) => `${detectedAtUs}.${id}`,
  (text) => {
    const [, detectedAtUs, id] = /^(\d{1,18})\.([0-9a-f-]{36})$/.exec(text) ?? [];
    return detectedAtUs !== undefined && id !== undefined && isId(id) ? { detectedAtUs, id } : undefined;
  },
);

export const listChangesTool = defineTool({
  name: "list_changes",
  title: "List changes",
  description:
    "What changed on stored pages between crawls, newest first: pages that are new, changed, moved, removed or restored. get_diff shows what a change changed.",
  permission: "read",
  hints: READS_STORE,
  input: Fields({
    website: Type.Optional(WebsiteReference("Only this website")),
    page: Type.Optional(PageReference("Only this page: its id or URL")),
    kinds: Type.Optional(Type.Array(OneOf(CHANGE_KINDS), { minItems: 1, maxItems: CHANGE_KINDS.length })),
    since: Moment("Found then or later"),
    until: Moment("Found before"),
    path: Type.Optional(Text("Beginning of a path, or a glob such as /docs/*/install")),
    min_share: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "Of the text that changed" })),
    limit: Limit(30, 200),
    cursor: Cursor,
    max_tokens: MaxTokens(),
  }),
  output: Fields({ notice: Notice, changes: Type.Array(ChangeItem), next_cursor: NextCursor }),
  run: async ({ store }, input, { principal }) => {
    const { limit, kinds, path, min_share: minShare, max_tokens: maxTokens } = input;
    const viewer = toViewer(principal);
    const after = cursors.read(input.cursor);
    const asked = {
      ...{ viewer, kinds, minShare, ...readPath(path) },
      since: readMoment(input.since, "since"),
      until: readMoment(input.until, "until"),
    };
    const { changes, next } = await store.read(async (db) => {
      const website = input.website === undefined ? undefined : await getWebsiteBy(db, viewer, input.website);
      const page = input.page === undefined ? undefined : await getPageBy(db, viewer, input.page);
      return searchChanges(db, { ...asked, websiteId: website?.id, pageId: page?.id }, { limit, after });
    });
    const { shown, isAll } = takeFitting(changes, maxTokens, (change) => JSON.stringify(viewChange(change)));
    const last = shown.at(-1);
    const place = isAll || !last ? next : { detectedAtUs: last.detectedAtUs, id: last.id };
    const nextCursor = place ? cursors.write(place) : null;
    const items = shown.map(viewChange);
    const form = {
      describe: describeChange,
      nextCursor,
      source: "list of changes",
      empty: "There are no such changes",
    };
    return { structured: { notice: NOTICE, changes: items, next_cursor: nextCursor }, text: writeItems(items, form) };
  },
});

function readPath(path: string | undefined) {
  if (path === undefined) return {};
  try {
    return readPathFilter(path, toKept);
  } catch (error) {
    throw badInput("path", `must be the beginning of a path, or a pattern: ${(error as Error).message}`);
  }
}

function viewChange(change: PlacedChange): ChangeItem {
  const { id, kind, pageId, url, title, detectedAt, share, summary, toUrl, reason, explanation } = change;
  return {
    ...{ id, kind, page_id: pageId, url, title: title === null ? null : shorten(title, 200) },
    ...{ detected_at: detectedAt.toISOString(), share: share === null ? null : Math.round(share * 1_000) / 1_000 },
    ...{ words_added: summary.wordsAdded ?? null, words_removed: summary.wordsRemoved ?? null, to_url: toUrl, reason },
    explanation: explanation === null ? null : shorten(explanation, 500),
  };
}

export function describeChange(change: ChangeItem): string {
  const { id, kind, url, title, detected_at: at, words_added: added, words_removed: removed } = change;
  const words = added === null ? "" : `, +${added} −${removed ?? 0} words`;
  const to = change.to_url === null ? "" : ` → ${change.to_url}`;
  const why = change.reason === null ? "" : `, ${change.reason}`;
  const told = change.explanation === null ? "" : `\n  ${change.explanation}`;
  return `- ${at} ${kind}: ${title ?? "(untitled)"} ${url}${to} (change ${id}${words}${why})${told}`;
}
