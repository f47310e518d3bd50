// What is done to single pictures: smaller, turned, colored.

/** A picture of one channel, row by row. */
export interface Gray {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Hue in degrees of the colors 0 and 1; from red over green and blue, without coming round. */
const HUES = [0, 240] as const;

/** The value at a place between pixels, bilinear; outside there is nothing. */
function between({ data, height, width }: Gray, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - top, x - left];
  const at = (row: number, col: number): number =>
    row >= 0 && row < height && col >= 0 && col < width ? data[row * width + col]! : 0;
  return (
    (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
    down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1))
  );
}

/** A smaller picture of `side` x `side`, bilinear between the middles of pixels. */
export function shrunk(picture: Gray, side: number): Gray {
  const [tall, wide] = [picture.height / side, picture.width / side];
  const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  const data = new Float32Array(side * side);
  for (let i = 0; i < side; i++)
    for (let j = 0; j < side; j++)
      data[i * side + j] = between(
        picture,
        clamp((i + 0.5) * tall - 0.5, picture.height - 1),
        clamp((j + 0.5) * wide - 0.5, picture.width - 1),
      );
  return { data, height: side, width: side };
}

/** The picture turned about its middle, by degrees against the clock. */
export function turned(picture: Gray, degrees: number): Gray {
  const { height, width } = picture;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [y0, x0] = [(height - 1) / 2, (width - 1) / 2];
  const data = new Float32Array(height * width);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const [y, x] = [i - y0, j - x0];
      data[i * width + j] = between(picture, y0 + cos * y + sin * x, x0 - sin * y + cos * x);
    }
  return { data, height, width };
}

/** Red, green and blue of a picture in one color, which runs from 0 to 1; channels one after the other. */
export function tinted({ data }: Gray, color: number): Float32Array {
  const parts = rgb(HUES[0] + (HUES[1] - HUES[0]) * Math.min(Math.max(color, -0.25), 1.25));
  const out = new Float32Array(3 * data.length);
  parts.forEach((part, channel) => {
    for (const [at, value] of data.entries()) out[channel * data.length + at] = part * value;
  });
  return out;
}

/** The purest color of a hue in degrees. */
function rgb(hue: number): readonly [number, number, number] {
  const part = (shift: number): number => {
    const at = (((shift + hue / 60) % 6) + 6) % 6;
    return 1 - Math.max(0, Math.min(at, 4 - at, 1));
  };
  return [part(5), part(3), part(1)];
}
