import {
  type CounterName,
  type HistogramName,
  INSTRUMENTS,
  type Instrument,
  type InstrumentName,
  type Labels,
  type WatchedName,
} from "./instruments.ts";

/** The state of an instrument for one combination of labels. */
export type Series = {
  labels: Record<string, string>;
  /** Of a counter or gauge; of a histogram the sum. */
  value: number;
  /** Of a histogram: observations by bucket, the last one beyond all bounds. */
  buckets?: number[];
  count: number;
};

export type Reading = { name: InstrumentName; instrument: Instrument; series: Series[] };

/** What is shown when it is asked for, one value for each combination of labels. */
export type WatchedValues<Name extends WatchedName> = { labels: Labels<Name>; value: number }[];

export type Source<Name extends WatchedName> = () => WatchedValues<Name> | Promise<WatchedValues<Name>>;

export type Recorder = {
  count<Name extends CounterName>(name: Name, labels: Labels<Name>, by?: number): void;
  observe<Name extends HistogramName>(name: Name, labels: Labels<Name>, value: number): void;
  /** Has a source asked whenever the metric is read. Returns how to leave it. */
  watch<Name extends WatchedName>(name: Name, read: Source<Name>): () => void;
  /** All of it as it is now. A source that fails is left out; the rest is told. */
  read(): Promise<Reading[]>;
  /** Unix milliseconds since when it counts. */
  startedAt: number;
};

/** Labels are few and known; should one ever not be, memory stays bounded and the rest is counted as one. */
const MAX_SERIES = 500;

/**
 * Counts in memory, in a few maps: what a metrics library keeps costs megabytes before anybody has asked for a metric.
 * `/metrics` and the exporter translate this one record, so nothing is counted twice.
 */
export function createRecorder(startedAt: number): Recorder {
  const record = new Map<InstrumentName, Map<string, Series>>();
  const sources = new Map<InstrumentName, Set<AnySource>>();

  function find(name: InstrumentName, labels: Record<string, string>): Series {
    const series = record.get(name) ?? new Map<string, Series>();
    if (series.size === 0) record.set(name, series);
    const known = series.get(keyOf(labels));
    if (known) return known;
    const own =
      series.size < MAX_SERIES ? labels : Object.fromEntries(Object.keys(labels).map((key) => [key, "other"]));
    const found = series.get(keyOf(own)) ?? open(own, INSTRUMENTS[name]);
    series.set(keyOf(own), found);
    return found;
  }

  async function readSources(name: InstrumentName): Promise<Series[]> {
    const all = [...(sources.get(name) ?? [])].map(async (read) => read());
    const settled = await Promise.allSettled(all);
    return settled.flatMap((one) => (one.status === "fulfilled" ? one.value : [])).map((one) => ({ ...one, count: 1 }));
  }

  return {
    startedAt,
    count: (name, labels, by = 1) => {
      find(name, labels).value += by;
    },
    observe: (name, labels, value) => {
      const series = find(name, labels);
      series.value += value;
      series.count++;
      const { bounds } = INSTRUMENTS[name];
      let at = 0;
      while (at < bounds.length && value > (bounds[at] ?? 0)) at++;
      if (series.buckets) series.buckets[at] = (series.buckets[at] ?? 0) + 1;
    },
    watch: (name, read) => {
      const set = sources.get(name) ?? new Set();
      sources.set(name, set.add(read));
      return () => void set.delete(read);
    },
    read: () =>
      Promise.all(
        (Object.keys(INSTRUMENTS) as InstrumentName[]).map(async (name) => ({
          name,
          instrument: INSTRUMENTS[name],
          series: [...(record.get(name)?.values() ?? []), ...(await readSources(name))],
        })),
      ),
  };
}

type AnyValues = { labels: Record<string, string>; value: number }[];
type AnySource = () => AnyValues | Promise<AnyValues>;

function open(labels: Record<string, string>, { bounds }: Instrument): Series {
  return { labels, value: 0, count: 0, ...(bounds ? { buckets: new Array<number>(bounds.length + 1).fill(0) } : {}) };
}

/** Callers name labels in one order, that of the declaration. */
function keyOf(labels: Record<string, string>): string {
  let key = "";
  for (const name in labels) key += `${labels[name]}\n`;
  return key;
}
