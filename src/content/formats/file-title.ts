/** What programs write into a file's title when its author gave none. */
const placeholder =
  /^(?:untitled.{0,20}|document\d{0,3}|microsoft \w{1,20}(?: - .{0,300})?|.{1,200}\.(?:docx?|rtf|odt|tex|dvi|indd|qxd|pmd|pptx?|xlsx?|pdf|html?|fm)|\S{0,30}slide \d{1,3}|print|title|normal|template|-|\(?anonymous\)?|\(?unspecified\)?)$/i;

/** Whether a title is none: the name of a file or a program. */
export function isPlaceholderTitle(title: string): boolean {
  return title.trim() === "" || placeholder.test(title.slice(0, 400).trim());
}
