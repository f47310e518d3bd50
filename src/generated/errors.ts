// Written by `cargo xtask gen`; changes are lost.

/** Identifier of a failure, `AREA_PROBLEM`. Codes are never renamed and never reused. */
export type ErrorCode = keyof typeof explanations;

/** One sentence for each failure there is. */
export const explanations = {
  CONFIG_INVALID: "Several parts of the configuration are wrong; `context.failures` lists them all.",
  CONFIG_UNKNOWN_KEY: "A configuration key that does not exist; the nearest existing one is offered.",
  CONFIG_WRONG_TYPE: "A configuration value has the wrong type.",
  CONFIG_OUT_OF_RANGE: "A configuration value lies outside its bounds.",
  CONFIG_MISSING: "A configuration value without a default was not given.",
  CONFIG_UNKNOWN_METHOD: "No method, simulator or metric of this name.",
  CONFIG_CONFLICT: "Two configuration values contradict each other.",
  CONFIG_PARSE: "A YAML or JSON configuration file could not be parsed.",
  CONFIG_USAGE: "The command line could not be understood.",
  DATA_NOT_FOUND: "A file or folder does not exist or cannot be read.",
  DATA_UNKNOWN_FORMAT: "The format of a file could not be recognized.",
  DATA_ENCODING: "A text file is not UTF-8.",
  DATA_EMPTY: "A file or table without rows, or without input columns.",
  DATA_RAGGED_ROW: "A row has another number of fields than the header.",
  DATA_NOT_NUMERIC: "Text where a number was expected.",
  DATA_FORMULA: "A chemical formula that cannot be read.",
  DATA_NOT_FINITE: "NaN, an infinity or a missing value where a finite number was expected.",
  DATA_OVERFLOW: "A number too large for 32-bit floating point.",
  DATA_DUPLICATE_COLUMN: "Two columns have the same name.",
  DATA_MISSING_COLUMN: "A column that was asked for does not exist.",
  DATA_CONSTANT_COLUMN: "An input column that never varies.",
  DATA_JOIN: "Rows of several tables cannot be joined: an id stands twice in one of them, or none stands in all.",
  DATA_SHAPE: "Matrices, labels or names whose sizes do not fit together.",
  DATA_CORRUPT: "A binary file is truncated or its header does not describe its content.",
  DATA_CHANGED: "The data were changed between the time they were checked and the time they were used.",
  DATA_UNSUPPORTED: "A file uses a feature that is refused, such as pickled objects.",
  DATA_DETACHED: "A typed array was detached before it could be copied.",
  DATA_TOO_FEW_ROWS: "Fewer rows than the method can work with.",
  DATA_NEEDS_ENVIRONMENTS: "The method needs rows from at least two environments.",
  DATA_NEEDS_IMAGES: "Convolutions were asked for, and the data are not images of one view that is large enough.",
  DATA_NEEDS_INTERVENTIONS: "The environments do not show changes of single latents: none moves the inputs, or in too many directions.",
  DATA_NEEDS_MODALITIES: "The method needs another number of modalities than the data have, or a row has none of them.",
  DATA_DUPLICATE_MODALITY: "Two modalities hold the same numbers.",
  DATA_MODALITIES_UNRELATED: "No two modalities say anything of each other.",
  DATA_NEEDS_REFERENCE: "The method needs to know the environment without an intervention, and the data do not tell it.",
  DATA_NEEDS_TARGET: "The method needs a target column.",
  DATA_NEEDS_SIMULATOR: "Fresh rows need data as a simulator that can draw more of them made them.",
  DATA_NEEDS_TASKS: "The method needs several tasks: task labels with one target, or several targets.",
  DATA_NEEDS_TRUTH: "The method may look at a truth that the data do not have.",
  DATA_NEEDS_TREE: "The method needs a tree over the environments.",
  DATA_UNKNOWN_ENVIRONMENT: "An environment label that names no node of the tree.",
  DATA_COLUMN_MISMATCH: "New data lack an input column the model was fitted on.",
  TREE_PARSE: "A tree file could not be parsed.",
  TREE_CYCLE: "The parents of a tree form a cycle.",
  TREE_ROOTS: "A tree has no root or more than one.",
  TREE_LENGTH: "A tree has a negative or non-finite branch length.",
  TREE_NAMES: "A tree has duplicate or empty node names.",
  NUMERIC_NOT_FINITE: "A computation left the finite numbers.",
  NUMERIC_SINGULAR: "A linear system has no unique solution.",
  METRIC_NEEDS_TRUTH: "A metric needs the true latents and the data have none.",
  METRIC_SHAPE: "The matrices given to a metric do not fit together.",
  METRIC_GRAPH: "A matrix or list of edges is not the graph a metric needs: wrong nodes, or a cycle.",
  ARTIFACT_CORRUPT: "A model or checkpoint file is truncated or damaged.",
  ARTIFACT_VERSION: "A model, checkpoint or data set folder was written by a newer version.",
  CHECKPOINT_MISMATCH: "A checkpoint belongs to another configuration or to other data.",
  DEVICE_NOT_FOUND: "The requested device is not there; the message says what was tried.",
  FILE_WRITE: "A file could not be written; nothing half written was left.",
  RUN_NOT_FOUND: "A folder is not a run folder, or the run it holds did not finish.",
  RUN_FINISHED: "A run that has finished cannot be resumed: there is nothing left to do.",
  RUN_BUSY: "Somebody else works in this folder; the message says which process, on which machine, since when.",
  MODEL_NO_DECODER: "Inputs were asked of latents, but the method has no decoder.",
  MODEL_NO_MECHANISMS: "An intervention was asked for, but the method finds no causal mechanisms.",
  MODEL_NOT_EXPORTABLE: "A format of other programs was asked for that cannot hold what the method computes.",
  MODEL_CLOSED: "A model was used after it had been closed.",
  EXPORT_REFUSED: "A server that a run is sent to cannot be reached or refuses it; nothing was left there.",
  PACKAGE_MISSING: "A part of the program needs packages that are not installed with it; the hint is the command that installs them.",
  QUEUE_UNREACHABLE: "No Redis or Valkey server answers at the address.",
  QUEUE_REFUSED: "A Redis or Valkey server refuses: a wrong password, settings under which entries would be lost, no memory left, or something too large to travel through it.",
  MEMORY_LIMIT: "Something needs more memory than is left of a limit: free memory, a container, `ulimit` or `--max-memory`.",
  FIT_CANCELLED: "A fit was stopped by its AbortSignal.",
  CALLBACK_THREW: "A callback given by the user threw; the fit was stopped.",
  NATIVE_NOT_FOUND: "No native addon for this platform; the message says what was tried.",
  NATIVE_VERSION: "The native addon is of another version than the package.",
  INTERNAL_PANIC: "A bug in disentangle. The process lives; please report it.",
} as const;

