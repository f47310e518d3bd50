//! Rust code without its comments and the insides of its strings, line by line the same: what a text scan may look at.
//! Knows nested block comments, raw strings, character literals and lifetimes.

/// The code of a file: comments vanish, strings become `""`; newlines stay.
pub fn code_of(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| string(rest, code.chars().next_back()));
        match skipped {
            Some((length, replacement)) => {
                code.push_str(replacement);
                code.extend(rest[..length].chars().filter(|c| *c == '\n'));
                rest = &rest[length..];
            }
            None => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    code
}

/// Rust code without its `#[cfg(test)]` items; newlines stay. Expects what `code_of` returns.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        kept.push_str(&rest[..start]);
        let length = MARK.len() + item_length(&rest[start + MARK.len()..]);
        kept.extend(rest[start..start + length].chars().filter(|c| *c == '\n'));
        rest = &rest[start + length..];
    }
    kept + rest
}

/// Lines (counted from 1) of `code` in which `word` stands on its own. A word may hold `::` and end in `!` or `(`.
pub fn lines_with<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.lines().enumerate().filter(move |(_, line)| has_word(line, word)).map(|(index, _)| index + 1)
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_name) && (!word.ends_with(is_name) || !after.is_some_and(is_name))
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

// Up to the `;` or the closing brace that ends the item.
fn item_length(code: &str) -> usize {
    let mut depth = 0usize;
    for (index, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == '}' {
                    return index + 1;
                }
            }
            ';' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    code.len()
}

fn comment(rest: &str) -> Option<(usize, &'static str)> {
    if rest.starts_with("//") {
        return Some((rest.find('\n').unwrap_or(rest.len()), ""));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    Some((at, " "))
}

fn string(rest: &str, before: Option<char>) -> Option<(usize, &'static str)> {
    match rest.chars().next()? {
        '"' => Some((quoted(rest, '"'), "\"\"")),
        '\'' => character(rest).map(|length| (length, "' '")),
        'r' if !before.is_some_and(is_name) || before == Some('b') => raw(rest).map(|length| (length, "\"\"")),
        _ => None,
    }
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return index + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

// A lifetime has no closing quote after one character.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return Some(quoted(rest, '\''));
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(index, _)| index + 1)
}

fn raw(rest: &str) -> Option<usize> {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let start = 1 + hashes;
    rest[start..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[start + 1..].find(&end).map_or(rest.len(), |at| start + 1 + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_vanish_and_lines_stay() {
        let text = "let a = \"x // \\\" y\"; // no\n/* a /* b */\n no */ let b = r#\"q\"no\"#;\nlet c = 'x';";
        assert_eq!(code_of(text), "let a = \"\"; \n \n let b = \"\";\nlet c = ' ';");
    }

    #[test]
    fn lifetimes_and_quotes_in_characters_do_not_open_strings() {
        let code = code_of("fn f<'a>(x: &'a str) { let q = '\"'; let b = '\\''; kept }");
        assert!(code.contains("kept") && code.contains("&'a str"));
    }

    #[test]
    fn test_items_are_dropped_and_what_follows_is_kept() {
        let code =
            "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { bad }\n}\nfn c() {}\n#[cfg(test)]\nuse bad;\nfn d() {}";
        let kept = without_tests(code);
        assert!(!kept.contains("bad") && kept.contains("fn c") && kept.contains("fn d"));
        assert_eq!(kept.lines().count(), code.lines().count());
    }

    #[test]
    fn a_word_is_not_found_inside_another() {
        let found = |line: &str, word: &str| lines_with(line, word).count() == 1;
        assert!(found("let m: HashMap<u8, u8>;", "HashMap") && !found("MyHashMapper", "HashMap"));
        assert!(found("print!(1)", "print!") && !found("eprint!(1)", "print!"));
        assert!(found("std::env::var(x)", "env::var") && !found("unsafe_code", "unsafe"));
    }
}
