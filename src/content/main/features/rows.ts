/** Numbers a buffer may have to be kept for the next page: 8 MB. */
const maxKept = 2_000_000;

/**
 * Room for the rows of one page after another. Megabytes of it a page would keep the garbage collector busy, so it is
 * used again: what was written for a page holds until the next page comes.
 */
export class RowBuffer {
  private kept = new Float32Array(0);

  take(length: number): Float32Array {
    if (length > maxKept) return new Float32Array(length);
    if (length > this.kept.length) this.kept = new Float32Array(Math.min(maxKept, length * 2));
    return this.kept.subarray(0, length);
  }
}
