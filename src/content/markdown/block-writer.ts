/** Deeper containers write into their parent: past this, indentation alone would make the output quadratic. */
const maxContainers = 16;

/** `isTight`: no blank line comes before it. */
type Container = { marker: string; indent: string; isTight: boolean };

export type CellState = { containers: Container[]; opened: number; hasGap: boolean; lastList: string; parts: string[] };

/**
 * Writes blocks line by line under the prefixes of the containers (quotes, list items) they stand in. A container shows
 * once something is written in it, so empty ones leave no trace.
 */
export class BlockWriter {
  /** In a table cell everything stays on one line. */
  isInCell = false;
  /** Whether the innermost container is an item of a list without blank lines. */
  isInTightItem = false;
  /** Marker of the list that ended just now in this container, or the empty string. */
  lastList = "";

  private parts: string[] = [];
  private containers: Container[] = [];
  private opened = 0;
  private prefix = "";
  private blankPrefix = "";
  private hasGap = false;
  private skipped = 0;

  /** Whether nothing is written yet in the innermost container. */
  isAtContainerStart(): boolean {
    return this.skipped === 0 && this.opened < this.containers.length;
  }

  /** Whether a next container would still be shown as such. */
  canNest(): boolean {
    return this.containers.length < maxContainers;
  }

  /** Whether the container entered last is shown as such. */
  isShown(): boolean {
    return this.skipped === 0;
  }

  isInList(): boolean {
    return /^(?:[-+]|\d+[.)]) $/.test(this.containers.at(-1)?.marker ?? "");
  }

  isNested(): boolean {
    return this.containers.length > 0;
  }

  /** `marker` stands before the container's first line, `indent` before its others. */
  enter(marker: string, indent: string, isTight = false): void {
    if (this.canNest()) this.containers.push({ marker, indent, isTight });
    else this.skipped++;
    this.lastList = "";
  }

  leave(): void {
    this.lastList = "";
    if (this.skipped > 0) {
      this.skipped--;
      return;
    }
    this.containers.pop();
    if (this.opened > this.containers.length) {
      this.opened = this.containers.length;
      this.setPrefix();
    }
  }

  /** The next block follows the last one without a blank line. */
  closeGap(): void {
    this.hasGap = false;
  }

  /** The next block needs a blank line before it, whatever was said of the last one. */
  openGap(): void {
    this.hasGap = this.parts.length > 0;
  }

  /** Writes one block of one or more lines. */
  write(lines: readonly string[]): void {
    if (this.isInCell) {
      this.writeInCell(lines.join(" "));
      return;
    }
    if (this.hasGap && !this.containers[this.opened]?.isTight) this.parts.push(this.blankPrefix, "\n");
    let first = this.prefix;
    if (this.opened < this.containers.length) {
      for (const { marker } of this.containers.slice(this.opened)) first += marker;
      this.opened = this.containers.length;
      this.setPrefix();
    }
    let isFirst = true;
    for (const line of lines) {
      if (line === "") this.parts.push(isFirst ? first.trimEnd() : this.blankPrefix, "\n");
      else this.parts.push(isFirst ? first : this.prefix, line, "\n");
      isFirst = false;
    }
    this.hasGap = true;
    this.lastList = "";
  }

  beginCell(): CellState {
    const { containers, opened, hasGap, lastList, parts } = this;
    this.containers = [];
    this.opened = 0;
    this.hasGap = false;
    this.parts = [];
    this.isInCell = true;
    return { containers, opened, hasGap, lastList, parts };
  }

  endCell(state: CellState): string {
    const text = this.parts.join("");
    this.containers = state.containers;
    this.opened = state.opened;
    this.hasGap = state.hasGap;
    this.lastList = state.lastList;
    this.parts = state.parts;
    this.isInCell = false;
    return text;
  }

  toString(): string {
    return this.parts.join("");
  }

  private writeInCell(text: string): void {
    if (this.parts.length > 0) this.parts.push("<br>");
    for (const { marker } of this.containers.slice(this.opened)) {
      if (marker !== "> ") this.parts.push(marker);
    }
    this.opened = this.containers.length;
    this.parts.push(text);
  }

  private setPrefix(): void {
    let prefix = "";
    for (let at = 0; at < this.opened; at++) prefix += this.containers[at]?.indent ?? "";
    this.prefix = prefix;
    this.blankPrefix = prefix.trimEnd();
  }
}
