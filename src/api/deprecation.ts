/** When a route was given up (RFC 9745), until when it works (RFC 8594), and where it says what to use instead. */
export type Deprecation = { since: Date; until?: Date; moreAt?: string };

/**
 * For a route that is deprecated: `afterHandle: ({ set }) => sayDeprecated(set.headers, …)`, and `deprecated: true` in
 * its `detail`.
 */
export function sayDeprecated(headers: Record<string, string | number>, { since, until, moreAt }: Deprecation): void {
  headers.deprecation = `@${Math.floor(since.getTime() / 1000)}`;
  if (until) headers.sunset = until.toUTCString();
  if (moreAt) headers.link = `<${moreAt}>; rel="deprecation"; type="text/html"`;
}
