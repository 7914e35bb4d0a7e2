import { getDomainWithoutSuffix } from "tldts";
import { cleanLabel, squeeze } from "./labels.ts";
import { segmentsOf } from "./title.ts";

/** What nobody changed in the settings. */
const unset = new Set(
  "home homepage website site blog mysite myblog mywebsite untitled default wordpress index".split(" "),
);
const leastLength = 3;

/** The site's name as declared; where it is not, the part of `<title>` that the host's name spells. */
export function findSiteName(
  declared: readonly (string | undefined)[],
  tag: string | null,
  url: string,
): string | null {
  for (const value of declared) {
    const name = cleanLabel(value)
      ?.replace(/^@/, "")
      .replace(/[\s|–—:-]{1,20}$/, "");
    if (name && name.length <= 100 && !unset.has(squeeze(name))) return name;
  }
  return tag ? siteIn(tag, url) : null;
}

function siteIn(tag: string, url: string): string | null {
  const segments = segmentsOf(tag.slice(0, 500));
  const label = segments.length > 1 ? squeeze(getDomainWithoutSuffix(url) ?? "") : "";
  const host = segments.length > 1 ? squeeze(URL.parse(url)?.hostname.replace(/^www\./, "") ?? "") : "";
  if (label.length < 2) return null;
  for (const segment of [segments.at(-1), segments[0]]) {
    if (segment && segment.length <= 60 && isSpelledBy(segment, label, host)) return segment;
  }
  return null;
}

function isSpelledBy(segment: string, label: string, host: string): boolean {
  const name = squeeze(segment.replace(/^the /i, "").replace(/[’']s\b/, "s"));
  if (name.length < leastLength) return name.length === 2 && name === label;
  if (name === label || name === host) return true;
  if (label.length > 2 && label.length < 8 && squeeze((segment.match(/\b[A-Z]/g) ?? []).join("")) === label)
    return true;
  // "Liberty University" of liberty.edu, "Nationwide" of nationwidegroup.org.
  return label.length > 3 && (name.startsWith(label) || (name.length > 4 && label.startsWith(name)));
}
