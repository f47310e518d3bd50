import { inflateSync } from "node:zlib";
import test from "ava";
import { report } from "../../src/report/index.js";
import { figure, sections, text } from "./page.js";
import { counterfactualRecord, pictureRecord, pixelOf, ROWS, VALUES } from "./picture-records.js";

/** Size, colour type and lines of a PNG without filters. */
function opened(url: string): { width: number; height: number; color: number; lines: Buffer[] } {
  const file = Buffer.from(url.slice("data:image/png;base64,".length), "base64");
  if (file.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n") throw new Error("no PNG");
  const [width, height, color] = [file.readUInt32BE(16), file.readUInt32BE(20), file[25]!];
  const at = file.indexOf("IDAT");
  const data = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  const length = data.length / height;
  return {
    width,
    height,
    color,
    lines: Array.from({ length: height }, (_, y) => data.subarray(y * length, (y + 1) * length)),
  };
}

for (const [channels, height, width] of [
  [1, 3, 4],
  [3, 2, 5],
] as const) {
  test(`each latent is a line of pictures of ${channels} x ${height} x ${width} with their pixels`, async (t) => {
    const { html } = await report([pictureRecord(channels, height, width)]);
    t.true(sections(html).includes("traversals"));
    const shown = figure(html, "pictures-1");
    const urls = [...shown.matchAll(/<img src="([^"]+)" alt="([^"]+)"/g)];
    t.is(urls.length, 2);
    t.is(urls[1]![2], "photo with z2 from \u22122 to 2");
    urls.forEach(([, url], latent) => {
      const image = opened(url!);
      t.deepEqual(
        [image.width, image.height, image.color],
        [VALUES.length * (width + 1) - 1, height, channels === 3 ? 2 : 0],
      );
      image.lines.forEach((line, y) => {
        t.is(line[0], 0, "no filter");
        VALUES.forEach((_, step) => {
          const start = 1 + step * (width + 1) * channels;
          const want = Array.from({ length: width * channels }, (_, x) =>
            pixelOf(latent, step, y * width * channels + x),
          );
          t.deepEqual([...line.subarray(start, start + width * channels)], want);
        });
      });
    });
    t.regex(text(shown), /Black is 0\S*, white 255, the range of the training rows/);
  });
}

test("each row of images stands beside what it would be with other values of a latent that changes it", async (t) => {
  const { html } = await report([counterfactualRecord()]);
  t.true(sections(html).includes("counterfactuals"));
  const shown = figure(html, "counterfactuals-1");
  const images = [...shown.matchAll(/<img src="([^"]+)" alt="([^"]+)"/g)];
  // z2 changes nothing and has no lines.
  t.deepEqual(
    images.map(([, , alt]) => alt),
    ROWS.flatMap((row) => [
      `photo of row ${row + 1}, as it is and as it is decoded`,
      "the same with z1 from \u22122 to 2",
    ]),
  );
  const pixels = images.map(([, url]) => [...opened(url!).lines[0]!].slice(1).filter((_, at) => at % 2 === 0));
  t.deepEqual(
    pixels,
    ROWS.flatMap((row) => [[10 * row, 10 * row + 1], VALUES.map((_, step) => 10 * row + 1 + 20 * step)]),
  );
  t.regex(text(html), /Rows 5 and 10 of the data/);
});

test("a run without images has no pictures", async (t) => {
  const plain = pictureRecord(1, 2, 2);
  const traversals = plain.summary.traversals!.map(({ pictures: _, ...others }) => others);
  const { html } = await report([{ ...plain, summary: { ...plain.summary, traversals } }]);
  t.false(sections(html).includes("traversals"));
  t.notRegex(html, /<img/);
});
