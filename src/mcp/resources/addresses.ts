/** What a URI of ours names. Websites and pages are told by whatever their tools take. */
export type Address =
  | { kind: "websites" }
  | { kind: "website" | "llms"; website: string; offset: number }
  | { kind: "changes"; website: string; since: string | undefined }
  | { kind: "page"; page: string; offset: number };

const OWN = /^orbweaver:\/\/(websites|pages)(?:\/([^/?#]{1,4096})(?:\/(llms\.txt|changes))?)?(?:\?([^#]{0,2000}))?$/;

/** `undefined` for what is no URI of ours. */
export function readAddress(uri: string): Address | undefined {
  if (/^https?:\/\//i.test(uri)) return { kind: "page", page: uri, offset: 0 };
  const [, list, encoded, part, query = ""] = OWN.exec(uri) ?? [];
  const given = new URLSearchParams(query);
  const offset = readOffset(given.get("offset"));
  const name = encoded === undefined ? undefined : decode(encoded);
  if (offset === undefined || (encoded !== undefined && name === undefined)) return undefined;
  if (list === "pages")
    return name === undefined || part !== undefined ? undefined : { kind: "page", page: name, offset };
  if (list !== "websites") return undefined;
  if (name === undefined) return { kind: "websites" };
  if (part === "changes") return { kind: "changes", website: name, since: given.get("since") ?? undefined };
  return { kind: part === "llms.txt" ? "llms" : "website", website: name, offset };
}

export const WEBSITES_URI = "orbweaver://websites";
export const uriOfWebsite = (id: string) => `${WEBSITES_URI}/${id}`;
export const uriOfLlms = (id: string) => `${WEBSITES_URI}/${id}/llms.txt`;
export const uriOfChanges = (id: string, since?: string) =>
  `${WEBSITES_URI}/${id}/changes${since === undefined ? "" : `?since=${encodeURIComponent(since)}`}`;
export const uriOfPage = (id: string, offset = 0) => `orbweaver://pages/${id}${offset > 0 ? `?offset=${offset}` : ""}`;

function readOffset(text: string | null): number | undefined {
  if (text === null) return 0;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
