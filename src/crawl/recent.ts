/** A map of what was used lately: holds at least the last `limit / 2` keys, and never more than `limit`. */
export type RecentMap<Value> = {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
};

/** Two generations instead of a list in order of use: a look-up costs one hash, not a deletion and an insertion. */
export function createRecentMap<Value>(limit: number): RecentMap<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  function set(key: string, value: Value): void {
    if (young.size >= limit / 2 && !young.has(key)) [old, young] = [young, new Map()];
    young.set(key, value);
  }

  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const aged = old.get(key);
      if (aged !== undefined) set(key, aged);
      return aged;
    },
    set,
  };
}

/** Strings that were met, in bounded memory; some that were not are taken for met. */
export type MetStrings = {
  has(text: string): boolean;
  add(text: string): void;
};

const firstLayerBits = 2 ** 18;
const growth = 4;
/** Bits a string gets before the next layer is begun: at two set bits each, one string in 70 is mistaken by a layer. */
const bitsPerString = 16;

/**
 * A Bloom filter that grows by layers, so that a small crawl pays little, up to about `maxBits` (a power of two). Fewer
 * than one string in ten is mistaken until `maxBits / 16` were added, one in six at `maxBits / 6`, then more and more.
 */
export function createMetStrings(maxBits: number): MetStrings {
  const layers = [createLayer(firstLayerBits)];

  return {
    has: (text) => {
      const places = placesOf(text);
      return layers.some((layer) => layer.has(places));
    },
    add: (text) => {
      const last = layers.at(-1);
      const isFull = last === undefined || (last.added >= last.bits / bitsPerString && last.bits < maxBits);
      const layer = isFull ? createLayer(Math.min(maxBits, (last?.bits ?? 0) * growth)) : last;
      if (layer !== last) layers.push(layer);
      layer.add(placesOf(text));
    },
  };
}

type Places = readonly [number, number];

type Layer = { readonly bits: number; added: number; has(places: Places): boolean; add(places: Places): void };

function placesOf(text: string): Places {
  return [Bun.hash.xxHash32(text), Bun.hash.murmur32v3(text)];
}

function createLayer(bits: number): Layer {
  const words = new Uint32Array(bits / 32);
  const mask = bits - 1;
  const isSet = (place: number) => ((words[(place & mask) >>> 5] ?? 0) & (1 << (place & 31))) !== 0;
  const set = (place: number) => {
    const at = (place & mask) >>> 5;
    words[at] = (words[at] ?? 0) | (1 << (place & 31));
  };
  return {
    bits,
    added: 0,
    has: ([first, second]) => isSet(first) && isSet(second),
    add(places) {
      this.added += 1;
      places.forEach(set);
    },
  };
}
