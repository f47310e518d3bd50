// Formats that are known and not read: each is named, with the way to a format that is.
import { failure } from "../errors.js";

interface Known {
  readonly bytes: string;
  /** Where the bytes stand; default 0. */
  readonly at?: number;
  readonly is: string;
  readonly hint: string;
}

const FROM_PANDAS = 'write it as Parquet: frame.to_parquet("data.parquet")';
const FROM_R = 'in R: write.csv(data, "data.csv"), or arrow::write_parquet(data, "data.parquet")';
const unpack = (command: string) => `unpack it first: ${command} FILE`;

const KNOWN: readonly Known[] = [
  { bytes: "PARE", is: "an encrypted Parquet file", hint: "write it again without encryption" },
  {
    bytes: "ARROW1",
    is: "an Arrow (Feather) file",
    hint: 'write it as Parquet: pandas.read_feather(FILE).to_parquet("data.parquet")',
  },
  { bytes: "FEA1", is: "a Feather file of version 1", hint: FROM_PANDAS },
  { bytes: "ORC", is: "an ORC file", hint: 'write it as Parquet: pandas.read_orc(FILE).to_parquet("data.parquet")' },
  { bytes: "Obj\x01", is: "an Avro file", hint: FROM_PANDAS },
  { bytes: "SQLite format 3\0", is: "an SQLite database", hint: 'sqlite3 -header -csv FILE "SELECT * FROM table"' },
  {
    bytes: "MATLAB",
    is: "a MATLAB file",
    hint: 'in MATLAB: writematrix(x, "x.csv"); in Python: numpy.save("x.npy", scipy.io.loadmat(FILE)["x"])',
  },
  { bytes: "RDX2\n", is: "an R workspace (.RData)", hint: FROM_R },
  { bytes: "RDX3\n", is: "an R workspace (.RData)", hint: FROM_R },
  { bytes: "X\n\0\0\0\x02", is: "an R object (.rds)", hint: FROM_R },
  { bytes: "X\n\0\0\0\x03", is: "an R object (.rds)", hint: FROM_R },
  { bytes: "<stata_dta>", is: "a Stata file", hint: 'pandas.read_stata(FILE).to_parquet("data.parquet")' },
  { bytes: "$FL2", is: "an SPSS file", hint: 'pandas.read_spss(FILE).to_parquet("data.parquet")' },
  { bytes: "$FL3", is: "an SPSS file", hint: 'pandas.read_spss(FILE).to_parquet("data.parquet")' },
  {
    bytes: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    is: "a workbook of Excel or the like",
    hint: 'save the sheet as CSV (in Excel: "CSV UTF-8")',
  },
  { bytes: "BZh", is: "compressed with bzip2", hint: unpack("bunzip2") },
  { bytes: "\xfd7zXZ\0", is: "compressed with xz", hint: unpack("xz --decompress") },
  { bytes: "\x04\x22\x4d\x18", is: "compressed with lz4", hint: unpack("lz4 -d") },
  { bytes: "7z\xbc\xaf\x27\x1c", is: "a 7z archive", hint: unpack("7z x") },
  { bytes: "Rar!", is: "a RAR archive", hint: unpack("unrar x") },
  { bytes: "ustar", at: 257, is: "a tar archive", hint: unpack("tar xf") },
  { bytes: "%PDF", is: "a PDF", hint: "export the table as CSV" },
  ...[2, 3, 4, 5].map((protocol) => ({
    bytes: `\x80${String.fromCharCode(protocol)}`,
    is: "a Python pickle, which can run code and is never loaded",
    hint: `in Python: ${FROM_PANDAS}`,
  })),
];

/** As many bytes as tell the formats apart. */
export const TELLING = 2056;

/** `DATA_UNSUPPORTED` for a file that begins as a format that is known and not read; nothing where it does not. */
export function unreadable(path: string, head: string): Error | undefined {
  const known = KNOWN.find(({ bytes, at = 0 }) => head.startsWith(bytes, at));
  if (known === undefined) {
    if (!/^\s*<(!doctype html|html)\b/i.test(head)) return undefined;
    return failure("DATA_UNSUPPORTED", `${path} is a web page, not a table`, {
      path,
      hint: "the download may have been answered by a log-in or an error page: look at it, and download the file itself",
    });
  }
  const hint = known.hint.replace("FILE", path);
  return failure("DATA_UNSUPPORTED", `${path} is ${known.is}`, { path, hint });
}
