use unicode_width::UnicodeWidthStr;

/// A receipt printer.
pub trait Printer: Send {
    /// What keeps it from printing, if anything does. Asked before a payment begins.
    fn status(&mut self) -> Result<(), PrinterProblem>;

    /// Prints a page to its end.
    ///
    /// # Errors
    ///
    /// The page is not on paper, or not all of it. What it tells of stays true; print it again.
    fn print(&mut self, page: &Page) -> Result<(), PrinterProblem>;

    /// Characters on a line; a Chinese character counts for two.
    fn columns(&self) -> usize;
}

/// Why a printer does not print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrinterProblem {
    /// No paper, or it ran out in the middle of a page.
    #[error("the printer is out of paper; put in a new roll and print again")]
    OutOfPaper,
    /// Too hot.
    #[error("the printer is too hot; wait a minute and print again")]
    Overheated,
    /// Its cover is open.
    #[error("the printer's cover is open; close it and print again")]
    CoverOpen,
    /// Anything else.
    #[error("the printer failed: {0}; call service if it does so again")]
    Fault(String),
}

/// What is printed in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// From the top.
    pub items: Vec<Item>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// Text.
    Line(Line),
    /// Empty lines.
    Feed(u8),
}

/// One line of text, in up to three places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// From the left edge.
    pub left: String,
    /// In the middle.
    pub center: String,
    /// Up to the right edge.
    pub right: String,
}

impl Page {
    /// An empty page.
    pub fn new() -> Self {
        Page::default()
    }

    /// Adds a line in the middle.
    #[must_use]
    pub fn center(self, text: impl Into<String>) -> Self {
        self.line(Line { center: text.into(), ..Line::default() })
    }

    /// Adds a line from the left edge.
    #[must_use]
    pub fn left(self, text: impl Into<String>) -> Self {
        self.line(Line { left: text.into(), ..Line::default() })
    }

    /// Adds a label on the left with its value on the right.
    #[must_use]
    pub fn pair(self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.line(Line { left: label.into(), right: value.into(), ..Line::default() })
    }

    /// Adds empty lines.
    #[must_use]
    pub fn feed(mut self, lines: u8) -> Self {
        self.items.push(Item::Feed(lines));
        self
    }

    /// Adds a line. Control characters become spaces: some of the text is a plugin's or an acquirer's, and a printer would
    /// cut, feed or open the drawer by them.
    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        let Line { left, center, right } = line;
        let [left, center, right] = [left, center, right].map(readable);
        self.items.push(Item::Line(Line { left, center, right }));
        self
    }
}

fn readable(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The page as lines of at most `columns` characters. What does not fit beside its neighbour goes below it; what does
/// not fit a line is broken. Nothing is left out.
pub fn layout(page: &Page, columns: usize) -> Vec<String> {
    // A Chinese character needs two columns.
    let columns = columns.max(2);
    let mut lines = Vec::new();
    for item in &page.items {
        match item {
            Item::Feed(count) => lines.extend(std::iter::repeat_n(String::new(), usize::from(*count))),
            Item::Line(line) => lines.extend(lay_out_line(line, columns)),
        }
    }
    lines
}

fn lay_out_line(line: &Line, columns: usize) -> Vec<String> {
    let Line { left, center, right } = line;
    let parts = [left, center, right].into_iter().filter(|part| !part.is_empty());
    let needed = parts.clone().map(|part| part.width()).sum::<usize>() + parts.clone().count().saturating_sub(1);
    if parts.clone().next().is_none() {
        return vec![String::new()];
    }
    if needed <= columns {
        let free = |taken: usize| columns.saturating_sub(taken);
        // As near to the middle as its neighbours leave it.
        let before_center = (free(center.width()) / 2)
            .min(free(center.width() + right.width() + usize::from(!right.is_empty())))
            .max(left.width() + usize::from(!left.is_empty()));
        let mut text = left.clone();
        if !center.is_empty() {
            pad_to(&mut text, before_center);
            text.push_str(center);
        }
        if !right.is_empty() {
            pad_to(&mut text, free(right.width()));
            text.push_str(right);
        }
        return vec![text];
    }
    let broken = |text: &str, place: fn(usize) -> usize| -> Vec<String> {
        let pieces = broken_into(text, columns);
        let indent = |piece: &String| " ".repeat(place(columns.saturating_sub(piece.width())));
        pieces.iter().map(|piece| format!("{}{piece}", indent(piece))).collect()
    };
    [broken(left, |_| 0), broken(center, |free| free / 2), broken(right, |free| free)].concat()
}

fn pad_to(text: &mut String, column: usize) {
    text.push_str(&" ".repeat(column.saturating_sub(text.width())));
}

/// Pieces of at most so many columns, broken between words where there is a space to break at.
fn broken_into(text: &str, columns: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for letter in text.chars() {
        piece.push(letter);
        if piece.width() <= columns {
            continue;
        }
        let rest = match piece.rfind(' ').filter(|space| *space > 0) {
            Some(space) => {
                let rest = piece.split_off(space);
                rest.trim_start().to_owned()
            }
            None => piece.pop().map(String::from).unwrap_or_default(),
        };
        pieces.push(std::mem::replace(&mut piece, rest));
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    use super::*;

    /// A plugin's receipt line held the commands by which a printer opens its drawer, and they were printed as they came.
    #[test]
    fn no_text_commands_a_printer() {
        let page = Page::new().pair("Note", "\u{1b}p\0paid\n0.01").left("\u{9b}2J").center("\u{1d}V");
        assert_eq!(layout(&page, 20), ["Note     p paid 0.01", " 2J", "          V"]);
    }

    #[test]
    fn lines_are_laid_out_by_columns_and_chinese_counts_twice() {
        let page = Page::new().center("测试").pair("终端编号", "50080001").pair("Trace", "000001").feed(1).line(Line {
            left: "a".to_owned(),
            center: "b".to_owned(),
            right: "c".to_owned(),
        });
        assert_eq!(
            layout(&page, 20),
            ["        测试", "终端编号    50080001", "Trace         000001", "", "a        b         c"]
        );
    }

    #[test]
    fn what_does_not_fit_goes_below_and_loses_nothing() {
        let page = Page::new().pair("交易标识", "0123456789").left("abcdefghijklmnop");
        assert_eq!(layout(&page, 10), ["交易标识", "0123456789", "abcdefghij", "klmnop"]);
        let page = Page::new().left("Keep this slip");
        assert_eq!(layout(&page, 10), ["Keep this", "slip"]);
        let page = Page::new().left("测试测");
        assert_eq!(layout(&page, 5), ["测试", "测"]);
        assert_eq!(layout(&page, 0), ["测", "试", "测"]);
    }

    #[test]
    fn an_empty_line_stays_a_line() {
        assert_eq!(layout(&Page::new().left(""), 10), [""]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

        #[test]
        fn no_line_is_too_long_and_no_letter_is_lost(
            left in "[a-z测试 ]{0,30}",
            center in "[a-z测试]{0,30}",
            right in "[a-z测试]{0,30}",
            columns in 2_usize..50,
        ) {
            let letters = format!("{left}{center}{right}").replace(' ', "");
            let lines = layout(&Page::new().line(Line { left, center, right }), columns);
            prop_assert!(lines.iter().all(|line| line.width() <= columns));
            prop_assert_eq!(lines.concat().replace(' ', ""), letters);
        }
    }
}
