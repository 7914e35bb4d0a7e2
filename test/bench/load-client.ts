// A client for machines without `wrk`: so many requests at a time for so many seconds, and what came of them.
const [url = "", connections, seconds] = process.argv.slice(2);
const until = performance.now() + Number(seconds) * 1_000;
const startedAt = performance.now();
const times: number[] = [];

async function ask(): Promise<void> {
  while (performance.now() < until) {
    const askedAt = performance.now();
    const answer = await fetch(url);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    times.push(performance.now() - askedAt);
  }
}

await Promise.all(Array.from({ length: Number(connections) }, ask));
const elapsedS = (performance.now() - startedAt) / 1_000;
times.sort((a, b) => a - b);
const percentile = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
console.log(
  JSON.stringify({ requestsPerSecond: times.length / elapsedS, p50Ms: percentile(0.5), p99Ms: percentile(0.99) }),
);
