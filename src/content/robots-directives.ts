export type RobotsDirectives = { noindex: boolean; nofollow: boolean };

const ourName = "orbweaver";
/** Directives that carry a value after a colon, and so are no crawler's name. */
const valued = new Set(["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"]);

/**
 * Directives from an `X-Robots-Tag` header (several are joined by commas), such as `noindex, otherbot: nofollow`. What
 * follows a crawler's name counts for that crawler only, until the next name.
 */
export function parseRobotsTag(header: string | null | undefined): RobotsDirectives {
  const words: string[] = [];
  let isForUs = true;
  for (const part of (header ?? "").slice(0, 8192).toLowerCase().split(",")) {
    const named = /^\s*([\w.-]+)\s*:(.*)$/.exec(part);
    if (named && !valued.has(named[1] ?? "")) {
      isForUs = named[1] === ourName;
      if (isForUs) words.push(named[2] ?? "");
    } else if (isForUs) {
      words.push(part);
    }
  }
  return directivesIn(words);
}

/** Directives from a page's `<meta>`; those for everyone and those for us add up, as search engines have it. */
export function parseRobotsMeta(metas: readonly { name: string; content: string }[]): RobotsDirectives {
  return directivesIn(
    metas
      .filter(({ name }) => name === "robots" || name === ourName)
      .flatMap(({ content }) => content.toLowerCase().split(",")),
  );
}

export function combineRobots(a: RobotsDirectives, b: RobotsDirectives): RobotsDirectives {
  return { noindex: a.noindex || b.noindex, nofollow: a.nofollow || b.nofollow };
}

function directivesIn(words: readonly string[]): RobotsDirectives {
  const directives = new Set(words.flatMap((word) => word.trim().split(/\s+/)));
  const isNone = directives.has("none");
  return { noindex: isNone || directives.has("noindex"), nofollow: isNone || directives.has("nofollow") };
}
