import type { ChannelKind } from "../db/schema/notifications.ts";
import type { Message, MessagePage } from "./message.ts";

/** What templates can name, in the order of the description below; all are there in every message, if only as null. */
export function toVariables(message: Message): Record<string, unknown> {
  const { event, title, url, summary, website, isDigest, more, links } = message;
  const pages = message.pages.map(toPageVariables);
  return {
    event: { id: event.id, type: event.type, at: event.at.toISOString() },
    ...{ title, url: url ?? null, summary },
    website: website ?? null,
    page: pages[0] ?? null,
    ...{ pages, more, is_digest: isDigest, links },
    payload: message.payload,
  };
}

function toPageVariables({ fromUrl, reason, explanation, changeId, share, ...page }: MessagePage) {
  return {
    ...{ url: page.url, title: page.title, kind: page.kind, at: page.at },
    ...{ share, percent: share === null ? null : Math.round(share * 100) },
    ...{ added: page.added, removed: page.removed, links: page.links },
    ...{ from_url: fromUrl ?? null, reason: reason ?? null, explanation: explanation ?? null },
    change_id: changeId ?? null,
  };
}

/** For people who write templates. */
export const VARIABLES_DESCRIPTION = `Templates are written in Liquid (liquidjs.com), with the tags assign, capture, case, comment, for, if, raw and unless, and its filters for texts, numbers and lists. What they can name:

- \`title\`, a line that says what happened; \`summary\`, a sentence or two; \`url\`, where it leads, or null
- \`event.id\`, \`event.type\`, \`event.at\` (an instant, for the filter \`date\`)
- \`website.id\`, \`website.name\`, \`website.url\`; \`website\` is null where it is about several
- \`pages\`, of each: \`url\`, \`title\`, \`kind\`, \`at\`, \`share\` (0 to 1), \`percent\`, \`added\` and \`removed\` (lists of texts), \`from_url\`, \`reason\`, \`explanation\`, \`change_id\`, \`links\`; those that are not known are null
- \`links.page\` and \`links.change\` of each page: what the service knows of it, and what changed on it, side by side
- \`page\`, the first of them, or null
- \`more\`, how many pages are not among them; \`is_digest\`
- \`links.changes\`, \`links.report\` and \`links.crawl\`, of crawls and digests: all changes as a list and as a report, and the crawl. Links are there as far as they fit, and only where the setting PUBLIC_URL says where the service is reached; write \`{% if page.links.change %}\` around them
- \`payload\`, the event as a webhook is sent it
- in the \`html\` of an e-mail, \`diff_html\`, and in its \`text\`, \`diff_text\`: all that changed on the page, or empty

What values hold is escaped for the part's language. In the JSON \`body\` of a webhook \`{{ title | json }}\` writes any value as JSON, with its quotes; without the filter a text goes within quotes of the template's own.`;

/** Variables that only some kinds of channels have. */
export const EXTRA_VARIABLES: Partial<Record<ChannelKind, Record<string, readonly string[]>>> = {
  email: { text: ["diff_text"], html: ["diff_html"] },
};

const API = "https://orbweaver.example.com/api/v1";
const SAMPLE_PAGE: MessagePage = {
  url: "https://docs.example.com/pricing",
  title: "Pricing",
  kind: "changed",
  share: 0.12,
  added: ["The Team plan costs $12 a month."],
  removed: ["The Team plan costs $10 a month."],
  fromUrl: "https://docs.example.com/prices",
  reason: "redirect",
  explanation: "The price of the Team plan went up from $10 to $12 a month.",
  changeId: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10",
  at: "2026-01-31T12:00:00.000Z",
  links: {
    page: `${API}/pages/0195f3e0-5c1a-7000-8000-3f6c2b1d9e13`,
    change: `${API}/changes/0195f3e0-5c1a-7000-8000-3f6c2b1d9e10/diff?format=html&view=side_by_side`,
  },
};

/** A message that has everything in it that a template can name. */
export const SAMPLE_MESSAGE: Message = {
  event: { id: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e11", type: "page.changed", at: new Date("2026-01-31T12:00:00Z") },
  title: "Pricing changed on Example Docs",
  url: "https://docs.example.com/pricing",
  summary: "1 block changed, 12 % of the text.",
  website: { id: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e12", name: "Example Docs", url: "https://docs.example.com/" },
  pages: [SAMPLE_PAGE],
  isDigest: false,
  more: 0,
  links: {
    changes: `${API}/websites/0195f3e0-5c1a-7000-8000-3f6c2b1d9e12/changes`,
    report: `${API}/websites/0195f3e0-5c1a-7000-8000-3f6c2b1d9e12/diff?format=markdown`,
    crawl: `${API}/crawls/0195f3e0-5c1a-7000-8000-3f6c2b1d9e14`,
  },
  payload: {
    website: { id: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e12", name: "Example Docs", url: "https://docs.example.com/" },
    page: { id: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e13", url: SAMPLE_PAGE.url, title: SAMPLE_PAGE.title },
    change: { id: SAMPLE_PAGE.changeId, kind: "changed", share: 0.12, detected_at: SAMPLE_PAGE.at },
    excerpt: { added: SAMPLE_PAGE.added, removed: SAMPLE_PAGE.removed },
    links: SAMPLE_PAGE.links,
  },
};

export const SAMPLE_DIGEST: Message = {
  ...SAMPLE_MESSAGE,
  title: "4 pages changed on Example Docs",
  pages: [SAMPLE_PAGE, { ...SAMPLE_PAGE, kind: "new", share: null, removed: [], explanation: undefined }],
  isDigest: true,
  more: 2,
};

/** A message that is about no page, nor any website. */
export const BARE_MESSAGE: Message = {
  ...SAMPLE_MESSAGE,
  title: "This channel works",
  ...{ url: undefined, website: undefined, pages: [], links: {}, payload: {} },
};
