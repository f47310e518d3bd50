use crate::{check_manners, file};
use disentangle_data::Failure;
use disentangle_data::read::csv::ColumnKind::{Number, Text, Unknown};
use disentangle_data::read::csv::{
    CsvOptions, CsvSelection, CsvTable, KindOptions, columns, kinds, read, read_exact, survey,
};
use proptest::prelude::*;

fn select(numeric: &[&str], text: &[&str]) -> CsvSelection {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    CsvSelection { numeric: owned(numeric), text: owned(text), ..CsvSelection::default() }
}

fn read_bytes(bytes: &[u8], selection: &CsvSelection) -> Result<CsvTable, Failure> {
    let (_folder, path) = file("t.csv", bytes);
    columns(&path, &selection.options).and_then(|_| read(&path, selection))
}

#[test]
fn chosen_columns_come_in_the_order_asked_and_rows_in_file_order() {
    let bytes = b"id,x,env,y\nr1,1,007,-2.5e-3\nr2,,NA,4\nr3,nan,b,1e2\n";
    let table = read_bytes(bytes, &select(&["y", "x", "y"], &["env", "id"])).expect("a good table");
    assert_eq!(table.rows, 3);
    let bits: Vec<u32> = table.numeric.data().iter().map(|v| v.to_bits()).collect();
    let nan = f32::NAN;
    let expected = [-2.5e-3, 1.0, -2.5e-3, 4.0, nan, 4.0, 100.0, nan, 100.0];
    assert_eq!(bits, expected.map(f32::to_bits));
    assert_eq!(table.text, [["007", "", "b"], ["r1", "r2", "r3"]]);
}

#[test]
fn line_ends_quotes_marks_and_blank_lines_are_understood() {
    for bytes in [
        &b"x,\"a,b\"\n1,\"two\"\n3,four\n"[..],
        b"x,\"a,b\"\r\n1,two\r\n3,four\r\n",
        b"x,\"a,b\"\r1,two\r3,four",
        b"\xEF\xBB\xBFx,\"a,b\"\n1,two\n3,four\n",
        b"\n\nx,\"a,b\"\n\n1,two\n\n3,four\n\n",
        b"x;a,b\n1;two\n3;four\n",
        b"x\ta,b\n 1 \ttwo\n3.0\tfour\n",
    ] {
        let table = read_bytes(bytes, &select(&["x"], &["a,b"])).expect("a good table");
        assert_eq!(table.numeric.data(), [1.0, 3.0], "{}", bytes.escape_ascii());
        assert_eq!(table.text, [["two", "four"]]);
    }
}

#[test]
fn a_column_is_numeric_where_nine_in_ten_of_its_fields_are() {
    let (_folder, path) = file("t.csv", b"a,b,c,d,e,f\n1,x,,007,1,-999\n-.5e3,2,NA,8,inf,NA\n+2.,3, nan ,9,1e39,1_0\n");
    assert_eq!(
        kinds(&path, &KindOptions::default()).expect("a good table"),
        [Number, Text, Unknown, Number, Number, Text]
    );
    let missing = vec!["-999".to_owned(), "1_0".to_owned(), "NA".to_owned()];
    let options = KindOptions { missing: Some(missing), ..KindOptions::default() };
    assert_eq!(kinds(&path, &options).expect("a good table")[5], Unknown);
    let mostly: String = (0..19).map(|i| if i == 4 { "oops,x\n".to_owned() } else { format!("{i},{i}\n") }).collect();
    let (_folder, path) = file("t.csv", format!("a,b\n{mostly}x,y\n").as_bytes());
    assert_eq!(kinds(&path, &KindOptions::default()).expect("a good table"), [Number, Number]);
}

#[test]
fn a_column_that_begins_empty_is_looked_at_to_its_first_value() {
    let rows: String = (0..5000).map(|i| if i < 4000 { "1,,,\n" } else { "x,2,y,\n" }).collect();
    let (_folder, path) = file("t.csv", format!("a,b,c,d\n{rows}").as_bytes());
    assert_eq!(kinds(&path, &KindOptions::default()).expect("a good table"), [Number, Number, Text, Unknown]);
}

