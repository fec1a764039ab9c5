//! Tables as CSV (RFC 4180).

/// One line with its end.
#[must_use]
pub fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
    format!("{}\r\n", cells.join(","))
}

/// Quoted where it must be. What a spreadsheet would take for a formula is made a text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in the text, counted from one.
    pub number: usize,
    pub cells: Vec<String>,
}

/// What separates cells: spreadsheets take the semicolon where the comma is in numbers, and the
/// tabulator where cells are copied.
const SEPARATORS: [char; 3] = [',', ';', '\t'];
/// What some programs write before everything else.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The lines of a table that are not empty; what [`line`] made of a formula is that text again.
/// Whatever is in the first line most often separates the cells.
///
/// # Errors
/// The line in which a quote begins that never ends.
pub fn read(text: &str) -> Result<Vec<Line>, usize> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let separator = separator(text);
    let mut lines = vec![Line::beginning(1)];
    let mut quoted_since = None;
    let mut number = 1;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(line) = lines.last_mut() else { break };
        number += usize::from(c == '\n');
        match (c, quoted_since) {
            ('"', Some(_)) if chars.peek() == Some(&'"') => {
                chars.next();
                line.put('"');
            }
            ('"', Some(_)) => quoted_since = None,
            ('"', None) => quoted_since = Some(number),
            (c, None) if c == separator => line.cells.push(String::new()),
            ('\r', None) => {}
            ('\n', None) => lines.push(Line::beginning(number)),
            (c, _) => line.put(c),
        }
    }
    lines.retain(|line| line.cells.iter().any(|cell| !cell.trim().is_empty()));
    let plain = |cell: &mut String| match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@']) => *cell = text.to_owned(),
        Some(_) | None => *cell = cell.trim().to_owned(),
    };
    let cells = lines.iter_mut().flat_map(|line| &mut line.cells);
    cells.for_each(plain);
    quoted_since.map_or(Ok(lines), Err)
}

fn separator(text: &str) -> char {
    let mut quoted = false;
    let mut times = SEPARATORS.map(|separator| (0, separator));
    let head = text.chars().take_while(|c| *c != '\n');
    for c in head {
        quoted ^= c == '"';
        let found = times.iter_mut().find(|(_, separator)| *separator == c);
        if let Some((times, _)) = found.filter(|_| !quoted) {
            *times += 1;
        }
    }
    // Of equals the last is the most: the comma, where there is none of them.
    let most = times.into_iter().rev().max_by_key(|(times, _)| *times);
    most.map_or(',', |(_, separator)| separator)
}

impl Line {
    fn beginning(number: usize) -> Self {
        Self {
            number,
            cells: vec![String::new()],
        }
    }

    fn put(&mut self, c: char) {
        if let Some(cell) = self.cells.last_mut() {
            cell.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, line, read};

    fn lines(text: &str) -> Vec<(usize, Vec<String>)> {
        let lines = read(text).expect("a table").into_iter();
        lines.map(|line| (line.number, line.cells)).collect()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let cells = ["a,b", "say \"x\"", "-1", "", "中文"].map(str::to_owned);
        assert_eq!(lines(&line(&cells)), [(1, cells.to_vec())]);
        let owned = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect();
        let two = [(1, owned(&["a", "b"])), (4, owned(&["c"]))];
        assert_eq!(lines("a,b\n\n , \nc"), two);
        assert!(lines("").is_empty());
    }

    #[test]
    fn spreadsheets_of_all_sorts_are_read() {
        let cells = |text: &str| lines(text).into_iter().map(|(_, cells)| cells).collect();
        let expected = vec![vec!["a,b", "c"], vec!["1,5", "x\ny"]];
        for text in [
            "\u{feff}\"a,b\";c\r\n1,5;\"x\ny\"\r\n",
            "\"a,b\"\tc\n1,5\t\"x\ny\"",
            "\"a,b\",c\n\"1,5\",\"x\ny\"",
        ] {
            let found: Vec<Vec<String>> = cells(text);
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(
            lines("a\n\"b\nc\"\nd")[2].0,
            4,
            "lines of the text are counted"
        );
        assert_eq!(read("a,b\n\n\"c,d\ne"), Err(3));
    }

    #[test]
    fn cells_are_quoted_and_no_formula_gets_through() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"x\"\nnow"), "\"say \"\"x\"\"\nnow\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("@x,y"), "\"'@x,y\"");
        assert_eq!(cell("{\"a\":1}"), "\"{\"\"a\"\":1}\"");
    }
}
