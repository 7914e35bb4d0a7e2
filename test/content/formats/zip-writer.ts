import { crc32, deflateRawSync } from "node:zlib";

export type ZipPart = {
  name: string;
  bytes: string | Uint8Array;
  /** What the archive says of its size, if that is a lie. */
  declaredBytes?: number;
  isEncrypted?: boolean;
};

/** An archive of our own making, packed by deflate. */
export function writeZip(parts: ZipPart[]): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes, declaredBytes, isEncrypted } of parts) {
    const content = Buffer.from(bytes);
    const packed = deflateRawSync(content);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(isEncrypted ? 1 : 0, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(declaredBytes ?? content.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    list.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, rest, Buffer.from(name)]));
    chunks.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return new Uint8Array(Buffer.concat([...chunks, directory, Buffer.from("PK\x05\x06"), end]));
}

const namespaces =
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/** A Word file around the XML of its paragraphs; `links` are the targets of its relationships `link1`, `link2`, … */
export function writeDocx(body: string, { core = "", links = [] as string[], parts = [] as ZipPart[] } = {}) {
  const types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>';
  const open = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">';
  const targets = links.map(
    (url, at) => `<Relationship Id="link${at + 1}" Type="${office}/hyperlink" Target="${url}"/>`,
  );
  const styles = ["Title", "Heading1", "Heading2"].map(
    (id) => `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${id.replace(/(\d)/, " $1")}"/></w:style>`,
  );
  return writeZip([
    { name: "[Content_Types].xml", bytes: types },
    {
      name: "_rels/.rels",
      bytes: `${open}<Relationship Id="r1" Type="${office}/officeDocument" Target="word/document.xml"/></Relationships>`,
    },
    { name: "word/_rels/document.xml.rels", bytes: `${open}${targets.join("")}</Relationships>` },
    {
      name: "word/styles.xml",
      bytes: `<w:styles ${namespaces}><w:docDefaults><w:lang w:val="en-GB"/></w:docDefaults>${styles.join("")}</w:styles>`,
    },
    { name: "word/document.xml", bytes: `<w:document ${namespaces}><w:body>${body}</w:body></w:document>` },
    {
      name: "docProps/core.xml",
      bytes: `<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t">${core}</cp:coreProperties>`,
    },
    ...parts,
  ]);
}
