/**
 * Asks again and again until there is an answer; errors count as none while there is time.
 * @throws Error once it has taken longer than it may
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 60_000, everyMs = 20 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let last: unknown; ; ) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs / 1000} s in vain until ${what}${last ? `: ${last}` : ""}`, { cause: last });
    }
    await Bun.sleep(everyMs);
  }
}
