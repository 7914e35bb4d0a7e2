const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** A whole number; `undefined` for anything else. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `500ms`, `1.5s`, `30m`, `2h`, `1d`, or a number in `unit`, in milliseconds; `undefined` for anything else. */
export function parseDuration(text: string, unit: keyof typeof MS): number | undefined {
  const [, amount, given] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  return Math.round(Number(amount) * MS[(given as keyof typeof MS | undefined) ?? unit]);
}

/** `800`, `64kB`, `1.5GB`, in powers of a thousand; `undefined` for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, amount, prefix] = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?)b?$/.exec(text.trim().toLowerCase()) ?? [];
  if (amount === undefined) return undefined;
  return Math.round(Number(amount) * BYTES[prefix as keyof typeof BYTES]);
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const exponent = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** exponent).toFixed(1)} ${["B", "kB", "MB", "GB", "TB"][exponent]}`;
}

export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** `1,234 pages`, `1 page`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