#[test]
fn a_header_alone_has_no_kinds() {
    let (_folder, path) = file("t.csv", b"a,b\n");
    let failure = kinds(&path, &KindOptions::default()).expect_err("no rows");
    assert_eq!(failure.code.as_str(), "DATA_EMPTY");
    check_manners(&failure);
}

#[test]
fn the_delimiter_and_the_quote_can_be_given() {
    let options = |delimiter, quote| CsvOptions { delimiter, quote, ..CsvOptions::default() };
    let (_folder, path) = file("t.csv", b"a;\"b,c\n1;2,3\n");
    let found = columns(&path, &options(Some(';'), None)).expect("a good table");
    assert_eq!((found.columns, found.delimiter), (vec!["a".to_owned(), "\"b,c".to_owned()], ';'));
    let found = columns(&path, &options(None, None)).expect("a good table");
    assert_eq!(found.delimiter, ',', "two columns either way, and the comma is more usual");
    for (delimiter, quote, key, code) in [
        (Some('→'), None, "delimiter", "CONFIG_OUT_OF_RANGE"),
        (Some('\n'), None, "delimiter", "CONFIG_OUT_OF_RANGE"),
        (None, Some('«'), "quote", "CONFIG_OUT_OF_RANGE"),
        (Some('"'), Some('"'), "delimiter", "CONFIG_CONFLICT"),
    ] {
        let failure = columns(&path, &options(delimiter, quote)).expect_err("not a separator");
        assert_eq!((failure.code.as_str(), failure.path.as_deref()), (code, Some(key)));
    }
}

#[test]
fn words_for_missing_values_may_be_numbers_and_replace_the_defaults() {
    let mut selection = select(&["x"], &["t"]);
    selection.missing = Some(vec!["-999".into(), ".".into()]);
    let table = read_bytes(b"x,t\n-999,-999\n.,a\n999,NA\n", &selection).expect("a good table");
    assert!(table.numeric.data()[..2].iter().all(|v| v.is_nan()));
    assert_eq!(table.numeric.data()[2], 999.0);
    assert_eq!(table.text, [["", "a", "NA"]]);
}

#[test]
fn columns_that_are_not_chosen_may_hold_anything() {
    let table = read_bytes(b"note,x\n\xFF\xFE\x80,1\ninf,2\n1e39,3\n", &select(&["x"], &[])).expect("a good column");
    assert_eq!(table.numeric.data(), [1.0, 2.0, 3.0]);
}

