// Ingestion: anything that holds a table in, one data set out.
export {
  type ArrowLike,
  type ColumnsData,
  type DataConfig,
  dataJsonSchema,
  dataKeys,
  type InMemoryData,
  type MatrixData,
  type ModalityConfig,
  type NumberArray,
  parseDataConfig,
  type TargetData,
  type TreeData,
} from "./config.js";
export { type ColumnReport, type InspectReport, inspect, type ViewReport } from "./inspect.js";
export { formatInspection } from "./inspection-text.js";
export { type Dataset, type Leave, type ModelColumns, type Remembered, readDataset } from "./read.js";
export type { FoundReading, Numbers, ReadingOptions } from "./reading.js";
export type { Guesses } from "./roles.js";
export type { JoinReport } from "./source.js";
export type { TaskSize } from "./tasks.js";
