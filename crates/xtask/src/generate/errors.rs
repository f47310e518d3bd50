//! The table of failure codes, as a TypeScript union and as a page.

use disentangle_data::Code;
use std::fmt::Write;

/// The union of all codes and their explanations.
pub fn typescript() -> String {
    let mut text =
        String::from("/** Identifier of a failure, `AREA_PROBLEM`. Codes are never renamed and never reused. */\n");
    text.push_str("export type ErrorCode = keyof typeof explanations;\n\n");
    text.push_str("/** One sentence for each failure there is. */\nexport const explanations = {\n");
    for code in Code::ALL {
        let sentence = serde_json::to_string(code.explanation()).expect("a string serialises");
        writeln!(text, "  {}: {sentence},", code.as_str()).expect("a string grows");
    }
    text.push_str("} as const;\n");
    text
}

/// docs/errors.md: one table per area.
pub fn document() -> String {
    let mut text = String::from(
        "# Errors\n\nEvery failure is a `DisentangleError` with a `code`, a one-line `message`, and where they help a `path`, a `hint`\n\
         and a `context`. Codes are never renamed and never reused: switch on the code, never on the message.\n\n\
         This page is written by `cargo xtask gen` from crates/data/src/failure.rs.\n",
    );
    let mut area = "";
    for code in Code::ALL {
        let (first, _) = code.as_str().split_once('_').expect("a code has an area");
        if first != area {
            area = first;
            write!(text, "\n## {area}\n\n| code | meaning |\n| --- | --- |\n").expect("a string grows");
        }
        writeln!(text, "| `{}` | {} |", code.as_str(), code.explanation()).expect("a string grows");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_union_and_on_the_page_once() {
        let (union, page) = (typescript(), document());
        for code in Code::ALL {
            assert_eq!(union.matches(&format!("\n  {}: ", code.as_str())).count(), 1, "{code:?}");
            assert_eq!(page.matches(&format!("\n| `{}` |", code.as_str())).count(), 1, "{code:?}");
        }
    }

    #[test]
    fn an_area_has_one_table() {
        let page = document();
        let mut areas: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let count = areas.len();
        areas.sort_unstable();
        areas.dedup();
        assert_eq!(areas.len(), count, "codes of one area stand together in failure.rs");
    }
}
