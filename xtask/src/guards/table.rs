//! What a person sees of a run: a line for each cell, with scores a line for each chart.

use super::Outcome;

/// The tables, for a terminal or a file.
pub fn table(outcome: &Outcome) -> String {
    let mut rows = vec![["cell", "tried", "guarded", "fine", "weak", "missing"].map(str::to_owned).to_vec()];
    for row in outcome.rows.iter().filter(|row| row.tried > 0) {
        let numbers = [row.tried, row.guarded, row.fine, row.weak, row.missing].map(|number| number.to_string());
        rows.push(std::iter::once(row.cell.clone()).chain(numbers).collect());
    }
    let mut text = aligned(&rows);
    if !outcome.scores.is_empty() {
        let mut rows = vec![["chart", "guards noticed", "untested", "not mutated"].map(str::to_owned).to_vec()];
        for score in &outcome.scores {
            let mutated = score.noticed + score.untested;
            let noticed = if mutated == 0 { "-".to_owned() } else { format!("{}/{mutated}", score.noticed) };
            rows.push(vec![
                score.chart.clone(),
                noticed,
                score.untested.to_string(),
                score.not_mutated.len().to_string(),
            ]);
        }
        text.push('\n');
        text.push_str(&aligned(&rows));
        for (place, why) in outcome.scores.iter().flat_map(|score| &score.not_mutated) {
            text.push_str(&format!("  not mutated  {}:{}  {why}\n", place.file, place.line));
        }
    }
    text
}

/// Columns: words to the left, numbers to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let room = " ".repeat(widths[at] - cell.chars().count());
            if at == 0 { format!("{cell}{room}") } else { format!("{room}{cell}") }
        });
        text.push_str(&format!("  {}\n", cells.collect::<Vec<_>>().join("  ")));
    }
    text
}
