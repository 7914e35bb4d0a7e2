import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createTemplate, type SiteShape } from "./site/template.ts";

/** Answers in a page's place; `visit` counts the requests for this path from 1, `page` gives what would have been sent. */
export type Answer = (request: Request, visit: number, page: () => Response) => Response | Promise<Response>;

export type ServeOptions = {
  port?: number;
  hostname?: string;
  /** The text of /robots.txt; 404 when absent. */
  robots?: string;
  /** Whether /sitemap.xml lists all pages. */
  hasSitemap?: boolean;
  /** Milliseconds every answer takes, so that overlapping requests are seen as such. */
  latencyMs?: number;
  /** What to answer at a path (`/a?b` included) instead of the site's own page. */
  answers?: Record<string, Answer>;
};

export type ServedSite = {
  /** Ends without a slash. */
  origin: string;
  port: number;
  /** Requests by path and query, in the order of their first visit. */
  requests: Map<string, number>;
  /** By `Host` header: requests so far, in flight now, and the most that were in flight at once. */
  hosts: Map<string, { requests: number; open: number; mostOpen: number }>;
  stop(): Promise<void>;
};

export type Site = {
  pages: number;
  path(n: number): string;
  page(n: number): string;
  /** Gives page `n` other content and another ETag from now on. */
  revise(n: number): void;
  serve(options?: ServeOptions): ServedSite;
  /** Writes the site as a static build: `/a/` becomes `a/index.html`. */
  writeTo(folder: string): Promise<void>;
};

/** A documentation website of our own making, the same for the same shape on every machine. */
export function createSite({
  pages = 100,
  seed = 1,
  minBytes = 10_000,
  maxBytes = 60_000,
}: Partial<SiteShape> = {}): Site {
  const template = createTemplate({ pages, seed, minBytes, maxBytes });
  const revisions = new Map<number, number>();
  const bytesOf = (n: number) => template.bytesOf(n, revisions.get(n) ?? 1);

  function respond(request: Request, path: string): Response {
    const n = template.find(path);
    if (n === undefined) return new Response("<!doctype html><title>Not found</title>", html({ status: 404 }));
    const etag = `"${seed}-${n}-${revisions.get(n) ?? 1}"`;
    if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
    const bytes = bytesOf(n);
    return new Response(request.method === "HEAD" ? null : bytes, html({ headers: { etag } }));
  }

  function serve({
    port = 0,
    hostname = "127.0.0.1",
    robots,
    hasSitemap = false,
    latencyMs = 0,
    answers = {},
  }: ServeOptions = {}) {
    const requests: ServedSite["requests"] = new Map();
    const hosts: ServedSite["hosts"] = new Map();

    function answer(request: Request, target: string): Response | Promise<Response> {
      const visit = (requests.get(target) ?? 0) + 1;
      requests.set(target, visit);
      const path = target.split("?", 1)[0] ?? "/";
      const own = answers[target];
      if (own) return own(request, visit, () => respond(request, path));
      if (path === "/robots.txt" && robots !== undefined) return new Response(robots);
      if (path === "/sitemap.xml" && hasSitemap) return sitemap(server.url.origin);
      return respond(request, path);
    }

    function sitemap(origin: string): Response {
      const urls = Array.from({ length: pages }, (_, n) => `<url><loc>${origin}${template.pathOf(n)}</loc></url>`);
      const xml = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.join("")}</urlset>`;
      return new Response(xml, { headers: { "content-type": "application/xml" } });
    }

    const server = Bun.serve({
      port,
      hostname,
      idleTimeout: 60,
      fetch(request) {
        const name = request.headers.get("host") ?? "";
        let host = hosts.get(name);
        if (!host) {
          host = { requests: 0, open: 0, mostOpen: 0 };
          hosts.set(name, host);
        }
        host.requests++;
        const target = request.url.slice(request.url.indexOf("/", 8));
        const answered =
          latencyMs > 0 ? Bun.sleep(latencyMs).then(() => answer(request, target)) : answer(request, target);
        if (answered instanceof Response) return answered;
        host.open++;
        host.mostOpen = Math.max(host.mostOpen, host.open);
        return answered.finally(() => {
          host.open--;
        });
      },
    });
    return { origin: server.url.origin, port: Number(server.port), requests, hosts, stop: () => server.stop(true) };
  }

  return {
    pages,
    path: template.pathOf,
    page: (n) => new TextDecoder().decode(bytesOf(n)),
    revise: (n) => revisions.set(n, (revisions.get(n) ?? 1) + 1),
    serve,
    async writeTo(folder) {
      for (let n = 0; n < pages; n++) {
        const path = template.pathOf(n);
        const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
        await mkdir(dirname(file), { recursive: true });
        await Bun.write(file, bytesOf(n));
      }
    },
  };
}

function html(init: ResponseInit): ResponseInit {
  return { ...init, headers: { "content-type": "text/html; charset=utf-8", ...init.headers } };
}
