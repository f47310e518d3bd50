//! Failures: what went wrong, where, what was expected and what to do, as plain data that crosses every boundary.
//!
//! Codes are API. They are never renamed and never reused; a retired code stays retired.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The result of anything that can fail because of what the user gave us.
pub type Result<T> = std::result::Result<T, Failure>;

/// A typed failure. `Display` is its one-line message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Stable identifier, `AREA_PROBLEM`.
    pub code: Code,
    /// One line, lower case: what, where, got, allowed.
    pub message: String,
    /// Where: a config path (`method.beta`), or `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// The numbers behind the message, for programs.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub context: Map<String, Value>,
}

impl Failure {
    /// A failure with a code and a one-line message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: on_one_line(message.into()), path: None, hint: None, context: Map::new() }
    }

    /// Says where.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds one number or word for programs.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

macro_rules! codes {
    ($($name:ident $text:literal => $explanation:literal,)+) => {
        /// Every failure the product can produce. The TypeScript union and docs/errors.md are generated from this list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $explanation] #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// All codes, in order of area.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as users see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// One sentence for the documentation.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$name => $explanation,)+ }
            }
        }
    };
}

codes! {
    ConfigInvalid "CONFIG_INVALID" => "Several parts of the configuration are wrong; `context.failures` lists them all.",
    ConfigUnknownKey "CONFIG_UNKNOWN_KEY" => "A configuration key that does not exist; the nearest existing one is offered.",
    ConfigWrongType "CONFIG_WRONG_TYPE" => "A configuration value has the wrong type.",
    ConfigOutOfRange "CONFIG_OUT_OF_RANGE" => "A configuration value lies outside its bounds.",
    ConfigMissing "CONFIG_MISSING" => "A configuration value without a default was not given.",
    ConfigUnknownMethod "CONFIG_UNKNOWN_METHOD" => "No method, simulator or metric of this name.",
    ConfigConflict "CONFIG_CONFLICT" => "Two configuration values contradict each other.",
    ConfigParse "CONFIG_PARSE" => "A YAML or JSON configuration file could not be parsed.",
    ConfigUsage "CONFIG_USAGE" => "The command line could not be understood.",
    DataNotFound "DATA_NOT_FOUND" => "A file or folder does not exist or cannot be read.",
    DataUnknownFormat "DATA_UNKNOWN_FORMAT" => "The format of a file could not be recognized.",
    DataEncoding "DATA_ENCODING" => "A text file is not UTF-8.",
    DataEmpty "DATA_EMPTY" => "A file or table without rows, or without input columns.",
    DataRaggedRow "DATA_RAGGED_ROW" => "A row has another number of fields than the header.",
    DataNotNumeric "DATA_NOT_NUMERIC" => "Text where a number was expected.",
    DataFormula "DATA_FORMULA" => "A chemical formula that cannot be read.",
    DataNotFinite "DATA_NOT_FINITE" => "NaN, an infinity or a missing value where a finite number was expected.",
    DataOverflow "DATA_OVERFLOW" => "A number too large for 32-bit floating point.",
    DataDuplicateColumn "DATA_DUPLICATE_COLUMN" => "Two columns have the same name.",
    DataMissingColumn "DATA_MISSING_COLUMN" => "A column that was asked for does not exist.",
    DataConstantColumn "DATA_CONSTANT_COLUMN" => "An input column that never varies.",
    DataJoin "DATA_JOIN" => "Rows of several tables cannot be joined: an id stands twice in one of them, or none stands in all.",
    DataShape "DATA_SHAPE" => "Matrices, labels or names whose sizes do not fit together.",
    DataCorrupt "DATA_CORRUPT" => "A binary file is truncated or its header does not describe its content.",
    DataChanged "DATA_CHANGED" => "The data were changed between the time they were checked and the time they were used.",
    DataUnsupported "DATA_UNSUPPORTED" => "A file uses a feature that is refused, such as pickled objects.",
    DataDetached "DATA_DETACHED" => "A typed array was detached before it could be copied.",
    DataTooFewRows "DATA_TOO_FEW_ROWS" => "Fewer rows than the method can work with.",
    DataNeedsEnvironments "DATA_NEEDS_ENVIRONMENTS" => "The method needs rows from at least two environments.",
    DataNeedsImages "DATA_NEEDS_IMAGES" => "Convolutions were asked for, and the data are not images of one view that is large enough.",
    DataNeedsInterventions "DATA_NEEDS_INTERVENTIONS" => "The environments do not show changes of single latents: none moves the inputs, or in too many directions.",
    DataNeedsModalities "DATA_NEEDS_MODALITIES" => "The method needs another number of modalities than the data have, or a row has none of them.",
    DataDuplicateModality "DATA_DUPLICATE_MODALITY" => "Two modalities hold the same numbers.",
    DataModalitiesUnrelated "DATA_MODALITIES_UNRELATED" => "No two modalities say anything of each other.",
    DataNeedsReference "DATA_NEEDS_REFERENCE" => "The method needs to know the environment without an intervention, and the data do not tell it.",
    DataNeedsTarget "DATA_NEEDS_TARGET" => "The method needs a target column.",
    DataNeedsSimulator "DATA_NEEDS_SIMULATOR" => "Fresh rows need data as a simulator that can draw more of them made them.",
    DataNeedsTasks "DATA_NEEDS_TASKS" => "The method needs several tasks: task labels with one target, or several targets.",
    DataNeedsTruth "DATA_NEEDS_TRUTH" => "The method may look at a truth that the data do not have.",
    DataNeedsTree "DATA_NEEDS_TREE" => "The method needs a tree over the environments.",
    DataUnknownEnvironment "DATA_UNKNOWN_ENVIRONMENT" => "An environment label that names no node of the tree.",
    DataColumnMismatch "DATA_COLUMN_MISMATCH" => "New data lack an input column the model was fitted on.",
    TreeParse "TREE_PARSE" => "A tree file could not be parsed.",
    TreeCycle "TREE_CYCLE" => "The parents of a tree form a cycle.",
    TreeRoots "TREE_ROOTS" => "A tree has no root or more than one.",
    TreeLength "TREE_LENGTH" => "A tree has a negative or non-finite branch length.",
    TreeNames "TREE_NAMES" => "A tree has duplicate or empty node names.",
    NumericNotFinite "NUMERIC_NOT_FINITE" => "A computation left the finite numbers.",
    NumericSingular "NUMERIC_SINGULAR" => "A linear system has no unique solution.",
    MetricNeedsTruth "METRIC_NEEDS_TRUTH" => "A metric needs the true latents and the data have none.",
    MetricShape "METRIC_SHAPE" => "The matrices given to a metric do not fit together.",
    MetricGraph "METRIC_GRAPH" => "A matrix or list of edges is not the graph a metric needs: wrong nodes, or a cycle.",
    ArtifactCorrupt "ARTIFACT_CORRUPT" => "A model or checkpoint file is truncated or damaged.",
    ArtifactVersion "ARTIFACT_VERSION" => "A model, checkpoint or data set folder was written by a newer version.",
    CheckpointMismatch "CHECKPOINT_MISMATCH" => "A checkpoint belongs to another configuration or to other data.",
    DeviceNotFound "DEVICE_NOT_FOUND" => "The requested device is not there; the message says what was tried.",
    FileWrite "FILE_WRITE" => "A file could not be written; nothing half written was left.",
    RunNotFound "RUN_NOT_FOUND" => "A folder is not a run folder, or the run it holds did not finish.",
    RunFinished "RUN_FINISHED" => "A run that has finished cannot be resumed: there is nothing left to do.",
    RunBusy "RUN_BUSY" => "Somebody else works in this folder; the message says which process, on which machine, since when.",
    ModelNoDecoder "MODEL_NO_DECODER" => "Inputs were asked of latents, but the method has no decoder.",
    ModelNoMechanisms "MODEL_NO_MECHANISMS" => "An intervention was asked for, but the method finds no causal mechanisms.",
    ModelNotExportable "MODEL_NOT_EXPORTABLE" => "A format of other programs was asked for that cannot hold what the method computes.",
    ModelClosed "MODEL_CLOSED" => "A model was used after it had been closed.",
    ExportRefused "EXPORT_REFUSED" => "A server that a run is sent to cannot be reached or refuses it; nothing was left there.",
    PackageMissing "PACKAGE_MISSING" => "A part of the program needs packages that are not installed with it; the hint is the command that installs them.",
    QueueUnreachable "QUEUE_UNREACHABLE" => "No Redis or Valkey server answers at the address.",
    QueueRefused "QUEUE_REFUSED" => "A Redis or Valkey server refuses: a wrong password, settings under which entries would be lost, no memory left, or something too large to travel through it.",
    MemoryLimit "MEMORY_LIMIT" => "Something needs more memory than is left of a limit: free memory, a container, `ulimit` or `--max-memory`.",
    FitCancelled "FIT_CANCELLED" => "A fit was stopped by its AbortSignal.",
    CallbackThrew "CALLBACK_THREW" => "A callback given by the user threw; the fit was stopped.",
    NativeNotFound "NATIVE_NOT_FOUND" => "No native addon for this platform; the message says what was tried.",
    NativeVersion "NATIVE_VERSION" => "The native addon is of another version than the package.",
    InternalPanic "INTERNAL_PANIC" => "A bug in disentangle. The process lives; please report it.",
}

/// A message may quote what a file says: its line ends and other control characters are written as escapes.
fn on_one_line(message: String) -> String {
    if !message.contains(char::is_control) {
        return message;
    }
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    message.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_one_line_whatever_it_quotes() {
        let failure = Failure::new(Code::DataShape, "name `environme\nt\u{7}` \u{e9}");
        assert_eq!(failure.message, "name `environme\\nt\\u{7}` \u{e9}");
    }

    #[test]
    fn codes_are_upper_snake_unique_and_round_trip() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let text = code.as_str();
            assert!(text.chars().all(|c| c.is_ascii_uppercase() || c == '_') && text.contains('_'), "{text}");
            assert!(seen.insert(text), "{text} twice");
            let json = serde_json::to_string(code).expect("a unit variant serialises");
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Code>(&json).expect("and parses"), *code);
        }
    }
}
