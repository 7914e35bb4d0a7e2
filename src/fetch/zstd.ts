const FRAME = 0xfd2fb528;
const SKIPPABLE_FRAME = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;

/** Whether the bytes begin as a zstd frame does (RFC 8878 §3.1). */
export function isZstd(bytes: Uint8Array<ArrayBuffer>): boolean {
  if (bytes.byteLength < 4) return false;
  const magic = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  return magic === FRAME || (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_FRAME;
}

/**
 * Whether every frame of a zstd stream is there to its last block, told from the headers of frames and blocks alone
 * (RFC 8878 §3.1). Costs a step a block, of which there is one for each 128 KiB of content or so.
 */
export function isZstdWhole(bytes: Uint8Array<ArrayBuffer>): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset < bytes.byteLength) {
    const next = findFrameEnd(view, offset);
    if (next === undefined || next > bytes.byteLength) return false;
    offset = next;
  }
  return true;
}

function findFrameEnd(view: DataView, start: number): number | undefined {
  if (start + 8 > view.byteLength) return undefined;
  const magic = view.getUint32(start, true);
  if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_FRAME) return start + 8 + view.getUint32(start + 4, true);
  if (magic !== FRAME) return undefined;

  const descriptor = view.getUint8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;

  let offset = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (;;) {
    if (offset + 3 > view.byteLength) return undefined;
    const header = view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
    const isRunLength = ((header >> 1) & 0x03) === 1;
    offset += 3 + (isRunLength ? 1 : header >> 3);
    if ((header & 1) === 1) return offset + (hasChecksum ? 4 : 0);
  }
}
