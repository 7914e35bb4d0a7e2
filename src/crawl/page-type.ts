/** Extensions of what is never a page. Documents (pdf, docx), text, JSON, XML and feeds are not here: they are kept. */
const nonPageExtensions = new Set([
  // Images
  ...["png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "svgz", "ico", "bmp", "tif", "tiff", "heic", "heif", "jxl"],
  ...["psd", "eps", "raw", "cr2", "nef"],
  // Sound and video
  ...["mp3", "ogg", "oga", "opus", "flac", "wav", "m4a", "aac", "wma", "mid", "midi", "mp4", "m4v", "webm", "ogv"],
  ...["avi", "mov", "mkv", "wmv", "flv", "mpg", "mpeg", "3gp", "m3u8"],
  // Archives, packages and images of disks
  ...["zip", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "7z", "rar", "tar", "jar", "war", "whl", "deb", "rpm"],
  ...["apk", "ipa", "dmg", "pkg", "msi", "exe", "iso", "img", "vmdk", "ova", "bin", "dll", "so", "torrent"],
  // Fonts and style
  ...["woff", "woff2", "ttf", "otf", "eot", "css", "swf", "wasm"],
]);

/** Folders and names of scripts; elsewhere `.js` may end the name of a thing, as in `/wiki/Node.js`. */
const scriptPath =
  /(?:[.-]min\.m?js$|\.(?:js|css)\.map$|\/(?:_?assets|_?static|_next|js|javascripts?|scripts|dist|build|bundles?|lib|libs|vendor|wp-includes|wp-content)\/.*\.m?js$)/;

/**
 * Whether a URL's extension says that there is no page behind it. Only sure cases: a page lost is worse than a request
 * made. `/wiki/File:Sun.jpg` and `/blob/main/logo.png` are pages about a picture.
 */
export function isSurelyNoPage(url: string): boolean {
  const query = url.indexOf("?");
  const end = query < 0 ? url.length : query;
  const start = url.lastIndexOf("/", end - 1) + 1;
  const dot = url.lastIndexOf(".", end - 1);
  // The slash after the host: a URL without a path has its host here, and `.so` is a country.
  if (dot <= start || start <= url.indexOf("://") + 3 || end - dot > 6) return false;
  const extension = url.slice(dot + 1, end).toLowerCase();
  if (extension === "js" || extension === "mjs" || extension === "map") return scriptPath.test(url.slice(0, end));
  if (!nonPageExtensions.has(extension)) return false;
  return !url.slice(start, end).includes(":") && !url.slice(start, end).includes("%3A") && !url.includes("/blob/");
}
