import type { Host, Visit } from "./hosts.ts";

/** How all hosts together were treated. */
export type Treatment = {
  /** Requests that one host had at the same time, at the most. */
  mostOpen: number;
  /** Milliseconds from the start of a request to the start of the host's next, at the least. */
  smallestGapMs: number;
  /** As before, where the next request was another process's. */
  smallestHandoverMs: number;
  /** Times that the next request was another process's. */
  handovers: number;
  /** Share of the gaps that were shorter than so many milliseconds. */
  shareBelow(ms: number): number;
  /** Times that a process asked a host while another one's request was open there. */
  trespasses: number;
};

/** What hosts saw of those who asked them. */
export function studyTreatment(hosts: readonly Host[]): Treatment {
  const gaps: number[] = [];
  const handovers: number[] = [];
  let mostOpen = 0;
  let trespasses = 0;
  for (const { visits } of hosts) {
    let open: Visit[] = [];
    for (const [at, visit] of visits.entries()) {
      open = open.filter(({ endedAt }) => endedAt > visit.startedAt);
      if (open.some(({ agent }) => agent !== visit.agent)) trespasses++;
      open.push(visit);
      mostOpen = Math.max(mostOpen, open.length);
      const before = visits[at - 1];
      if (!before) continue;
      const gap = visit.startedAt - before.startedAt;
      gaps.push(gap);
      if (before.agent !== visit.agent) handovers.push(gap);
    }
  }
  return {
    mostOpen,
    trespasses,
    smallestGapMs: Math.min(...gaps),
    smallestHandoverMs: Math.min(...handovers),
    handovers: handovers.length,
    shareBelow: (ms) => gaps.filter((gap) => gap < ms).length / Math.max(1, gaps.length),
  };
}
