//! Text: delimited tables, Matrix Market, trees, data set folders.

use crate::drive::{Ask, Target};
use disentangle_data::read::csv::{self, ColumnKind, CsvOptions, CsvSelection, KindOptions};
use disentangle_data::read::mtx::{self, Orientation};
use disentangle_data::tree::{parse_newick, parse_table};
use disentangle_data::write::{NpyData, write_npy};
use disentangle_data::{Failure, folder};
use std::path::{Path, PathBuf};
use std::rc::Rc;

const TABLES: [&[u8]; 9] = [
    b"id,x,env\na,1.5,\"b,\"\"c\"\nd,,e\n",
    b"\xEF\xBB\xBFx;y\r\n1,5;2\r\n-inf;1e39\r\n",
    b"a\tb\tc\n\"1\n2\"\t3\t4\n",
    b"x|x|\n\r\r\n1|2|\xC3\xA4\n",
    b"sep=;\na;b\n1.234,5;2\n",
    b"# a remark\nx y  z\n1 2  3\n4 5  6\n",
    b",v\n0,TRUE\n1,FALSE\n2,NA\n",
    b"\"a\",\"b\"\n\"1,851\",\"950\"\n",
    b"x y\nr1 1 2\nr2 3 4\n",
];
const MARKETS: [&[u8]; 5] = [
    include_bytes!("../../../../../__test__/fixtures/formats/general.mtx"),
    include_bytes!("../../../../../__test__/fixtures/formats/symmetric.mtx"),
    include_bytes!("../../../../../__test__/fixtures/formats/dense.mtx"),
    b"%%MatrixMarket matrix coordinate pattern skew-symmetric\n% a remark\n3 3 2\n2 1\n3 1\n",
    b"%%MatrixMarket matrix array integer general\n2 2\n1\n2\n3\n4\n",
];
const TREES: [&[u8]; 4] =
    [b"((a:1,b:2)ab:0.5,c:3)root;", b"(a,b,(c,d)e);", b"('a b':1e-3,[remark]c_d:2);", b"(((((a)))),b)r:0;"];
const PARENTS: [&[u8]; 8] = [
    b"parent,child,length\n,r,0\nr,a,1\nr,b,2.5\n",
    b"child\tparent\na\tr\nb\tr\n",
    // Rows alone, which are asked below a good header too.
    b"r,a,1\nr,b,2\na,c,0.5\na,d,1e-3\n",
    b"r,\"a, b\",1\nr,\"c \"\"d\"\"\",\n\n\"c \"\"d\"\"\",e,3\n",
    b",r,\r\nr,a,1\r\nr,\xC3\xA4,2\r\n",
    b"r,a,1\na,b,1\nb,c,1\nc,d,1\nd,e,1\ne,f,1\n",
    b"a,b,1\nb,a,1\nr,c,1\n",
    b"r,a,1\ns,b,1\nr,a,-1\nr,c,nan\n",
];
/// Damage mostly meets the header: below one that holds it reaches the rows.
const GOOD_HEADER: &str = "parent,child,length\n";
const MANIFEST: &[u8] = br#"{"format":1,"name":"n","rows":2,"inputs":{"file":"inputs.npy"},"inputNames":["x"],
"labels":{"environment":{"column":"e","levels":["a","b"],"file":"environment.npy"}},
"tree":{"names":["r","a","b"],"parents":[null,0,0],"lengths":[0,1,2.5]},
"truth":{"z":{"columns":["q"],"rows":["a","b"],"file":"inputs.npy"}},"rowIds":["1","2"]}"#;

/// A reader of a file that holds the bytes.
pub fn of_file(path: PathBuf, read: impl Fn(&Path) -> Result<(), Failure> + 'static) -> Ask {
    Rc::new(move |bytes| {
        std::fs::write(&path, bytes).expect("the folder can be written");
        read(&path)
    })
}

/// Text in which bytes that are no UTF-8 are replaced.
fn of_text(read: impl Fn(&str) -> Result<(), Failure> + 'static) -> Ask {
    Rc::new(move |bytes| read(&String::from_utf8_lossy(bytes)))
}

/// The targets.
pub fn targets(dir: &Path) -> Vec<Target> {
    let seeds = |all: &[&[u8]]| all.iter().map(|bytes| bytes.to_vec()).collect::<Vec<_>>();
    let data_set = dir.join("data-set");
    std::fs::create_dir_all(&data_set).expect("the folder can be written");
    write_npy(&data_set.join("inputs.npy"), &[2, 1], NpyData::F32(&[1.0, 2.0])).expect("it can be written");
    write_npy(&data_set.join("environment.npy"), &[2], NpyData::U32(&[0, 1])).expect("it can be written");
    vec![
        Target { name: "csv", share: 100, seeds: seeds(&TABLES), ask: of_file(dir.join("t.csv"), read_csv) },
        Target { name: "mtx", share: 30, seeds: seeds(&MARKETS), ask: of_file(dir.join("t.mtx"), read_market) },
        Target { name: "newick", share: 200, seeds: seeds(&TREES), ask: of_text(|text| parse_newick(text).map(drop)) },
        Target {
            name: "tree table",
            share: 100,
            seeds: seeds(&PARENTS),
            ask: of_text(|text| parse_table(text).or_else(|_| parse_table(&format!("{GOOD_HEADER}{text}"))).map(drop)),
        },
        Target {
            name: "data set folder",
            share: 15,
            seeds: seeds(&[MANIFEST]),
            ask: of_file(data_set.join("dataset.json"), |path| {
                folder::read(path.parent().expect("a folder"))?.check_shapes()
            }),
        },
    ]
}

fn read_csv(path: &Path) -> Result<(), Failure> {
    let options = CsvOptions::default();
    let found = csv::columns(path, &options)?;
    let kinds = KindOptions { options: options.clone(), ..KindOptions::default() };
    let kinds_found = csv::kinds(path, &kinds)?;
    csv::survey(path, &kinds)?;
    let of = |kind| {
        let columns = found.columns.iter().zip(&kinds_found).filter(move |(_, own)| **own == kind);
        columns.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    for (numeric, text) in [(of(ColumnKind::Number), of(ColumnKind::Text)), (vec![], found.columns.clone())] {
        let selection = CsvSelection { options: options.clone(), numeric, text, ..CsvSelection::default() };
        csv::read_exact(path, &selection)?;
        let table = csv::read(path, &selection)?;
        assert!(table.numeric.data().iter().all(|value| !value.is_infinite()), "a number that was not there");
        assert!(table.text.iter().all(|column| column.len() == table.rows), "columns of different lengths");
    }
    Ok(())
}

fn read_market(path: &Path) -> Result<(), Failure> {
    mtx::about(path)?;
    mtx::read(path, Orientation::AsWritten, &[0])?;
    mtx::read(path, Orientation::Transposed, &[0]).map(drop)
}
