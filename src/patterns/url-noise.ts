/** Parameters that say where a visitor came from. They never choose what a server answers, so they are no identity. */
const trackingNames = new Set([
  // Advertising clicks: Google, Meta, Microsoft, Yandex, X, TikTok, Instagram, LinkedIn, Pinterest, Snap, Impact, AWIN.
  ...["gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid", "_gl", "_ga"],
  ...["fbclid", "fb_action_ids", "fb_action_types", "msclkid", "yclid", "ysclid", "_openstat", "twclid", "ttclid"],
  ...["igshid", "igsh", "li_fat_id", "epik", "sccid", "irclickid", "irgwc", "awc", "zanpid", "rb_clickid", "wickedid"],
  // Mailings: Mailchimp, Marketo, HubSpot, Vero, Omeda, MailerLite, Drip.
  ...["mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking", "vero_id"],
  ...["vero_conv", "oly_anon_id", "oly_enc_id", "ml_subscriber", "ml_subscriber_hash", "__s"],
]);

/** Families of the same: Urchin and Google Analytics, Matomo (and its old name), HubSpot ads. */
const trackingPrefixes = ["utm_", "mtm_", "matomo_", "pk_campaign", "pk_kwd", "piwik_", "hsa_"];

/** Names that carry a session and nothing else. `ref`, `source` and the like are left: sites do answer by them. */
const sessionNames = new Set(["phpsessid", "jsessionid", "asp.net_sessionid", "zenid", "oscsid", "cfid", "cftoken"]);

/** Names that carry a session on some sites and a real key on others: only a value that looks made by a machine goes. */
const maybeSessionNames = new Set(["sid", "sessid", "session", "sessionid", "session_id"]);

/** Whether a query parameter can be left out of a URL's identity. `name` is decoded and lower-case. */
export function isNoise(name: string, value: string): boolean {
  if (trackingNames.has(name) || sessionNames.has(name)) return true;
  if (trackingPrefixes.some((prefix) => name.startsWith(prefix)) || name.startsWith("aspsessionid")) return true;
  return maybeSessionNames.has(name) && isSessionToken(value);
}

/** PHP writes 26 or 32 characters, most others 32; a document's 24-digit object id must not count. */
function isSessionToken(value: string): boolean {
  return /^[0-9a-z]{26,128}$/i.test(value) && /\d/.test(value) && /[a-z]/i.test(value);
}
