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

/// The cells of a table's lines; what [`line`] made of a formula is that text again.
#[must_use]
pub fn read(text: &str) -> Vec<Vec<String>> {
    let mut lines = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(line) = lines.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                put(line, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => lines.push(vec![String::new()]),
            c => put(line, c),
        }
    }
    lines.retain(|line| line.iter().any(|cell| !cell.trim().is_empty()));
    let plain = |cell: &mut String| match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@']) => *cell = text.to_owned(),
        Some(_) | None => *cell = cell.trim().to_owned(),
    };
    lines.iter_mut().flatten().for_each(plain);
    lines
}

fn put(line: &mut [String], c: char) {
    if let Some(cell) = line.last_mut() {
        cell.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, line, read};

    #[test]
    fn what_was_written_is_read_again() {
        let cells = ["a,b", "say \"x\"", "-1", "", "中文"].map(str::to_owned);
        assert_eq!(read(&line(&cells)), [cells.to_vec()]);
        assert_eq!(read("a,b\n\n , \nc"), [vec!["a", "b"], vec!["c"]]);
        assert!(read("").is_empty());
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
