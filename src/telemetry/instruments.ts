/**
 * Everything that is measured: one declaration each, whatever reads it. Names and units are OpenTelemetry's way (its
 * semantic conventions where they have one); `prometheusName` gives those of `/metrics`. Values of labels are few and
 * known: routes as patterns and never paths, no hosts, no ids.
 */
export type Instrument = {
  kind: "counter" | "histogram" | "gauge";
  help: string;
  /** UCUM: `s`, `By`, or `{page}` for a count of things. */
  unit: string;
  labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  bounds?: readonly number[];
};

/** From a cached answer to the longest scrape. */
const LATENCY_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Runs of crawls: from a single page to a day. */
const RUN_S = [0.1, 1, 10, 60, 300, 1_800, 3_600, 21_600, 86_400];

export const INSTRUMENTS = {
  "http.server.request.duration": {
    kind: "histogram",
    help: "Requests to the API, by route and class of status",
    unit: "s",
    labels: ["method", "route", "status"],
    bounds: LATENCY_S,
  },
  "http.server.active_requests": {
    kind: "gauge",
    help: "Requests under way, event streams included",
    unit: "{request}",
    labels: [],
  },
  "mcp.server.operation.duration": {
    kind: "histogram",
    help: "Requests of MCP clients, by method, name of the tool or prompt, and outcome",
    unit: "s",
    labels: ["method", "name", "outcome"],
    bounds: LATENCY_S,
  },
  "orbweaver.mcp.sessions": {
    kind: "gauge",
    help: "Sessions of MCP clients that are open",
    unit: "{session}",
    labels: [],
  },
  "orbweaver.rate_limit.refusals": {
    kind: "counter",
    help: "Requests refused for coming too fast or too many at a time",
    unit: "{request}",
    labels: ["route"],
  },
  "orbweaver.crawl.pages": {
    kind: "counter",
    help: "URLs of crawls, by what came of them",
    unit: "{page}",
    labels: ["outcome"],
  },
  "orbweaver.crawl.run.duration": {
    kind: "histogram",
    help: "Time that crawls were worked until they ended, by their last state; of commands each run, or error",
    unit: "s",
    labels: ["outcome"],
    bounds: RUN_S,
  },
  "orbweaver.retention.versions": {
    kind: "counter",
    help: "Versions of pages that were given up, as tracking rules say",
    unit: "{version}",
    labels: [],
  },
  "orbweaver.queue.urls": {
    kind: "gauge",
    help: "URLs that wait to be fetched, in all crawls",
    unit: "{url}",
    labels: [],
  },
  "orbweaver.queue.jobs": {
    kind: "gauge",
    help: "Jobs that are kept, by queue and state; dead ones where they failed",
    unit: "{job}",
    labels: ["queue", "state"],
  },
  "orbweaver.queue.oldest_due": {
    kind: "gauge",
    help: "How long the job has been due that waits longest, by queue; 0 when none does",
    unit: "s",
    labels: ["queue"],
  },
  "orbweaver.queue.crawls": { kind: "gauge", help: "Unfinished crawls, by state", unit: "{crawl}", labels: ["state"] },
  "orbweaver.job.duration": {
    kind: "histogram",
    help: "Attempts at jobs, by kind and what came of them",
    unit: "s",
    labels: ["kind", "outcome"],
    bounds: LATENCY_S,
  },
  "orbweaver.job.wait": {
    kind: "histogram",
    help: "From when a job was due to when it was begun, by queue",
    unit: "s",
    labels: ["queue"],
    bounds: LATENCY_S,
  },
  "orbweaver.fetch.duration": {
    kind: "histogram",
    help: "Requests to websites, all hops and the body, by class of status or code of failure",
    unit: "s",
    labels: ["outcome"],
    bounds: LATENCY_S,
  },
  "orbweaver.fetch.bytes": {
    kind: "counter",
    help: "Body bytes of websites' answers, as they came over the wire",
    unit: "By",
    labels: ["outcome"],
  },
  "orbweaver.notify.deliveries": {
    kind: "counter",
    help: "Attempts to tell a channel of an event, by kind of channel and outcome: delivered, retried later, or failed for good",
    unit: "{attempt}",
    labels: ["kind", "outcome"],
  },
  "orbweaver.notify.attempt.duration": {
    kind: "histogram",
    help: "Attempts to tell a channel of an event, by kind of channel and outcome",
    unit: "s",
    labels: ["kind", "outcome"],
    bounds: LATENCY_S,
  },
  "orbweaver.notify.latency": {
    kind: "histogram",
    help: "From when something happened to when a channel was told, by kind of channel",
    unit: "s",
    labels: ["kind"],
    bounds: RUN_S,
  },
  "orbweaver.notify.oldest_pending": {
    kind: "gauge",
    help: "Age of the oldest delivery that has not arrived and was not given up; 0 when there is none",
    unit: "s",
    labels: [],
  },
  "orbweaver.embeddings.duration": {
    kind: "histogram",
    help: "Requests for vectors, by what they were for and what came of them",
    unit: "s",
    labels: ["purpose", "outcome"],
    bounds: LATENCY_S,
  },
  "orbweaver.parse.duration": {
    kind: "histogram",
    help: "Pages turned into documents, waiting for a thread included",
    unit: "s",
    labels: ["outcome"],
    bounds: LATENCY_S,
  },
  "orbweaver.parse.queue": {
    kind: "gauge",
    help: "Pages handed to the parser and not done",
    unit: "{page}",
    labels: [],
  },
  "orbweaver.parse.replacements": {
    kind: "counter",
    help: "Parser threads that were replaced: for their pages, for memory that they kept, or lost with a page",
    unit: "{thread}",
    labels: ["reason"],
  },
  "db.client.operation.duration": {
    kind: "histogram",
    help: "Statements, waiting for a connection included, by their first word",
    unit: "s",
    labels: ["operation", "outcome"],
    bounds: LATENCY_S,
  },
  "db.client.connection.count": {
    kind: "gauge",
    help: "Connections of the database's pool, by state",
    unit: "{connection}",
    labels: ["state"],
  },
  "db.client.connection.pending_requests": {
    kind: "gauge",
    help: "Statements and transactions that wait for a connection",
    unit: "{request}",
    labels: [],
  },
  "db.client.connection.max": {
    kind: "gauge",
    help: "Connections that the pool may have",
    unit: "{connection}",
    labels: [],
  },
  "orbweaver.database.reads": {
    kind: "counter",
    help: "Reads that may be a moment old, where there are replicas, by who answered",
    unit: "{read}",
    labels: ["answered_by"],
  },
  "orbweaver.database.replica.lag": {
    kind: "gauge",
    help: "How far a replica is behind the primary at most",
    unit: "s",
    labels: ["replica"],
  },
  "orbweaver.cache.lookups": {
    kind: "counter",
    help: "Values asked of the cache",
    unit: "{lookup}",
    labels: ["result"],
  },
  "orbweaver.cache.available": {
    kind: "gauge",
    help: "Whether the cache that is configured answers: 0 while Redis, or PostgreSQL in its place, is away",
    unit: "1",
    labels: ["kind"],
  },
  "orbweaver.instances": {
    kind: "gauge",
    help: "Processes of the service that are alive, by role, as this one saw them last",
    unit: "{process}",
    labels: ["role"],
  },
  "orbweaver.event_loop.delay": {
    kind: "gauge",
    help: "Longest time that the event loop was held up since the last reading",
    unit: "s",
    labels: [],
  },
  "process.memory.usage": { kind: "gauge", help: "Resident memory", unit: "By", labels: [] },
  "orbweaver.memory.heap": { kind: "gauge", help: "JavaScript heap in use", unit: "By", labels: [] },
  "process.cpu.time": { kind: "counter", help: "CPU time, by mode", unit: "s", labels: ["mode"] },
  "orbweaver.process.start_time": { kind: "gauge", help: "Unix time of the start", unit: "s", labels: [] },
  "orbweaver.build.info": { kind: "gauge", help: "1, with what runs", unit: "", labels: ["version", "runtime"] },
} as const satisfies Record<string, Instrument>;

export type InstrumentName = keyof typeof INSTRUMENTS;
type NameOf<Kind extends Instrument["kind"]> = {
  [Name in InstrumentName]: (typeof INSTRUMENTS)[Name]["kind"] extends Kind ? Name : never;
}[InstrumentName];
export type CounterName = NameOf<"counter">;
export type HistogramName = NameOf<"histogram">;
/** Read when somebody asks, since somebody else keeps them. */
export type WatchedName = NameOf<"gauge"> | "process.cpu.time";

/** By name of label; all of the instrument's, and no others. */
export type Labels<Name extends InstrumentName> = Record<(typeof INSTRUMENTS)[Name]["labels"][number], string>;

const UNITS: Record<string, string> = { s: "_seconds", By: "_bytes" };

/** As OpenTelemetry's compatibility rules have it: dots become `_`, the unit and a counter's `_total` come last. */
export function prometheusName(name: InstrumentName): string {
  const { kind, unit } = INSTRUMENTS[name];
  const base = name.replaceAll(".", "_");
  const suffix = UNITS[unit] ?? "";
  return `${base}${base.endsWith(suffix) ? "" : suffix}${kind === "counter" ? "_total" : ""}`;
}
