/** A request for a page, as its host saw it; times are of `performance.now()`. */
export type Visit = { path: string; agent: string; startedAt: number; endedAt: number };

export type Host = { name: string; visits: Visit[] };

export type ServedHosts = {
  hosts: Host[];
  /** The page of a site from which all others of it can be reached. */
  start(site?: number): string;
  /** All pages of a site. */
  urls(site?: number): string[];
  /** Requests for pages so far. */
  readonly requests: number;
  /** Pages that were asked for, each counted once. */
  readonly visited: number;
  stop(): Promise<void>;
};

export type HostsShape = {
  hosts?: number;
  /** All sites are on the same hosts. */
  sites?: number;
  /** Of each site. */
  pages: number;
  latencyMs?: number;
};

const CHILDREN = 8;

/**
 * Sites whose pages are spread over hosts by turns, and link across them. Hosts are loopback addresses. The title of a
 * page says which agent it was sent to, so that what is stored tells who fetched it.
 */
export function serveHosts({ hosts: count = 8, sites = 1, pages, latencyMs = 0 }: HostsShape): ServedHosts {
  const padding = "Words that fill the page. ".repeat(20);
  const visited = new Set<string>();
  let requests = 0;

  const served = Array.from({ length: count }, (_, at) => {
    const visits: Visit[] = [];
    const server = Bun.serve({
      hostname: `127.0.0.${2 + at}`,
      port: 0,
      idleTimeout: 60,
      fetch(request) {
        const path = request.url.slice(request.url.indexOf("/", 8));
        const [, site, page] = /^\/site-(\d{1,9})\/page-(\d{1,9})$/.exec(path) ?? [];
        const isThere = Number(site) < sites && Number(page) < pages && Number(page) % count === at;
        return isThere ? visit(Number(site), Number(page), path, request) : new Response("none", { status: 404 });
      },
    });

    async function visit(site: number, page: number, path: string, request: Request): Promise<Response> {
      const agent = request.headers.get("user-agent") ?? "";
      const made: Visit = { path, agent, startedAt: performance.now(), endedAt: Number.POSITIVE_INFINITY };
      requests++;
      visited.add(path);
      visits.push(made);
      const end = () => {
        made.endedAt = Math.min(made.endedAt, performance.now());
      };
      // Whoever is killed asks for nothing any more.
      request.signal.addEventListener("abort", end);
      if (latencyMs > 0) await Bun.sleep(latencyMs);
      end();
      return new Response(write(site, page, agent), { headers: { "content-type": "text/html; charset=utf-8" } });
    }

    return { visits, server, name: server.url.host, origin: server.url.origin };
  });

  const urlOf = (site: number, page: number) => `${served[page % count]?.origin}/site-${site}/page-${page}`;

  function write(site: number, page: number, agent: string): string {
    const children = Array.from({ length: CHILDREN }, (_, n) => page * CHILDREN + 1 + n);
    const others = [page + 1, page + 2, page * 7 + 3].map((n) => n % pages);
    const links = [...children.filter((child) => child < pages), ...others];
    const list = links.map((to) => `<li><a href="${urlOf(site, to)}">Page ${to}</a>`).join("");
    return `<!doctype html><title>${agent}</title><main><h1>Page ${page} of site ${site}</h1>
<p>What page ${page} of site ${site} has to say.<p>${padding}<ul>${list}</ul></main>`;
  }

  return {
    hosts: served.map(({ name, visits }) => ({ name, visits })),
    start: (site = 0) => urlOf(site, 0),
    urls: (site = 0) => Array.from({ length: pages }, (_, page) => urlOf(site, page)),
    get requests() {
      return requests;
    },
    get visited() {
      return visited.size;
    },
    stop: async () => {
      await Promise.all(served.map(({ server }) => server.stop(true)));
    },
  };
}
