//! The failure codes, as a TypeScript union and as a page, with what brings each about and what to do.

use disentangle_data::Code;
use std::fmt::Write;

const HEAD: &str = "# Errors\n\nEvery failure is a `DisentangleError` with a `code`, a one-line `message`, and where they help a `path`, a `hint`\n\
    and a `context`. Codes are never renamed and never reused: switch on the code, never on the message.\n\n\
    `disentangle explain CODE` prints the entry of a code, `disentangle explain AREA` lists the codes of an area.\n\n\
    This page is written by `cargo xtask gen` from crates/data/src/failure/codes.rs.\n\n";

/// The union of all codes, their explanations and their pages.
pub fn typescript() -> String {
    let mut text =
        String::from("/** Identifier of a failure, `AREA_PROBLEM`. Codes are never renamed and never reused. */\n");
    text.push_str("export type ErrorCode = keyof typeof explanations;\n\n");
    text.push_str("/** One sentence for each failure there is. */\nexport const explanations = {\n");
    for code in Code::ALL {
        writeln!(text, "  {}: {},", code.as_str(), quoted(code.explanation())).expect("a string grows");
    }
    text.push_str("} as const;\n\n");
    text.push_str("/** What usually brings each failure about, and what to do. */\n");
    text.push_str(
        "export const pages: Readonly<Record<ErrorCode, { readonly cause: string; readonly fix: string }>> = {\n",
    );
    for code in Code::ALL {
        let (cause, fix) = (quoted(code.cause()), quoted(code.fix()));
        writeln!(text, "  {}: {{\n    cause: {cause},\n    fix: {fix},\n  }},", code.as_str()).expect("a string grows");
    }
    text.push_str("};\n");
    text
}

fn quoted(sentence: &str) -> String {
    serde_json::to_string(sentence).expect("a string serialises")
}

/// docs/errors.md: the areas, and for each of them a table that leads to its codes, each under a heading of its own.
pub fn document() -> String {
    let mut text = String::from(HEAD);
    let areas = areas();
    let links: Vec<String> = areas.iter().map(|(area, _)| format!("[{area}](#{})", area.to_lowercase())).collect();
    writeln!(text, "{}", links.join(" ")).expect("a string grows");
    for (area, codes) in areas {
        write!(text, "\n## {area}\n\n| code | meaning |\n| --- | --- |\n").expect("a string grows");
        for code in &codes {
            let name = code.as_str();
            writeln!(text, "| [`{name}`](#{}) | {} |", name.to_lowercase(), code.explanation())
                .expect("a string grows");
        }
        for code in codes {
            let (name, explanation, cause, fix) = (code.as_str(), code.explanation(), code.cause(), code.fix());
            write!(text, "\n### {name}\n\n{explanation}\n\n**Causes.** {cause}\n\n**What to do.** {fix}\n")
                .expect("a string grows");
        }
    }
    text
}

/// The codes by the word that they begin with, in their order.
fn areas() -> Vec<(&'static str, Vec<Code>)> {
    let mut areas: Vec<(&str, Vec<Code>)> = Vec::new();
    for &code in Code::ALL {
        let (area, _) = code.as_str().split_once('_').expect("a code has an area");
        match areas.last_mut() {
            Some((last, codes)) if *last == area => codes.push(code),
            _ => areas.push((area, vec![code])),
        }
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_union_and_on_the_page_once_with_its_cause_and_fix() {
        let (union, page) = (typescript(), document());
        for code in Code::ALL {
            let (name, anchor) = (code.as_str(), code.as_str().to_lowercase());
            assert_eq!(union.matches(&format!("\n  {name}: \"")).count(), 1, "{code:?}");
            assert_eq!(union.matches(&format!("\n  {name}: {{\n    cause: \"")).count(), 1, "{code:?}");
            assert_eq!(page.matches(&format!("\n| [`{name}`](#{anchor}) |")).count(), 1, "{code:?}");
            let entry = format!("\n### {name}\n\n{}\n\n**Causes.** {}\n", code.explanation(), code.cause());
            assert_eq!(page.matches(&entry).count(), 1, "{code:?}");
            assert!(page.contains(&format!("\n**What to do.** {}\n", code.fix())), "{code:?}");
        }
    }

    #[test]
    fn an_area_has_one_table() {
        let mut names: Vec<&str> = areas().into_iter().map(|(area, _)| area).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "codes of one area stand together in failure/codes.rs");
    }
}
