import { type Diagnosis, fail, pass, warn } from "./diagnosis.ts";

/** @param aheadMs by how much this machine's clock is ahead of the other */
export function judgeClock(aheadMs: number, whose: string, warnMs: number, failMs: number): Diagnosis {
  const off = Math.abs(aheadMs);
  const apart = off < 1_000 ? `${Math.round(off)} ms` : `${(off / 1_000).toFixed(1)} s`;
  const finding = `This machine's clock is ${apart} ${aheadMs < 0 ? "behind" : "ahead of"} ${whose}`;
  if (off < warnMs) return pass(finding);
  const mend = "Have both set by NTP";
  return off < failMs ? warn(finding, mend) : fail(finding, mend);
}
