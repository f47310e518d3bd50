//! The inputs that are kept: for each reader short ones that it answers in different ways, with these answers. They are asked again
//! wherever the tests run.

use crate::drive::Answers;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes that are kept of a reader, and inputs.
const BYTES: usize = 2048;
const INPUTS: usize = 48;

/// Which inputs to keep: of each code the shortest, then the next ones, until there is no room.
pub fn chosen(answers: &BTreeMap<&'static str, Answers>) -> Value {
    json!(answers.iter().map(|(reader, answers)| (*reader, of_reader(answers))).collect::<BTreeMap<_, _>>())
}

fn of_reader(answers: &Answers) -> BTreeMap<String, Vec<String>> {
    let all = answers.iter().filter(|(answer, _)| *answer != "panic");
    let mut by_length: Vec<(&String, &Vec<u8>)> =
        all.flat_map(|(answer, inputs)| inputs.values().map(move |input| (answer, input))).collect();
    by_length.sort_by_key(|(answer, input)| (input.len(), *answer));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, &String, &Vec<u8>)> = Vec::new();
    for (answer, input) in by_length {
        let rank = seen.entry(answer.split(' ').next().unwrap_or_default()).or_default();
        *rank += 1;
        ranked.push((*rank, answer, input));
    }
    ranked.sort_by_key(|(rank, _, input)| (*rank, input.len()));
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut room = BYTES;
    let mut count = 0;
    for (_, answer, input) in ranked {
        if input.len() <= room && count < INPUTS {
            room -= input.len();
            count += 1;
            kept.entry(answer.clone()).or_default().push(hex(input));
        }
    }
    kept
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use crate::drive::{self, Target};
    use crate::{files, models, tables};
    use std::collections::BTreeMap;

    fn bytes_of(hex: &str) -> Vec<u8> {
        let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
        (0..hex.len()).step_by(2).map(digits).collect()
    }

    fn readers(folder: &tempfile::TempDir) -> Vec<Target> {
        [files::targets(folder.path()), tables::targets(folder.path())].concat()
    }

    #[test]
    fn each_kept_input_gets_the_answer_it_got_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept: BTreeMap<String, BTreeMap<String, Vec<String>>> =
            serde_json::from_str(include_str!("corpus.json")).expect("the corpus");
        drive::limit_memory();
        let mut asked = 0;
        for target in readers(&folder) {
            let inputs = kept.get(target.name).unwrap_or_else(|| panic!("{} has no corpus", target.name));
            for (expected, hex) in inputs.iter().flat_map(|(answer, all)| all.iter().map(move |hex| (answer, hex))) {
                let answer = drive::answer(&target, &bytes_of(hex));
                assert_eq!(answer.blame, None, "{}: {hex}", target.name);
                assert_eq!(&answer.text, expected, "{}: {hex}", target.name);
                asked += 1;
            }
        }
        assert!(asked > 200, "{asked} inputs");
    }

    #[test]
    fn damage_of_every_seed_is_answered() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut targets = [readers(&folder), models::targets().expect("models")].concat();
        for target in &targets {
            assert!(target.seeds.iter().any(|seed| (target.ask)(seed).is_ok()), "{}: no seed is good", target.name);
        }
        let (report, _) = drive::run(&mut targets, 3000, 1, folder.path()).expect("a report");
        assert_eq!(report["broken"], 0, "{report:#}");
    }
}