/** What usually brings each failure about, and what to do. */
export const pages: Readonly<Record<ErrorCode, { readonly cause: string; readonly fix: string }>> = {
  CONFIG_INVALID: {
    cause: "The configuration, the command line or the sweep file has more than one mistake; all of them are collected before anything runs.",
    fix: "Correct them one by one: the terminal prints each with its path and hint, `--json` and the API list them in `context.failures`. Each has a code of its own: `disentangle explain CODE`.",
  },
  CONFIG_UNKNOWN_KEY: {
    cause: "A key in a file, in the object given to the API or in `--set`, or a flag on the command line, is misspelled, or belongs to another method, simulator or command. Keys are written in camelCase (`latentDim`), flags with hyphens (`--latent-dim`).",
    fix: "Take the name that the hint offers. `disentangle schema METHOD` lists the keys of a method, `disentangle fit --method METHOD --help` its flags. The former key `segment` is now `environment`.",
  },
  CONFIG_WRONG_TYPE: {
    cause: "A value is text where a number is expected, a list where one value is expected, or the like. In YAML a number in quotes (`latentDim: \"2\"`) is text.",
    fix: "Give a value of the type that the message names; `disentangle schema METHOD` prints the type of every key. In TypeScript, compare the call with the types of the package.",
  },
  CONFIG_OUT_OF_RANGE: {
    cause: "A number is below or above its bounds, or a word is not one of those allowed. Some bounds come from the data: `latentDim` may not exceed the number of input columns, or of directions in which they vary.",
    fix: "Give a value within the bounds in the message; `disentangle fit --method METHOD --help` lists those that do not depend on the data. Where the data set the bound, choose a smaller `--latent-dim` or more columns with `--inputs`.",
  },
  CONFIG_MISSING: {
    cause: "A value without a default is missing: for example the method or the data of a fit, `run_cap` of a random sweep, `--join` for tables whose rows have no names, or the address of a server for `--redis`.",
    fix: "Give the key that `path` names: as a flag, in the file of `--config`, or as a variable such as `DISENTANGLE_METHOD`. `disentangle fit FILE` without a method says which methods suit the data and prints a command to begin with.",
  },
  CONFIG_UNKNOWN_METHOD: {
    cause: "The name of a method, a simulator, a data set to prepare, a preset or a metric is misspelled, or this version does not have it.",
    fix: "Take the name that the hint offers. `disentangle methods` lists the methods, `disentangle simulate --help` the simulators, `disentangle prepare --help` the data sets and `disentangle reproduce` the presets; docs/sweeps.md lists the metrics of sweeps.",
  },
  CONFIG_CONFLICT: {
    cause: "Two values exclude each other: the same thing is given twice, the method or algorithm has no use for an option, numbers do not add up (the fractions of `split` must sum to 1), or an output would overwrite an input. A sweep also refuses trials that were computed by other code.",
    fix: "Change or leave out the value that `path` names; message and hint say what it contradicts. Flags take precedence over `--set`, and `--set` over `--config`: check whether a configuration file sets a key that you did not mean to give. For a sweep, `--rerun` computes the trials again.",
  },
  CONFIG_PARSE: {
    cause: "The file is not valid YAML or JSON at the line and column in `path`: a bracket or quote is not closed, the indentation is wrong or has tabs, a key is given twice, or an alias (`*name`) has no anchor (`&name`). The top of the file must be keys and values.",
    fix: "Correct that place, or the line above it. Indent with spaces, and quote text that begins with `*`, `!` or another special character: `inputs: \"!id\"`.",
  },
  CONFIG_USAGE: {
    cause: "A command or an argument is unknown or missing, a value is malformed (`--set` expects key=value, `--shard` i/n, `--do` latent=value), the file of `--config` cannot be read, or the ending of `--out` names no format.",
    fix: "Follow the hint. `disentangle help` lists the commands, `disentangle COMMAND --help` the arguments and options of one, with examples.",
  },
  DATA_NOT_FOUND: {
    cause: "The path is misspelled or relative to another folder, it is a folder where a file is expected, or the file may not be read. A pattern such as `'cells/*.csv'` may match nothing, or an `.npz` file lack the array that was named.",
    fix: "Check the path: relative paths start at the folder in which the command runs. Where a name in the same folder is similar, the hint offers it. If the file is there, check its permissions.",
  },
  DATA_UNKNOWN_FORMAT: {
    cause: "Neither the first bytes of the file nor its ending belong to a format that can be read, or it is another kind of file than expected: a workbook, a single image, or a folder with none of the known layouts.",
    fix: "Give a text table the ending `.csv` or `.tsv`, save a workbook as CSV UTF-8, and name the folder of the images instead of one image. docs/data.md lists all formats.",
  },
  DATA_ENCODING: {
    cause: "The text was saved as UTF-16 or in an older encoding such as Windows-1252 or Latin-1, or the file is binary.",
    fix: "Convert it: `iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv`, or `iconv -f UTF-16 -t UTF-8 old.csv > new.csv`. In Excel, save as \"CSV UTF-8\".",
  },
  DATA_EMPTY: {
    cause: "The file or standard input is empty, a table has a header but no rows, a folder holds no images, or no column of numbers is left to learn from: all have another role or are text, for example because of decimal commas.",
    fix: "`disentangle inspect FILE` shows rows, columns and roles. Name the input columns with `--inputs`; if numbers are taken for text, set the decimal mark with `--decimal`.",
  },
  DATA_RAGGED_ROW: {
    cause: "A row has a delimiter too many or too few, a field contains the delimiter without quotes, or a quote is opened and never closed. The header may lack the name of a column, or the delimiter was detected wrongly.",
    fix: "Correct the row that `path` names, with quotes around fields that contain the delimiter; a quote inside a quoted field is written twice. `--delimiter` sets the delimiter, and `--quote none` reads quotes as ordinary characters. In memory every row needs one value per column; a missing one is NaN.",
  },
  DATA_NOT_NUMERIC: {
    cause: "A column that is read as numbers has text in a row: a note, a unit, an unknown word for a missing value, or a number with another decimal mark.",
    fix: "Correct the cell, or list words that mean no value with `--missing-values`. `--decimal` sets the decimal mark, and `--inputs '!name'` leaves the column out.",
  },
  DATA_FORMULA: {
    cause: "`disentangle prepare superconductors` found a formula with an unknown element, an amount that is not a number, or brackets that do not match.",
    fix: "Correct the formula in the row that the message names, or leave out all rows with such formulas: `--skip-invalid`. `--formula` names the column if it is another one.",
  },
  DATA_NOT_FINITE: {
    cause: "A cell is empty, NaN or infinite, or a row has no label or no target. Numbers beyond 3.4e38, and results such as the logarithm of 0, are stored as infinite or NaN.",
    fix: "For missing values choose what to do: `--missing drop` leaves out rows without an input or a label, `--missing mean` fills in the mean of the training rows, `--missing-target drop` leaves out rows without a target. Infinite values are always refused: correct them, or leave the column out with `--inputs '!name'`. Numbers that mean no value, such as -999, are named with `--missing-values`.",
  },
  DATA_OVERFLOW: {
    cause: "Numbers are stored in 32 bits, and one is larger than 3.4e38: its unit is too small, it stands for a missing value, or the file is damaged.",
    fix: "Rescale the column, for example by its unit or with a logarithm. If the number means no value, name it with `--missing-values`.",
  },
  DATA_DUPLICATE_COLUMN: {
    cause: "The header names two columns alike, a JSON object has a key twice, several variables of an AnnData file have one name, or the table given with `--labels` repeats a column of the data.",
    fix: "Rename or remove one of the two. For AnnData, call `adata.var_names_make_unique()` before writing the file, or leave the name out with `--inputs '!name'`.",
  },
  DATA_MISSING_COLUMN: {
    cause: "A name in `inputs`, `target`, `environment`, `task`, `truth`, `rowId` or `join`, or the name of a matrix or modality, is not in the data: it is misspelled, a pattern matches nothing, or a wrong delimiter makes one column of all. Upper and lower case differ.",
    fix: "Take the name that the hint offers; `disentangle inspect FILE` lists the columns. Put patterns in quotes, `--inputs 'gene*'`, and set the delimiter with `--delimiter` if the table is read as one column.",
  },
  DATA_CONSTANT_COLUMN: {
    cause: "An input, the target or the target of a task has one value in all training rows, so nothing can be learned from it; `latent-anm` needs variation within every environment. Often the rows are a subset in which the column no longer varies.",
    fix: "Leave the input out (`--inputs '!name'`), choose another target, or leave out tasks whose target never varies. Where one environment is the problem, leave it out or choose a smaller `--latent-dim`.",
  },
  DATA_JOIN: {
    cause: "An id stands on several rows of one table, no id stands in all tables, or rows have no entry in the table of `--labels`. Ids are compared as exact text: `01` is not `1`, and names of image files include folder and ending.",
    fix: "Keep one row per id in each table, for example the mean of repeated measurements, and write the ids in all tables alike. `--join` names the column that holds them.",
  },
  DATA_SHAPE: {
    cause: "There are more or fewer labels, true latents or names than rows or columns, images differ in size, arrays of an `.npz` file differ in rows, an array is no matrix, or the arrays of a data set folder are not those that `dataset.json` describes.",
    fix: "Give one value per row, in the order of the rows, and one name per column; bring images to one size. `array.reshape(len(array), -1)` makes a matrix of a NumPy array. Copy or write a data set folder again if its files disagree.",
  },
  DATA_CORRUPT: {
    cause: "A download or copy is incomplete, the content is not what the ending of the file promises, or parts of the file contradict each other. In a sweep with `--redis`, data were cut on their way between machines.",
    fix: "Copy, download or write the file again, or give it the ending of what it contains. If you edited a data set folder on purpose, remove the key that the hint names from its `dataset.json`.",
  },
  DATA_CHANGED: {
    cause: "Somebody wrote to the data set folder after a fit or a sweep had checked it, and before its inputs were read.",
    fix: "Run the command again when nobody writes there. Write changed data to a new folder.",
  },
  DATA_UNSUPPORTED: {
    cause: "The format is known, but not read, or the file uses a part of it that is not read: pickles (they can run code), Feather, ORC, SQLite, MATLAB, R, Stata and SPSS files, archives of several files, rare compressions, lists or complex numbers, images with transparent pixels.",
    fix: "The hint says how to convert the file. CSV files and plain NumPy arrays can be read everywhere; unpack an archive and name the file in it.",
  },
  DATA_DETACHED: {
    cause: "The buffer of a typed array was handed over to a worker, or to `structuredClone` with `transfer`, before it was copied: the array is empty now.",
    fix: "Hand over a copy, `array.slice()`, or do so after the call of `fit`: when that has returned, the array is copied.",
  },
  DATA_TOO_FEW_ROWS: {
    cause: "Too few rows are left once rows with missing values are dropped and half of the rest is set aside for validation and test: fewer than 2, than the input columns, or than the method needs per latent, environment or task.",
    fix: "Give more rows, or choose fewer columns with `--inputs` or a smaller `--latent-dim`. `--missing mean` drops fewer rows than `--missing drop`, and `--set split.train=0.7 --set split.validation=0.15 --set split.test=0.15` trains on more. `pca` takes fewer rows than columns.",
  },
  DATA_NEEDS_ENVIRONMENTS: {
    cause: "A method, a dendrogram, a split by environments or `split.holdout` needs environments, and the data name no column of them or have rows from only one. For `predict` and counterfactuals the new rows may need them, too.",
    fix: "Name the column with `--environment COLUMN`: the site, batch, subject or treatment of each row. For rows in memory give `environments`, one label per row. With one environment choose a method that needs none; `disentangle methods NAME` says what a method needs.",
  },
  DATA_NEEDS_IMAGES: {
    cause: "`encoder` or `decoder` is `convolutional`, or `representation` is `keypoints`, and the inputs are a table, several views, or images of fewer than 16 x 16 pixels.",
    fix: "Leave that option out: then layers for tables are used. Otherwise give images of at least 16 x 16 pixels and nothing beside them: a folder of PNG or JPEG files, or an array of count x channels x height x width.",
  },
  DATA_NEEDS_INTERVENTIONS: {
    cause: "`interventional` compares all environments with the reference, and none moves the means of enough inputs, every input is constant somewhere, or the inputs move in more directions than there are inputs.",
    fix: "Check that `--environment` names the column of the interventions, and name the environment without one with `--reference`. `--least-shift` and `--least-inputs` lower what counts as a move. Leave out environments in which inputs are saturated or single inputs fail.",
  },
  DATA_NEEDS_MODALITIES: {
    cause: "`multimodal` needs at least two tables of the same rows and `mcl` exactly two, and the data have another number. The same code refuses a new row that has no number in any modality.",
    fix: "Name each table: `--modality rna=rna.csv --modality protein=protein.csv --join subject`. One table is divided by its columns: `--data cells.csv --modality rna.inputs='gene*' --modality protein.inputs='p*'`. Leave out rows without any modality.",
  },
  DATA_DUPLICATE_MODALITY: {
    cause: "Two modalities were given the same file or columns, or one is a copy of the other in all training rows. A copy has no noise of its own, so every causal graph between the two fits.",
    fix: "Leave one of the two out, or name the right file: `--modality NAME=FILE`.",
  },
  DATA_MODALITIES_UNRELATED: {
    cause: "`multimodal` was to find the number of latents, and no modality predicts another on held-out rows: the rows belong to different subjects or are in another order, or the modalities have nothing in common.",
    fix: "Check that `--join` names the column with the ids of the subjects. If the modalities are known to be related, give the number of latents: `--latent-dim 2`.",
  },
  DATA_NEEDS_REFERENCE: {
    cause: "`interventional` looks for the environment from which all others differ by one change, and does not find it: there are only two environments or more than 64, or too little differs between them.",
    fix: "Name the environment without an intervention: `--reference LABEL`. Usually it is the control group, or the environment with the most rows.",
  },
  DATA_NEEDS_TARGET: {
    cause: "The method learns from a target, such as a measured outcome, and no column has that role; or a model that predicts nothing was asked for predictions.",
    fix: "Name the column with `--target COLUMN`, or choose a method that needs no target: `disentangle methods NAME` says what a method needs. For the latents of new rows use `disentangle transform`.",
  },
  DATA_NEEDS_SIMULATOR: {
    cause: "`rows: fresh` draws new rows at every gradient step. The data are not simulated, come from a simulator that cannot draw more rows, or were changed: columns or rows were chosen, or values edited.",
    fix: "Leave `--rows` out to learn from the given rows. For fresh rows, fit the unchanged data of `disentangle simulate silent-world` or `disentangle simulate balls-world`.",
  },
  DATA_NEEDS_TASKS: {
    cause: "The method needs at least two tasks. The data have one target and no column of tasks, one task only, or several targets beside a column of tasks.",
    fix: "With one row per sample, name several target columns: `--target 'y*'`. With one row per sample and task, name the column of tasks and one target: `--task COLUMN --target COLUMN`.",
  },
  DATA_NEEDS_TRUTH: {
    cause: "`oracle` names a truth that the method may look at, and the data have none of that name. Measured data have no such truth; a simulated world has what its simulator wrote.",
    fix: "Leave `--oracle` out, or fit a simulated world that has this truth. If the data have others, the hint lists them.",
  },
  DATA_NEEDS_TREE: {
    cause: "The method learns along a tree over the environments, or `phenotype` draws along one, and the data have no tree.",
    fix: "Give one with `--tree`: a Newick file, a table with the columns parent, child and length, or the word `dendrogram`, which computes one from the data. Its nodes need the names that the environment column has.",
  },
  DATA_UNKNOWN_ENVIRONMENT: {
    cause: "A label of the environment column is not in the tree, new rows are from an environment that the fit did not see, or `split.holdout`, `reference` or another option names a label that the data do not have. Labels are compared as exact text: `01` is not `1`.",
    fix: "Write the labels as they stand in the tree or in the data; the hint offers the nearest one. To predict for a new environment, name the node whose head it uses: `disentangle predict RUN --data FILE --attach new=node`.",
  },
  DATA_COLUMN_MISMATCH: {
    cause: "New rows lack a column or a modality that the model was fitted on, a matrix without names has another number of columns, or images have another size. Several files that are stacked need the same columns, too.",
    fix: "Give every input column of the fit; their order and further columns do not matter. A matrix without names needs the same columns in the same order. A model of several modalities needs a table for each: `--modality NAME=FILE`.",
  },
  TREE_PARSE: {
    cause: "In Newick text a bracket or quote is not closed, a length is not a number, or text follows the tree. A table lacks the columns `parent` and `child`, has a row with more or fewer fields, or gives a child two parents.",
    fix: "Correct the line and column in `path`. Newick looks like `((A:1,B:2)C:0.5,D);`, a table begins with the line `parent,child,length`. Put names with brackets, commas or colons in quotes.",
  },
  TREE_CYCLE: {
    cause: "The parents of a node lead back to the node itself, for example because parent and child are exchanged in one row of a table.",
    fix: "The message lists the nodes of the cycle: give one of them its right parent, so that every node leads to the root.",
  },
  TREE_ROOTS: {
    cause: "The tree is empty, or several nodes have no parent: a table describes several trees, or spells a parent in two ways.",
    fix: "Correct the spelling, or join the roots that the message lists under one parent. Only one node may be without a parent.",
  },
  TREE_LENGTH: {
    cause: "A branch length is negative, infinite or NaN. Some programs that build trees, such as neighbor joining, write negative lengths.",
    fix: "Correct the length, set it to 0, or leave it out: then it counts as 1. The length above the root is not used.",
  },
  TREE_NAMES: {
    cause: "Two nodes have the same name, or a node has an empty one. In Newick files, support values such as 100 at inner nodes are read as names.",
    fix: "Give every node a name of its own, and remove support values. Inner nodes of a Newick tree may be without a name: they are called `node1`, `node2` and so on.",
  },
  NUMERIC_NOT_FINITE: {
    cause: "A computation gave an infinity or NaN: an input is extreme or hardly varies over the training rows, columns determine each other, the learning rate is too large, or latents to decode are far from those of the training rows. A sweep reports a diverged fit by this code.",
    fix: "Look for extreme values in the rows and columns that the message names, and correct them or leave them out. For a fit, choose a smaller `--learning-rate`, or limit the gradients with `--clip-norm 1` where the method has it. Give `decode` and `intervene` values within the range of the training rows.",
  },
  NUMERIC_SINGULAR: {
    cause: "The data do not determine what is computed: more latents than directions in which the inputs vary, columns or targets that follow from others, or too few rows or environments for the number of latents.",
    fix: "Choose a smaller `--latent-dim`, leave out columns that are copies or sums of others (`--inputs '!name'`), or give more rows or environments.",
  },
  METRIC_NEEDS_TRUTH: {
    cause: "True latents are needed by `score` and `phenotype`, and the data have none, or the run was fitted on data in memory, which no file holds.",
    fix: "Give them when scoring, `disentangle score RUN --truth FILE`, or name their columns in the fit with `--truth`. In TypeScript, `score(latents, { z })` takes them. Data without known causes cannot be scored.",
  },
  METRIC_SHAPE: {
    cause: "The truth has more or fewer rows than the data, names and columns disagree, or the chosen part or environments have no rows, for example because the run has no test rows.",
    fix: "Give one row of true latents per row of the data set, in its order. If there are no rows to score, take all: `disentangle score RUN --rows all`.",
  },
  METRIC_GRAPH: {
    cause: "A causal graph does not fit the latents: another number of nodes, an edge from a node to itself or twice, a weight that is NaN, or a cycle where none may be.",
    fix: "Give the true graph one row and one column per true latent, in their order, without cycles. If the graph comes from a method of this package, please report it.",
  },
  ARTIFACT_CORRUPT: {
    cause: "A file of a run, model, checkpoint or sweep is cut off or was edited: the copy is incomplete, or the disk was full. In TypeScript, the bytes may not be all that `model.toBytes()` gave.",
    fix: "Copy the folder again, or fit again: the same configuration and seed give the same model. `disentangle fit --resume RUN` passes over damaged checkpoints and takes an older one. `disentangle score RUN` writes a damaged `scores.json` again.",
  },
  ARTIFACT_VERSION: {
    cause: "A newer version of disentangle wrote the file in a format that this one cannot read.",
    fix: "Update with `npm install disentangle@latest`, or read it with the version that wrote it. `disentangle --version` prints the version that runs.",
  },
  CHECKPOINT_MISMATCH: {
    cause: "`fit --resume` found that the configuration, the data, the tree or the truth shown to the method changed since the fit began; or `score` found that the data are not those of the fit.",
    fix: "Put back what changed: the message and `context.differences` name it. To fit the new data or configuration, begin a run in another folder with `--out`. To score all the same, give the truth as a file: `disentangle score RUN --truth FILE`.",
  },
  DEVICE_NOT_FOUND: {
    cause: "`device: cuda` was asked for, and the addon is built without CUDA, or the machine has no NVIDIA GPU with a driver that fits.",
    fix: "Leave `--device` out to compute on the processor, or give `--device auto`, which takes a GPU where there is one. docs/deployment.md says how to install the addon with CUDA, and `disentangle doctor` whether it is the one that is loaded.",
  },
  FILE_WRITE: {
    cause: "The disk or the quota is full, the place may not be written, something of another kind lies there, or the run folder holds another run, which is not replaced unasked.",
    fix: "Free some space, or name another place with `--out`. `disentangle fit --resume RUN` goes on with an unfinished run, and `--force` replaces the run that lies there.",
  },
  RUN_NOT_FOUND: {
    cause: "The folder is not one that `fit` or `model.save` wrote, its run was stopped or killed, no sweep was begun there, or trials of a reproduction are still missing.",
    fix: "`disentangle runs DIR` lists the runs in a folder and their states, and `disentangle fit --resume RUN` goes on with a stopped one. Where shards of a reproduction are missing, run them and add their folders with `--merge`.",
  },
  RUN_FINISHED: {
    cause: "A run was to be resumed that has already ended: it took all of its steps, or converged before.",
    fix: "Use its results: `disentangle report RUN` writes them on one page. To train longer, begin a run in another folder with more `--steps`.",
  },
  RUN_BUSY: {
    cause: "Another process works in the folder and holds its lock: a fit, a sweep or a command that adds to a run, perhaps suspended or on another machine that shares the folder.",
    fix: "Wait until it has ended, end the process that the message names, or choose another folder with `--out`. The system releases the lock of a process that was killed, so there is nothing to delete.",
  },
  MODEL_NO_DECODER: {
    cause: "`disentangle decode` or `model.decode` was asked of a method that computes latents from inputs only, not inputs from latents.",
    fix: "Fit a method with a decoder, such as `ivae`, `vade`, `pdgmm` or `pca`. `disentangle methods NAME` lists what a method gives.",
  },
  MODEL_NO_MECHANISMS: {
    cause: "`disentangle intervene` or `model.intervene` was asked of a model without causal mechanisms, so nothing is known to follow from setting a latent.",
    fix: "Fit a method that gives mechanisms, such as `latent-anm`, `interventional` or `multimodal`. `disentangle methods NAME` lists what a method gives.",
  },
  MODEL_NOT_EXPORTABLE: {
    cause: "ONNX and safetensors hold layers, and the encoder or decoder of the method is not described as layers. All methods of this version are; a method that you added may not be.",
    fix: "Compute the latents with `disentangle transform` or `model.transform` instead. In a method of your own, write `Network::encoder_layers` and `Network::decoder_layers`.",
  },
  MODEL_CLOSED: {
    cause: "The model was used after `model.close()`, or after the end of the block that declared it with `await using`.",
    fix: "Close a model after its last use, or open it again with `load`.",
  },
  EXPORT_REFUSED: {
    cause: "The MLflow server does not run at this address, another service does, the credentials are missing or wrong, or the server refuses the request; the message quotes what it said.",
    fix: "Check the address after `--out`, and that the server runs. Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, if it asks for credentials.",
  },
  PACKAGE_MISSING: {
    cause: "`--redis` needs the packages bullmq and ioredis, which are not installed by default.",
    fix: "Run `npm install bullmq ioredis` on every machine that takes part. On a single machine leave `--redis` out; `--jobs` runs several fits at once without a server.",
  },
  QUEUE_UNREACHABLE: {
    cause: "No server runs at the address of `--redis` or REDIS_URL, host or port are wrong, a firewall is in between, or the server expects TLS and the address begins with redis:// instead of rediss://.",
    fix: "Start a server with `redis-server`, or correct the address, for example `--redis redis://host:6379`. `redis-cli -h HOST -p PORT ping` tells whether the machine reaches it.",
  },
  QUEUE_REFUSED: {
    cause: "The server refuses the user or password, is older than Redis 6.2, would drop entries when memory is short, or has no memory left; or something is larger than `--redis-limit`.",
    fix: "Set REDIS_USERNAME and REDIS_PASSWORD, and run `redis-cli config set maxmemory-policy noeviction`. If it has no memory left, raise its maxmemory. What is too large goes through a folder that all machines see: `--shared DIR`, for the sweep and for the workers.",
  },
  MEMORY_LIMIT: {
    cause: "Before it takes much memory, the program asks how much is left of the smallest limit, and stops where that is too little. The data take rows x columns x 4 bytes, and a fit about 2.5 times as much.",
    fix: "Use fewer columns (`--inputs`) or fewer rows, run fewer fits at once, or raise the limit that the message names. `--max-memory` only lowers the limit: without it the system's limits hold.",
  },
  FIT_CANCELLED: {
    cause: "The program that called `fit`, `sweep` or `reproduce`, or work inside `withSignal`, aborted the signal that it had given.",
    fix: "A fit with `checkpoint: { dir }` goes on when it is called again with `resume: true`; a sweep or a reproduction goes on when it is called again. A fit without a checkpoint begins anew.",
  },
  CALLBACK_THREW: {
    cause: "`onProgress`, `onStage`, `onCheckpoint` or `onResumed` of a fit, or `onEvent` of a sweep, threw an error.",
    fix: "Catch errors inside the callback; `cause` is the error that it threw.",
  },
  NATIVE_NOT_FOUND: {
    cause: "The compiled part of the package was not installed for this platform: optional packages were left out, or the lock file was written on another system. Or it is there and cannot be loaded, because the C library is too old or libraries of CUDA are missing.",
    fix: "Install again without `--omit=optional`; with a lock file of another system add `--os` and `--cpu`, for example `npm install --os=linux --cpu=x64`. In a checkout run `npm run setup`. docs/deployment.md lists platforms and versions.",
  },
  NATIVE_VERSION: {
    cause: "The package and its compiled part were installed at different times, NAPI_RS_NATIVE_LIBRARY_PATH names another one, or it was not built again in a checkout.",
    fix: "Install the package again with `npm install disentangle`, or unset the variable. In a checkout run `npm run setup`.",
  },
  INTERNAL_PANIC: {
    cause: "A check inside the program failed, which no input should bring about. `reproduce` also reports a trial by this code whose process crashed again and again.",
    fix: "Please report it with the command, the message and what `disentangle doctor` prints; `--verbose` adds where the error came from. If processes crash, memory may be short: run fewer at once with `--jobs`.",
  },
};
