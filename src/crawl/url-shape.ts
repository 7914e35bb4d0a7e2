/** A canonical URL, cut into what traps are seen by; cheaper than parsing it once more. */
export type UrlParts = {
  host: string;
  /** Without the empty one that a final slash leaves. */
  segments: string[];
  parameters: { name: string; value: string }[];
};

export function toUrlParts(url: string): UrlParts {
  const hostAt = url.indexOf("://") + 3;
  const question = url.indexOf("?", hostAt);
  const end = question < 0 ? url.length : question;
  const slash = url.indexOf("/", hostAt);
  const pathAt = slash < 0 || slash > end ? end : slash;
  const path = url.slice(pathAt + 1, end);
  const segments = path.split("/");
  if (segments.at(-1) === "") segments.pop();
  const parameters =
    question < 0
      ? []
      : url
          .slice(question + 1)
          .split("&")
          .map(toParameter);
  return { host: url.slice(hostAt, pathAt), segments, parameters };
}

/**
 * What URLs made by one template have in common: numbers, dates, hashes and tokens count as one, and so do all values of
 * a parameter. With `maxNames` parameters and more their names don't count either: a shop's filters, combined, would
 * make a shape of each combination.
 */
export function shapeOf({ host, segments, parameters }: UrlParts, maxNames: number): string {
  let shape = host;
  for (const segment of segments) shape += `/${generalize(segment)}`;
  if (parameters.length === 0) return shape;
  if (parameters.length >= maxNames) return `${shape}?*`;
  return `${shape}?${parameters.map(({ name }) => generalize(name)).join("&")}`;
}

function toParameter(text: string): { name: string; value: string } {
  const equals = text.indexOf("=");
  return equals < 0 ? { name: text, value: "" } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

function generalize(segment: string): string {
  if (!/\d/.test(segment)) return segment;
  return isToken(segment) ? "~" : segment.replace(/\d+/g, "#");
}

/** Hashes, UUIDs and random strings, of which the digits alone would leave a shape each. */
function isToken(text: string): boolean {
  if (text.length < 8) return false;
  if (/^[0-9a-f-]+$/i.test(text)) return /[a-f]/i.test(text);
  return text.length >= 16 && /^[0-9A-Za-z_]+$/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text);
}
