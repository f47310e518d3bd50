//! docs/metrics.md: one card per metric.

use serde_json::Value;
use std::fmt::Write;

/// The page. A card is a JSON object as `disentangle_metrics` serialises it.
pub fn document(cards: &[Value]) -> String {
    let mut text = String::from(
        "# Metrics\n\nA metric sees matrices and graphs, never the model. A constant latent gives `null` and the reason, never 0, 1 or\n\
         NaN. A metric may ignore only what the method leaves undetermined. `score` says where the metric is stricter than that.\n\n\
         This page is written by `cargo xtask gen` from crates/metrics/src/cards.rs.\n\n\
         | metric | says | range |\n| --- | --- | --- |\n",
    );
    for card in cards {
        let (name, sentence) = (word(&card["name"]), word(&card["sentence"]));
        writeln!(text, "| [`{name}`](#{}) | {sentence} | {} |", anchor(card), range(&card["range"]))
            .expect("a string grows");
    }
    for card in cards {
        text.push('\n');
        text.push_str(&section(card));
    }
    text
}

fn section(card: &Value) -> String {
    let source = &card["source"];
    let mut text = format!("## {}\n\n{}\n\n", word(&card["title"]), word(&card["sentence"]));
    let invariances = words(&card["invariances"]);
    let facts = [
        ("Key", format!("`{}`", word(&card["name"]))),
        ("Formula", format!("`{}`", word(&card["formula"]))),
        ("Range", format!("{}, best {}", range(&card["range"]), card["best"])),
        (
            "Does not notice",
            if invariances.is_empty() { "nothing: every change counts".into() } else { invariances.join(", ") },
        ),
        (
            "Source",
            format!(
                "[{}]({}) ({}, {})",
                word(&source["title"]),
                word(&source["url"]),
                word(&source["authors"]),
                source["year"]
            ),
        ),
    ];
    for (label, fact) in facts {
        writeln!(text, "- {label}: {fact}").expect("a string grows");
    }
    text.push_str("- Conventions:\n");
    for convention in words(&card["conventions"]) {
        writeln!(text, "  - {convention}").expect("a string grows");
    }
    text
}

fn range(range: &Value) -> String {
    let side = |value: &Value, unbounded: &str| match value.as_f64() {
        Some(bound) => bound.to_string(),
        None => unbounded.to_owned(),
    };
    format!("{} to {}", side(&range[0], "minus infinity"), side(&range[1], "infinity"))
}

fn anchor(card: &Value) -> String {
    let title = word(&card["title"]).to_lowercase();
    title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn words(values: &Value) -> Vec<&str> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_card_is_a_row_that_links_to_its_section() {
        let page = document(&[json!({
            "name": "r2", "title": "Share explained (R2)", "sentence": "How much.", "formula": "1 - a/b",
            "range": [null, 1.0], "best": 1.0, "conventions": ["Null when constant."], "invariances": [],
            "source": { "title": "T", "authors": "A", "year": 1921, "url": "https://x.y" }
        })]);
        assert!(page.contains("| [`r2`](#share-explained-r2) | How much. | minus infinity to 1 |\n"), "{page}");
        assert!(page.contains("## Share explained (R2)\n") && page.contains("  - Null when constant.\n"), "{page}");
        assert!(page.contains("- Does not notice: nothing: every change counts\n"), "{page}");
    }
}
