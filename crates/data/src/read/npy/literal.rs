//! The Python literals of which a header is made: strings, whole numbers, booleans, None, tuples, lists and dictionaries.

/// A parsed literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Whole(u64),
    Bool(bool),
    None,
    /// A tuple or a list.
    Sequence(Vec<Literal>),
    Dictionary(Vec<(String, Literal)>),
}

/// Nesting beyond this is hostile: record types nest a few levels.
const DEEPEST: usize = 32;

/// Parses one literal; `None` when the text is anything else.
pub(super) fn parse(text: &str) -> Option<Literal> {
    let mut parser = Parser { rest: text };
    let value = parser.value(0)?;
    parser.skip_blanks();
    parser.rest.is_empty().then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Option<Literal> {
        if depth > DEEPEST {
            return None;
        }
        self.skip_blanks();
        match self.rest.chars().next()? {
            '\'' | '"' => self.text().map(Literal::Text),
            '(' => self.sequence(')', depth),
            '[' => self.sequence(']', depth),
            '{' => self.dictionary(depth),
            '0'..='9' => self.whole(),
            _ => self.word(),
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Consumes `expected` if it comes next.
    fn eat(&mut self, expected: char) -> bool {
        self.skip_blanks();
        let stripped = self.rest.strip_prefix(expected);
        self.rest = stripped.unwrap_or(self.rest);
        stripped.is_some()
    }

    fn text(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut characters = self.rest[1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => text.push(characters.next()?.1),
                _ if character == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(text);
                }
                _ => text.push(character),
            }
        }
        None
    }

    fn whole(&mut self) -> Option<Literal> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        // Python 2 wrote long integers with an L.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().ok().map(Literal::Whole)
    }

    fn word(&mut self) -> Option<Literal> {
        let words = [("True", Literal::Bool(true)), ("False", Literal::Bool(false)), ("None", Literal::None)];
        let (rest, value) = words.into_iter().find_map(|(word, value)| Some((self.rest.strip_prefix(word)?, value)))?;
        self.rest = rest;
        Some(value)
    }

    fn sequence(&mut self, close: char, depth: usize) -> Option<Literal> {
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        loop {
            if self.eat(close) {
                return Some(Literal::Sequence(items));
            }
            items.push(self.value(depth + 1)?);
            if !self.eat(',') {
                return self.eat(close).then_some(Literal::Sequence(items));
            }
        }
    }

    fn dictionary(&mut self, depth: usize) -> Option<Literal> {
        self.rest = &self.rest[1..];
        let mut entries = Vec::new();
        loop {
            if self.eat('}') {
                return Some(Literal::Dictionary(entries));
            }
            let Literal::Text(key) = self.value(depth + 1)? else { return None };
            if !self.eat(':') {
                return None;
            }
            entries.push((key, self.value(depth + 1)?));
            if !self.eat(',') {
                return self.eat('}').then_some(Literal::Dictionary(entries));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Literal::{Bool, Dictionary, None as Nothing, Sequence, Text, Whole};

    #[test]
    fn headers_as_python_2_and_3_write_them_are_understood() {
        let entry = |key: &str, value| (key.to_owned(), value);
        assert_eq!(
            parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4,), }  \n"),
            Some(Dictionary(vec![
                entry("descr", Text("<f4".into())),
                entry("fortran_order", Bool(false)),
                entry("shape", Sequence(vec![Whole(3), Whole(4)])),
            ]))
        );
        assert_eq!(
            parse(r#"[("a\"b", None, ()), 'é']"#),
            Some(Sequence(vec![Sequence(vec![Text("a\"b".into()), Nothing, Sequence(vec![])]), Text("é".into())]))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let deep = "(".repeat(100_000);
        for text in [
            "",
            "{",
            "(1 2)",
            "(-1,)",
            "1.5",
            "'open",
            "'\\",
            "{1: 2}",
            "{'a' 1}",
            "eval('1')",
            "1 1",
            "99999999999999999999",
            &deep,
        ] {
            assert_eq!(parse(text), Option::None, "{text:.20}");
        }
    }
}
