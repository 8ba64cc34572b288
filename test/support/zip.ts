import { crc32, deflateRawSync } from 'node:zlib';

/** A file for a zip archive, and what its headers say where that is not the truth. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  readonly isEncrypted?: boolean;
  /** 8, deflate, unless told. */
  readonly method?: number;
  readonly uncompressedSize?: number;
  /** Where the central directory says it begins; another entry's place makes the two overlap. */
  readonly offset?: number;
}

/** A zip archive (PKWARE APPNOTE 4.3), with the lies that its entries tell. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content as string);
    const packed = deflateRawSync(content);
    const name = Buffer.from(entry.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(entry.isEncrypted === true ? 0x801 : 0x800, 2);
    common.writeUInt16LE(entry.method ?? 8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.uncompressedSize ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(14);
    central.writeUInt32LE(entry.offset ?? offset, 10);
    directory.push(Buffer.from('504b01021400', 'hex'), common, central, name);
    const file = Buffer.concat([Buffer.from('504b0304', 'hex'), common, name, packed]);
    files.push(file);
    offset += file.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('504b0506', 0, 'hex');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, index, end]);
}
