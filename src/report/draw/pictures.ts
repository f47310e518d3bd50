// Decoded images as PNG files in the page.
import { crc32, deflateSync } from "node:zlib";
import type { Pictures } from "../../generated/types.js";

/** Pixels between two pictures. */
const GAP = 1;
/** The longer side of a picture on the screen, at least. */
const SHOWN = 56;

/** The pictures of a latent side by side, as a URL, and the size at which they are shown. */
export function strip({ channels, height, width, pixels }: Pictures): {
  readonly url: string;
  readonly width: number;
  readonly height: number;
} {
  const columns = pixels.length * (width + GAP) - GAP;
  // Each line of a PNG begins with its filter: none.
  const lines = new Uint8Array(height * (1 + columns * channels)).fill(255);
  const pictures = pixels.map((hex) => Buffer.from(hex, "hex"));
  for (let y = 0; y < height; y++) {
    const line = y * (1 + columns * channels);
    lines[line] = 0;
    pictures.forEach((picture, i) => {
      const row = picture.subarray(y * width * channels, (y + 1) * width * channels);
      lines.set(row, line + 1 + i * (width + GAP) * channels);
    });
  }
  const scale = Math.max(1, Math.ceil(SHOWN / Math.max(height, width)));
  const url = `data:image/png;base64,${png(columns, height, channels, lines).toString("base64")}`;
  return { url, width: columns * scale, height: height * scale };
}

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

function png(width: number, height: number, channels: number, lines: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, grey or red, green and blue.
  header.set([8, channels === 3 ? 2 : 0], 8);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(lines)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
