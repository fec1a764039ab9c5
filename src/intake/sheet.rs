//! The table of what could be taken over as CSV: written, and read again after somebody edited it.
//!
//! Invariant: what [`write`] makes, [`read`] gives back; every refusal names its line.

use super::Row;
use crate::error::{FieldError, Words};
use crate::web::csv::{self, Line};

/// The columns of the CSV, and the fields of a row in the form.
pub const COLUMNS: [&str; 11] = [
    "namespace",
    "deployment",
    "uid",
    "container",
    "project",
    "component",
    "environment",
    "language",
    "repository",
    "job",
    "owner",
];
/// What tables that were downloaded before have no column of.
const LATER: &[&str] = &["job"];
/// More of what is wrong is not read before the first of it is mended.
const MOST_ERRORS: usize = 20;

/// A table with its head.
pub fn write<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let line = |row: &Row| csv::line(&COLUMNS.map(|column| cell(row, column).to_owned()));
    let head = csv::line(&COLUMNS.map(str::to_owned));
    std::iter::once(head).chain(rows.map(line)).collect()
}

/// The rows of a table with a head of our columns in any order, each with its line.
///
/// # Errors
/// What is wrong with the table as such, line by line.
pub fn read(text: &str) -> Result<Vec<(usize, Row)>, Vec<FieldError>> {
    let unclosed = |line: usize| vec![wrong("intake-csv-quote", line)];
    let lines = csv::read(text).map_err(unclosed)?;
    let (head, rest) = match lines.split_first() {
        Some((head, rest)) => (head.cells.as_slice(), rest),
        None => (&[][..], &[][..]),
    };
    check_head(head)?;
    let long = |line: &&Line| line.cells.len() > head.len();
    let errors = rest.iter().filter(long).take(MOST_ERRORS);
    let errors: Vec<_> = errors
        .map(|line| wrong("intake-csv-cells", line.number))
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let row = |line: &Line| {
        let row = of_cells(|column| {
            let at = head.iter().position(|name| name == column);
            let cell = at.and_then(|at| line.cells.get(at));
            cell.cloned().unwrap_or_default()
        });
        (line.number, row)
    };
    Ok(rest.iter().map(row).collect())
}

/// Each of our columns once, and no other.
fn check_head(head: &[String]) -> Result<(), Vec<FieldError>> {
    let times = |column: &str| head.iter().filter(|name| *name == column).count();
    let unknown = head.iter().map(String::as_str);
    let unknown = unknown.filter(|name| !COLUMNS.contains(name));
    let missing = COLUMNS.into_iter();
    let missing = missing.filter(|name| times(name) == 0 && !LATER.contains(name));
    let twice = COLUMNS.into_iter().filter(|name| times(name) > 1);
    let columns = unknown.chain(missing).chain(twice).take(MOST_ERRORS);
    let errors: Vec<_> = columns
        .map(|column| FieldError {
            field: "parameters.csv".to_owned(),
            words: Words::new("intake-csv-column").with("column", column),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn wrong(code: &str, line: usize) -> FieldError {
    FieldError {
        field: "parameters.csv".to_owned(),
        words: Words::new(code).with("line", line),
    }
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    match column {
        "namespace" => &row.namespace,
        "deployment" => &row.deployment,
        "uid" => &row.uid,
        "container" => &row.container,
        "project" => &row.project,
        "component" => &row.component,
        "environment" => &row.environment,
        "language" => &row.language,
        "repository" => &row.repository,
        "job" => &row.job,
        _ => &row.owner,
    }
}

/// A row of what stands in each column.
pub fn of_cells(of: impl Fn(&str) -> String) -> Row {
    Row {
        namespace: of("namespace"),
        deployment: of("deployment"),
        uid: of("uid"),
        container: of("container"),
        project: of("project"),
        component: of("component"),
        environment: of("environment"),
        language: of("language"),
        repository: of("repository"),
        job: of("job"),
        owner: of("owner"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |n: usize| of_cells(|column| format!("{column}; \"{n}\", 中文"));
        vec![row(1), row(2)]
    }

    fn said(text: &str) -> Vec<(String, Vec<(String, String)>)> {
        let errors = read(text).expect_err("a refusal");
        let words = errors.into_iter().map(|e| (e.words.code, e.words.args));
        words.collect()
    }

    #[test]
    fn what_was_downloaded_is_read_again() {
        let numbered = |rows: Vec<Row>| (2..).zip(rows).collect::<Vec<_>>();
        let text = write(rows().iter());
        assert_eq!(read(&text), Ok(numbered(rows())));
        assert_eq!(read(&format!("\u{feff}{text}")), Ok(numbered(rows())));
        let plain = of_cells(str::to_owned);
        for separator in [";", "\t"] {
            let text = write([&plain].into_iter()).replace(',', separator);
            assert_eq!(read(&text), Ok(vec![(2, plain.clone())]), "{separator:?}");
        }
    }

    #[test]
    fn a_table_from_before_there_were_jobs_is_read() {
        let of = |row: &Row| {
            let old = COLUMNS.iter().filter(|column| **column != "job");
            csv::line(&old.map(|c| cell(row, c).to_owned()).collect::<Vec<_>>())
        };
        let head = of(&of_cells(str::to_owned));
        let row = of_cells(|c| {
            if c == "job" {
                String::new()
            } else {
                c.to_uppercase()
            }
        });
        assert_eq!(read(&format!("{head}\n{}", of(&row))), Ok(vec![(3, row)]));
    }

    #[test]
    fn what_is_wrong_names_its_line_or_its_column() {
        let head = write(std::iter::empty());
        let line = |n: usize| vec![("line".to_owned(), n.to_string())];
        let long = format!("{head}\"a\nb\",c\n\nx{}", ",".repeat(11));
        assert_eq!(said(&long), [("intake-csv-cells".to_owned(), line(5))]);
        let open = format!("{head}a,b\nc,\"d\ne,f");
        assert_eq!(said(&open), [("intake-csv-quote".to_owned(), line(3))]);
        let columns = |text: &str| {
            let said = said(text).into_iter();
            let columns = said.map(|(_, args)| args[0].1.clone());
            columns.collect::<Vec<_>>()
        };
        assert_eq!(
            columns(&head.replace("owner", "owner,color,uid")),
            ["color", "uid"]
        );
        assert_eq!(columns(&head.replace("uid,", "")), ["uid"]);
        assert_eq!(columns("").len(), COLUMNS.len() - LATER.len());
    }
}
