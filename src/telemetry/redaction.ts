export const HIDDEN = "[redacted]";

/** Names of fields whose value is a secret, whatever it is. `keyId` and `prefix` are none. */
const SECRET_NAME =
  /passw(?:or)?d|passphrase|secret|token|authorization|cookie|credential|signature|(?:api|access|private|service)[-_]?key|^(?:x-)?(?:key|auth|jwt|sid|sig|pwd|session)$/i;

/** The same as parts of a text: `name=value`, as in queries, forms and connection strings. */
const NAMES =
  "[\\w.-]*(?:passw(?:or)?d|passphrase|secret|token|authorization|cookie|credential|signature|(?:api|access|private|service)[-_]?key)[\\w-]*";

const TEXTS: [pattern: RegExp, replacement: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  // `user:password@` in a URL, up to the last @ before the path: a password may hold one.
  [/(\w:\/\/)[^\s/?#"'<>]*@/g, `$1${HIDDEN}@`],
  // The same where a URL is part of another's query.
  [/(%3A%2F%2F)(?:(?!%2F)[^\s/&"'])*%40/gi, `$1${HIDDEN}%40`],
  [/ow_(?:live|test)_[0-9A-Za-z]+/g, HIDDEN],
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*/g, HIDDEN],
  // Secrets of others that say by their first letters what they are.
  [
    /\b(?:pylf_v\d+_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[sr]k[-_](?:live_|test_|proj-)?|AKIA)[\w-]{8,}/g,
    HIDDEN,
  ],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(["']?\s*:\s*["']?)[^\r\n"']+/gi, `$1$2${HIDDEN}`],
  [/\b(bearer|basic)(\s+)[\w.~+/=-]{6,}/gi, `$1$2${HIDDEN}`],
  [new RegExp(`(["']${NAMES}["']\\s*:\\s*)(?:"[^"]*"|'[^']*'|[\\w.+/-]+)`, "gi"), `$1"${HIDDEN}"`],
  [new RegExp(`\\b(${NAMES}=)(?:"[^"]*"|[^\\s&"',;#)]+)`, "gi"), `$1${HIDDEN}`],
  [/([?&#;](?:amp;)?(?:key|sig|sign|auth|code|sid|session|pwd|pass|jwt|hmac)=)[^\s&"'#]+/gi, `$1${HIDDEN}`],
];

/** Most texts hold none of what the patterns look for: all of them need one of these marks. */
const MARKS = /[:=@]|%40|ow_|eyJ|earer|asic|-----|pylf|gh[pousr]_|github_pat|glpat|xox|[sr]k[-_]|AKIA/i;

export type Redactor = {
  /** The text without what looks like a secret, or is one of those known. */
  text(text: string): string;
  /** Whether a field's value must not be shown, by its name. */
  hides(name: string): boolean;
};

/**
 * Leaves secrets out of what is logged or traced, by their form and by the names they go under. Too much rather than too
 * little: a log line that misses a word is of more use than a key that has to be revoked.
 * @param secrets values that are hidden wherever they stand, such as those of settings
 */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  // The longest first, so that of one secret within another nothing is left over.
  const known = secrets.filter((secret) => secret.length >= MIN_KNOWN).toSorted((a, b) => b.length - a.length);
  return {
    text: (text) => {
      let shown = text;
      for (const secret of known) if (shown.includes(secret)) shown = shown.replaceAll(secret, HIDDEN);
      if (!MARKS.test(shown)) return shown;
      for (const [pattern, replacement] of TEXTS) shown = shown.replace(pattern, replacement);
      return shown;
    },
    hides: (name) => SECRET_NAME.test(name),
  };
}

/** A shorter secret, such as `test`, would also hide words that are none. */
const MIN_KNOWN = 6;
