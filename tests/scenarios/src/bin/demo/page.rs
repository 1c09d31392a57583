//! What the demonstration shows: headings, facts in columns, blocks of the terminal's own lines; or JSON.

use std::io::{Write, stdout};
use std::time::Instant;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::words::{Language, Words};

/// Columns of the page.
const COLUMNS: usize = 97;
/// Columns before everything under a heading.
const INDENT: usize = 3;
/// Columns of the names of facts.
const LABEL: usize = 36;

/// Standard output, as pages for people or as lines for machines.
pub struct Page {
    languages: Vec<Language>,
    json: bool,
    began: Instant,
    step: u32,
}

impl Page {
    /// An empty page in these languages.
    pub fn new(languages: Vec<Language>, json: bool) -> Page {
        Page { languages, json, began: Instant::now(), step: 0 }
    }

    /// The languages it is written in.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// The language of the terminal's own screen and printer.
    pub fn first_language(&self) -> Language {
        self.languages.first().copied().unwrap_or(Language::Chinese)
    }

    /// Says on standard error what is being done: until the first heading, and wherever the page is not shown.
    pub fn progress(&self, what: &str) {
        if self.json || self.step == 0 {
            eprintln!("[demo {:>4.1} s] {what}", self.began.elapsed().as_secs_f32());
        }
    }

    /// Begins the next step.
    pub fn heading(&mut self, title: Words) {
        self.step += 1;
        let title = format!("{}  {}", self.step, title.all(&self.languages));
        let rule = "─".repeat(COLUMNS.saturating_sub(title.width() + 1));
        self.line(&format!("\n{title} {rule}"));
    }

    /// A sentence, in each language.
    pub fn sentence(&self, sentence: Words) {
        for language in &self.languages {
            self.indented(sentence.spoken(*language));
        }
    }

    /// A fact and its name.
    pub fn fact(&self, name: Words, value: &str) {
        self.indented(&format!("{}{value}", padded(&name.all(&self.languages), LABEL)));
    }

    /// Lines of a table or of the terminal itself.
    pub fn block(&self, lines: &[String]) {
        lines.iter().for_each(|line| self.indented(line));
    }

    /// An empty line.
    pub fn gap(&self) {
        self.line("");
    }

    /// Blocks beside each other, each as wide as its longest line.
    pub fn beside(&self, blocks: &[Vec<String>]) {
        let widths: Vec<usize> =
            blocks.iter().map(|block| block.iter().map(|line| line.width()).max().unwrap_or_default()).collect();
        let height = blocks.iter().map(Vec::len).max().unwrap_or_default();
        for row in 0..height {
            let cell = |(block, width): (&Vec<String>, &usize)| {
                padded(block.get(row).map(String::as_str).unwrap_or_default(), *width)
            };
            self.indented(blocks.iter().zip(&widths).map(cell).collect::<Vec<_>>().join("   ").trim_end());
        }
    }

    /// The same for machines: one line a step.
    pub fn facts(&self, step: &str, mut facts: Value) {
        if self.json {
            facts["step"] = json!(step);
            put(&facts.to_string());
        }
    }

    fn indented(&self, line: &str) {
        self.line(format!("{:INDENT$}{line}", "").trim_end());
    }

    fn line(&self, line: &str) {
        if !self.json {
            put(line);
        }
    }
}

/// The text and as many spaces as its width leaves; Chinese characters are two columns wide.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// An amount, to the cent.
pub fn money(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

/// Whoever reads has gone away: there is nobody left to tell.
fn put(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        for text in ["batch", "批次号", "批次号  batch", ""] {
            assert_eq!(padded(text, 20).width(), 20, "{text}");
        }
    }

    #[test]
    fn money_is_shown_to_the_cent() {
        let table = [(0, "0.00"), (5, "0.05"), (1234, "12.34"), (-8800, "-88.00")];
        table.iter().for_each(|(minor, shown)| assert_eq!(money(*minor), *shown));
    }
}
