// What a request brings, and what it is refused with.
import type { IncomingMessage } from "node:http";

/** An answer that is no success: its status and what the client is told. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The body as JSON. Throws 413 where it is too large, without keeping it, and 400 where it is no JSON. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const body = await readBody(request, maxBytes);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new Refusal(400, `the body is not JSON: ${(error as Error).message}`);
  }
}

// With listeners: to leave a loop over the request would close its connection before the answer.
function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = Number(request.headers["content-length"] ?? 0);
    const isTooLarge = (): boolean => {
      if (size <= maxBytes) return false;
      chunks = [];
      reject(new Refusal(413, `the body is larger than ${maxBytes} bytes; send fewer rows at once`));
      return true;
    };
    isTooLarge();
    size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      // What still comes is read and dropped, so that the client hears the answer.
      if (!isTooLarge()) chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
  });
}
