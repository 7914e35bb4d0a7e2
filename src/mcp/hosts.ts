import { getDomain } from "tldts";
import type { Viewer } from "../access/viewer.ts";
import { createScope } from "../crawl/scope.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import type { Fetch, Redirect } from "../fetch/fetch.ts";
import { listWebsitesNaming } from "../websites/websites.ts";
import { shorten } from "./budget.ts";
import type { Call } from "./call.ts";

/** Of the error that says where a page leads to. */
export const FOREIGN_REDIRECT = "foreign_redirect";
const MAX_REDIRECTS = 10;

type Asking = Pick<Call, "allowedHosts" | "confirm">;

/**
 * Sees to it that nothing is fetched from where no person wants it: what a page says must not be able to make a model
 * send the service anywhere. Hosts of registered websites are wanted. For others the person is asked, where the client
 * can do that; otherwise the model must say that it has asked.
 * @throws AppError `forbidden`, and what `confirm` throws
 */
export async function agreeOnHost(
  db: Db,
  viewer: Viewer,
  url: string,
  { call, isSaidToBeWanted }: { call: Asking; isSaidToBeWanted: boolean },
): Promise<void> {
  const { host } = new URL(url);
  if (call.allowedHosts.has(host) || (await isOnWebsite(db, viewer, url))) return;
  if (call.confirm) {
    const answer = await call.confirm(
      `Orbweaver is asked to fetch from ${host}, which belongs to no registered website:\n${url}\nMay it, as long as this session lasts?`,
    );
    if (answer === "no")
      throw new AppError("forbidden", `The person does not want anything fetched from ${host}; go on without it`);
    call.allowedHosts.add(host);
    return;
  }
  if (isSaidToBeWanted) return;
  throw new AppError(
    "forbidden",
    `${host} belongs to no registered website. Ask the person whether it may be fetched from, then call again with allow_new_host: true`,
    { code: "new_host" },
  );
}

/** A way out that follows redirects only to where something may be fetched from. */
export function followWithin(fetch: Fetch, db: Db, viewer: Viewer, { allowedHosts }: Asking): Fetch {
  return async (request) => {
    const redirects: Redirect[] = [];
    let { url } = request;
    for (;;) {
      const response = await fetch({ ...request, url, maxRedirects: 0 });
      const { location, status } = response;
      if (location === undefined) return { ...response, redirects };
      redirects.push({ url, status, location });
      if (redirects.length > MAX_REDIRECTS)
        throw new AppError("external", `${request.url} redirects more than ${MAX_REDIRECTS} times`);
      const { host } = new URL(location);
      const isWanted = isSameHost(location, request.url) || allowedHosts.has(host);
      if (!isWanted && !(await isOnWebsite(db, viewer, location)))
        throw new AppError(
          "forbidden",
          `${request.url} leads to ${shorten(location, 500)}, whose host belongs to no registered website; nothing was fetched from there`,
          { code: FOREIGN_REDIRECT },
        );
      url = location;
    }
  };
}

/** Whether a URL belongs to a website that the viewer has: by its host, or by its domain where crawls of it go so far. */
async function isOnWebsite(db: Db, viewer: Viewer, url: string): Promise<boolean> {
  const { hostname } = new URL(url);
  const domain = getDomain(hostname, { allowPrivateDomains: true }) ?? withoutWww(hostname);
  const near = await listWebsitesNaming(db, viewer, domain);
  return near.some(({ url: seed, options }) => {
    const within = options.scope === "domain" ? "domain" : "host";
    return createScope({ seeds: [seed], within, include: [], exclude: [] }).check(url, 0) !== "scope";
  });
}

const withoutWww = (host: string) => (host.startsWith("www.") ? host.slice("www.".length) : host);

function isSameHost(a: string, b: string): boolean {
  return withoutWww(new URL(a).host) === withoutWww(new URL(b).host);
}