#[test]
fn options_come_from_json_with_every_default() {
    let selection: CsvSelection = serde_json::from_str(r#"{"delimiter": ";", "numeric": ["x"]}"#).expect("options");
    assert_eq!(selection.options, CsvOptions { delimiter: Some(';'), ..CsvOptions::default() });
    assert_eq!((&selection.numeric[..], &selection.text[..]), (&["x".to_owned()][..], &[][..]));
    assert_eq!(selection.missing, CsvSelection::default().missing);
}

/// A bad file: its name, bytes, the code, where, and words that message and hint must hold.
type Bad = (&'static str, &'static [u8], &'static str, &'static str, &'static str, &'static str);

const BAD: &[Bad] = &[
    ("no bytes", b"", "DATA_EMPTY", "t.csv", "is empty", ""),
    ("only a mark", b"\xEF\xBB\xBF", "DATA_EMPTY", "t.csv", "is empty", ""),
    ("only blank lines", b"\n\r\n\n", "DATA_EMPTY", "t.csv", "is empty", ""),
    ("only a header", b"x,t\n", "DATA_EMPTY", "t.csv", "no rows", ""),
    ("utf-16 with a mark", b"\xFF\xFEx\0,\0t\0\n\0", "DATA_ENCODING", "t.csv", "UTF-16", "iconv -f UTF-16"),
    ("utf-16 without a mark", b"x\0,\0t\0\n\0", "DATA_ENCODING", "t.csv", "byte 1 is zero", "iconv"),
    ("latin-1 in a header", b"x,t\xE9\n1,a\n", "DATA_ENCODING", "t.csv:1:3", "not UTF-8", "iconv"),
    ("latin-1 in a label", b"x,t\n1,a\n2,caf\xE9\n", "DATA_ENCODING", "t.csv:3:3", "not UTF-8", "iconv"),
    ("latin-1 in a number", b"x,t\n1\xB5,a\n", "DATA_ENCODING", "t.csv:2:1", "not UTF-8", "iconv"),
    ("gzip", b"\x1F\x8B\x08\0", "DATA_UNKNOWN_FORMAT", "t.csv", "gzip", "gunzip"),
    ("an Excel workbook", b"PK\x03\x04\x14\0", "DATA_UNKNOWN_FORMAT", "t.csv", "Excel", "export"),
    ("a missing field", b"x,t\n1,a\n2\n", "DATA_RAGGED_ROW", "t.csv:3", "1 fields, but the header has 2", "delimiter"),
    ("an extra field", b"x,t\n1,a\n2,b,3\n", "DATA_RAGGED_ROW", "t.csv:3", "3 fields", "row names"),
    ("ragged after blank lines", b"x,t\r\n\r\n1,a\r\n\r\n2\r\n", "DATA_RAGGED_ROW", "t.csv:5", "1 fields", ""),
    ("an open quote", b"x,t\n1,\"a\n2,b\n3,c,\n", "DATA_RAGGED_ROW", "t.csv:2", "never closed", "written twice"),
    ("an open last quote", b"x,t\n\n1,a\r\n2,\"b\r\n", "DATA_RAGGED_ROW", "t.csv:4", "never closed", ""),
    ("a quote over lines", b"x,t,u\n1,\"a,2\n2,b,3\n", "DATA_RAGGED_ROW", "t.csv:2", "2 fields", "quote"),
    ("text", b"x,t\n1,a\nhigh,b\n", "DATA_NOT_NUMERIC", "t.csv:3:1", "column \"x\", row 2: \"high\"", "missing"),
    ("a unit", b"x,t\n1 kg,a\n", "DATA_NOT_NUMERIC", "t.csv:2:1", "\"1 kg\"", ""),
    ("a truth value among numbers", b"t,x\na,1\nb,TRUE\n", "DATA_NOT_NUMERIC", "t.csv:3:3", "\"TRUE\"", "not both"),
    ("a number among truth values", b"t,x\na,TRUE\nb,1\n", "DATA_NOT_NUMERIC", "t.csv:3:3", "\"1\"", ""),
    ("thousands or a decimal comma", b"t;x\nab;1,500\n", "DATA_NOT_NUMERIC", "t.csv:2:4", "\"1,500\"", "--decimal ."),
    ("a decimal comma", b"t;x\nab;1,5\n", "DATA_NOT_NUMERIC", "t.csv:2:4", "\"1,5\"", "1.5 instead of 1,5"),
    ("after umlauts and quotes", "t,x\n\"ä,ö\n\"\"ü\",?\n".as_bytes(), "DATA_NOT_NUMERIC", "t.csv:3:6", "\"?\"", ""),
    ("after a mark", b"\xEF\xBB\xBFx,t\r\n1,a\r\n?,b\r\n", "DATA_NOT_NUMERIC", "t.csv:3:1", "\"?\"", ""),
    ("old line ends", b"x,t\r1,a\r\r?,b\r", "DATA_NOT_NUMERIC", "t.csv:4:1", "row 2", ""),
    ("an infinity", b"t,x\na,-inf\n", "DATA_NOT_FINITE", "t.csv:2:3", "-inf is not finite", "missing"),
    ("an infinity in full", b"x,t\nInfinity,a\n", "DATA_NOT_FINITE", "t.csv:2:1", "Infinity", ""),
    ("an unlisted nan", b"x,t\n-nan,a\n", "DATA_NOT_FINITE", "t.csv:2:1", "-nan", "missing"),
    ("too large", b"x,t\n1e39,a\n", "DATA_OVERFLOW", "t.csv:2:1", "1e39 exceeds", "rescale"),
    ("the same name twice", b"x,t,x\n1,a,2\n", "DATA_DUPLICATE_COLUMN", "t.csv:1:5", "\"x\": columns 1 and 3", ""),
    ("a comment below", b"x,t,u\n1,a,b\n# end\n", "DATA_RAGGED_ROW", "t.csv:3", "1 fields", "comments"),
    (
        "text after comments",
        b"# one\n# two\nx,t\n# three\n1,a\n\n# four\nhigh,b\n",
        "DATA_NOT_NUMERIC",
        "t.csv:8:1",
        "\"high\"",
        "",
    ),
    ("text between blanks", b"x   t\n1   a\n2   b\n  high c\n", "DATA_NOT_NUMERIC", "t.csv:4:1", "row 3: \"high\"", ""),
    ("text after a blank", b"x, t\n1, a\nhigh, b\n", "DATA_NOT_NUMERIC", "t.csv:3:1", "\"high\"", ""),
    ("no such column", b"X1,t\n1,a\n", "DATA_MISSING_COLUMN", "t.csv:1", "no column \"x\"", "\"X1\""),
    ("a column in capitals", b"X,t\n1,a\n", "DATA_MISSING_COLUMN", "t.csv:1", "no column \"x\"", "did you mean \"X\"?"),
];

#[test]
fn each_bad_file_is_refused_with_code_place_value_and_fix() {
    for &(name, bytes, code, place, message, hint) in BAD {
        let failure = read_bytes(bytes, &select(&["x"], &["t"])).expect_err(name);
        assert_eq!(failure.code.as_str(), code, "{name}: {failure}");
        assert!(
            failure.path.as_deref().unwrap_or_default().ends_with(place),
            "{name}: {:?}, expected {place}",
            failure.path
        );
        assert!(failure.message.contains(message), "{name}: {failure}");
        assert!(failure.hint.as_deref().unwrap_or_default().contains(hint), "{name}: {:?}", failure.hint);
        check_manners(&failure);
    }
}

/// A table that is written in its own way: its bytes, names, delimiter, the numbers of `x`, the labels of `t`.
type Written = (&'static [u8], &'static [&'static str], char, &'static [f32], &'static [&'static str]);

const WRITTEN: &[Written] = &[
    (b"sep=;\r\nx;t\r\n1;a\r\n2;b\r\n", &["x", "t"], ';', &[1.0, 2.0], &["a", "b"]),
    (b"# by a tool\n# in 2020\nx,t\n1,a\n# between\n2,b\n", &["x", "t"], ',', &[1.0, 2.0], &["a", "b"]),
    (b"# x t\n1.5e0 a\n2 b\n", &["x", "t"], ' ', &[1.5, 2.0], &["a", "b"]),
    (b"  x     t\n  1.5   a\n 10.25  b  \n", &["x", "t"], ' ', &[1.5, 10.25], &["a", "b"]),
    (b"x, t\n1, \"a, b\"\n2, c\n", &["x", "t"], ',', &[1.0, 2.0], &["a, b", "c"]),
    (b"\"x\" \"t\"\n\"r 1\" 1 \"a b\"\n\"r 2\" 2 \"c\"\n", &["Unnamed: 0", "x", "t"], ' ', &[1.0, 2.0], &["a b", "c"]),
    (b",x,,t\n0,1,,a\n1,2,,b\n", &["Unnamed: 0", "x", "Unnamed: 2", "t"], ',', &[1.0, 2.0], &["a", "b"]),
    (b",Unnamed: 0,x,t\n0,0,1,a\n1,1,2,b\n", &["Unnamed: 0.1", "Unnamed: 0", "x", "t"], ',', &[1.0, 2.0], &["a", "b"]),
    (b" x , t\n1,a\n2,b\n", &["x", "t"], ',', &[1.0, 2.0], &["a", "b"]),
    (b"x;t\n1,5;a\n-0,25;b\n", &["x", "t"], ';', &[1.5, -0.25], &["a", "b"]),
    (b"x;t\n1.234,5;a\n2;b\n", &["x", "t"], ';', &[1234.5, 2.0], &["a", "b"]),
    (b"x\tt\n1,851\ta\n950\tb\n", &["x", "t"], '\t', &[1851.0, 950.0], &["a", "b"]),
    (b"x,t\n\"1,234,567.5\",a\n2,b\n", &["x", "t"], ',', &[1_234_567.5, 2.0], &["a", "b"]),
    (b"x,t\nTRUE,a\nFALSE,b\n", &["x", "t"], ',', &[1.0, 0.0], &["a", "b"]),
    (b"x,t\n1,None\n2,a\n", &["x", "t"], ',', &[1.0, 2.0], &["None", "a"]),
];

#[test]
fn tables_are_read_in_the_way_that_they_are_written() {
    for &(bytes, names, delimiter, x, t) in WRITTEN {
        let (_folder, path) = file("t.csv", bytes);
        let shown = bytes.escape_ascii();
        let found = columns(&path, &CsvOptions::default()).expect("a good table");
        assert_eq!(
            (&found.columns[..], found.delimiter),
            (&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>()[..], delimiter),
            "{shown}"
        );
        let options =
            CsvOptions { delimiter: Some(found.delimiter), numbers: Some(found.numbers), ..CsvOptions::default() };
        let selection = CsvSelection { options: options.clone(), ..select(&["x"], &["t"]) };
        let table = read(&path, &selection).expect("a good table");
        assert_eq!(
            (table.numeric.data(), &table.text[0][..]),
            (x, &t.iter().map(|&t| t.to_owned()).collect::<Vec<_>>()[..]),
            "{shown}"
        );
        let exact = read_exact(&path, &selection).expect("a good table");
        assert_eq!(exact.numeric.data().iter().map(|&v| v as f32).collect::<Vec<_>>(), x, "{shown}");
        let all = survey(&path, &KindOptions { options, missing: None }).expect("a good table");
        assert_eq!((all.rows, all.problems), (x.len(), vec![]), "{shown}");
    }
}

#[test]
fn numbers_that_mean_missing_do_so_by_their_value() {
    let mut selection = select(&["x"], &["t", "u"]);
    selection.missing = Some(vec!["-999".into(), "NA".into()]);
    let bytes = b"x,t,u\n-999.0,-999,-0999\n-9.99e2,-999.00,NA\n-999.5,a,b\n";
    let table = read_bytes(bytes, &selection).expect("a good table");
    assert!(table.numeric.data()[..2].iter().all(|v| v.is_nan()));
    assert_eq!(table.numeric.data()[2], -999.5);
    // As a label, -0999 is another text than -999.
    assert_eq!(table.text, [["", "", "a"], ["-0999", "", "b"]]);
    assert_eq!(
        table.words[0].iter().map(|(word, rows)| (word.as_str(), *rows)).collect::<Vec<_>>(),
        [("-999", 1), ("-999.00", 1)]
    );
}

#[test]
fn large_numbers_that_32_bits_hold_alike_are_not_missing_alike() {
    let mut selection = select(&["x"], &[]);
    selection.missing = Some(vec!["99999999".into()]);
    let table = read_bytes(b"x\n99999999\n100000000\n", &selection).expect("a good table");
    assert!(table.numeric.data()[0].is_nan() && table.numeric.data()[1] == 1e8);
}

#[test]
fn a_survey_counts_what_a_reading_refuses_and_says_where_it_began() {
    let rows: String = (0..60)
        .map(|i| {
            format!("{i},{},{},g{}\n", if i == 40 { "<LOD" } else { "1.5" }, if i > 50 { "inf" } else { "2" }, i % 2)
        })
        .collect();
    let (_folder, path) = file("t.csv", format!("a,b,c,d\n{rows}").as_bytes());
    let found = survey(&path, &KindOptions::default()).expect("a table");
    assert_eq!(found.kinds, [Number, Number, Number, Text]);
    assert_eq!((found.rows, found.numeric.cols(), found.text.len()), (60, 3, 1));
    assert!(found.numeric[(40, 1)].is_nan() && found.numeric[(59, 2)].is_infinite());
    let told: Vec<_> = found
        .problems
        .iter()
        .map(|p| (p.code.as_str(), p.path.clone().unwrap_or_default(), p.message.clone()))
        .collect();
    assert!(told[0].1.ends_with("t.csv:42:4") && told[0].2.contains("row 41: \"<LOD\""), "{told:?}");
    assert!(told[1].1.ends_with("t.csv:53:8") && told[1].2.contains("9 such fields"), "{told:?}");
    assert_eq!((told.len(), told[1].0), (2, "DATA_NOT_FINITE"));
    found.problems.iter().for_each(check_manners);
}

#[test]
fn a_survey_follows_columns_that_begin_empty() {
    let rows: String = (0..5000).map(|i| if i < 4000 { "1,,,\n" } else { "1,2,y,\n" }).collect();
    let (_folder, path) = file("t.csv", format!("a,b,c,d\n{rows}").as_bytes());
    let found = survey(&path, &KindOptions::default()).expect("a table");
    assert_eq!(found.kinds, [Number, Number, Text, Unknown]);
    assert_eq!((found.numeric[(4999, 1)], found.text[0][4000].as_str(), found.text[0].len()), (2.0, "y", 5000));
}

#[test]
fn an_empty_field_is_placed_too_where_empty_is_not_missing() {
    for (bytes, place) in
        [(&b"x,t\n1,a\n,b\n"[..], "t.csv:3:1"), (b"t,x\na,\n", "t.csv:2:3"), (b"t,x\r\na,", "t.csv:2:3")]
    {
        let failure =
            read_bytes(bytes, &CsvSelection { missing: Some(vec![]), ..select(&["x"], &["t"]) }).expect_err("empty");
        assert_eq!(failure.code.as_str(), "DATA_NOT_NUMERIC");
        assert!(failure.path.as_deref().is_some_and(|path| path.ends_with(place)), "{failure:?}");
        assert_eq!(failure.hint.as_deref(), Some("list \"\" under `missingValues` if it means no value"));
    }
}

#[test]
fn a_missing_file_offers_its_neighbor_and_a_folder_is_no_file() {
    let (folder, path) = file("cells.csv", b"x\n1\n");
    let failure = columns(&folder.path().join("cels.csv"), &CsvOptions::default()).expect_err("no such file");
    assert_eq!(failure.code.as_str(), "DATA_NOT_FOUND");
    assert_eq!(failure.hint.as_deref(), Some("did you mean \"cells.csv\"?"));
    for wrong in [folder.path().to_owned(), path.join("below/a/file")] {
        let failure = columns(&wrong, &CsvOptions::default()).expect_err("no file");
        assert_eq!(failure.code.as_str(), "DATA_NOT_FOUND");
        check_manners(&failure);
    }
}

#[test]
fn a_table_wider_than_every_buffer_is_read_whole() {
    let width = 30_000;
    let names: Vec<String> = (0..width).map(|j| format!("gene{j}")).collect();
    let mut text = names.join("\t");
    for row in 0..3 {
        let values: Vec<String> = (0..width).map(|j| format!("{row}.{j}")).collect();
        text += "\n";
        text += &values.join("\t");
    }
    let table = read_bytes(text.as_bytes(), &CsvSelection { numeric: names, ..CsvSelection::default() }).expect("good");
    for (row, column) in [(0, 0), (1, 9_999), (2, width - 1)] {
        let expected: f32 = format!("{row}.{column}").parse().expect("a number");
        assert_eq!(table.numeric[(row, column)], expected);
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_as_decimal_text_is_read_as_the_same_bits(
        rows in prop::collection::vec((prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO, "[^\0\r]{0,12}"), 1..20),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        ends in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let mut text = format!("x{delimiter}\"a label\"{ends}");
        for (number, label) in &rows {
            text += &format!("{number:e}{delimiter}{}{ends}", quoted(label));
        }
        let mut selection = select(&["x"], &["a label"]);
        selection.missing = Some(vec![]);
        let table = read_bytes(text.as_bytes(), &selection).expect("a good table");
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let (numbers, labels): (Vec<f32>, Vec<String>) = rows.into_iter().unzip();
        prop_assert_eq!(bits(table.numeric.data()), bits(&numbers));
        prop_assert_eq!(&table.text[0], &labels);
    }
}

#[test]
fn very_many_columns_without_a_name_are_all_named() {
    let count = 120_000;
    let header = ",".repeat(count - 1);
    let (_folder, path) = file("t.csv", format!("{header}\n").as_bytes());
    // Comparing each name with each would take minutes here.
    let found = columns(&path, &CsvOptions::default()).expect("a header");
    assert_eq!((found.columns.len(), found.unnamed.len()), (count, count));
    assert_eq!(found.columns[count - 1], format!("Unnamed: {}", count - 1));
}
