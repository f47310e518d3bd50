//! Generated blocks inside written documents.
//!
//! A block stands between `<!-- generated: NAME -->` and `<!-- /generated -->`, each on a line of its own.

const OPEN: &str = "<!-- generated: ";
const CLOSE: &str = "<!-- /generated -->";

/// The document with the inside of every block replaced by `content(name)`.
///
/// # Errors
/// A sentence when a block is not closed or `content` does not know its name.
pub fn fill(text: &str, content: impl Fn(&str) -> Result<String, String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        filled.push_str(line);
        filled.push('\n');
        let Some(name) = line.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        if !lines.by_ref().any(|line| line == CLOSE) {
            return Err(format!("`{line}` is not closed by `{CLOSE}`"));
        }
        filled.push_str(content(name)?.trim_end());
        filled.push('\n');
        filled.push_str(CLOSE);
        filled.push('\n');
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_inside_of_blocks_changes_and_filling_twice_changes_nothing() {
        let text = "# a\n<!-- generated: x -->\nold\nolder\n<!-- /generated -->\nend\n";
        let content = |name: &str| Ok(format!("new {name}\n"));
        let once = fill(text, content).expect("closed");
        assert_eq!(once, "# a\n<!-- generated: x -->\nnew x\n<!-- /generated -->\nend\n");
        assert_eq!(fill(&once, content).expect("closed"), once);
    }

    #[test]
    fn an_open_block_and_an_unknown_name_are_errors() {
        assert!(fill("<!-- generated: x -->\n", |_| Ok(String::new())).is_err());
        assert!(fill("<!-- generated: x -->\n<!-- /generated -->\n", |_| Err("unknown".into())).is_err());
    }
}
