use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::{Page, Printer, PrinterProblem, layout};

/// Characters on a line of 58 mm paper.
const COLUMNS: usize = 32;
/// Receipts in one folder; a name has four digits, and a demonstration prints a handful.
const RECEIPTS_MAX: u32 = 9999;

/// Prints pages as text: to files in a folder, one a page, or to memory.
pub struct VirtualPrinter {
    paper: Paper,
    problem: Option<PrinterProblem>,
    lines_left: Option<usize>,
}

enum Paper {
    Folder(PathBuf),
    Memory(Vec<String>),
}

impl VirtualPrinter {
    /// Writes `0001.txt` and so on to this folder, which is made where it is missing. Nothing is overwritten.
    pub fn to_folder(folder: impl Into<PathBuf>) -> Self {
        VirtualPrinter { paper: Paper::Folder(folder.into()), problem: None, lines_left: None }
    }

    /// Keeps what it prints.
    pub fn to_memory() -> Self {
        VirtualPrinter { paper: Paper::Memory(Vec::new()), problem: None, lines_left: None }
    }

    /// Everything printed to memory, one text a page.
    pub fn printed(&self) -> &[String] {
        match &self.paper {
            Paper::Folder(_) => &[],
            Paper::Memory(pages) => pages,
        }
    }

    /// Has this problem from now on; none mends it and puts in a new roll.
    pub fn set_problem(&mut self, problem: Option<PrinterProblem>) {
        self.problem = problem;
        self.lines_left = None;
    }

    /// Has paper for so many more lines.
    pub fn run_out_after(&mut self, lines: usize) {
        self.lines_left = Some(lines);
    }

    fn put(&mut self, text: String) -> Result<(), PrinterProblem> {
        match &mut self.paper {
            Paper::Memory(pages) => pages.push(text),
            Paper::Folder(folder) => {
                write_new(folder, &text).map_err(|error| PrinterProblem::Fault(error.to_string()))?;
            }
        }
        Ok(())
    }
}

impl Printer for VirtualPrinter {
    fn status(&mut self) -> Result<(), PrinterProblem> {
        match &self.problem {
            Some(problem) => Err(problem.clone()),
            None if self.lines_left == Some(0) => Err(PrinterProblem::OutOfPaper),
            None => Ok(()),
        }
    }

    fn print(&mut self, page: &Page) -> Result<(), PrinterProblem> {
        self.status()?;
        let mut lines = layout(page, COLUMNS);
        let fits = self.lines_left.is_none_or(|left| lines.len() <= left);
        if let Some(left) = &mut self.lines_left {
            lines.truncate(*left);
            *left -= lines.len();
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.put(text)?;
        if fits { Ok(()) } else { Err(PrinterProblem::OutOfPaper) }
    }

    fn columns(&self) -> usize {
        COLUMNS
    }
}

/// Writes to the first number that is free behind the last one taken.
fn write_new(folder: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let last = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str()?.parse::<u32>().ok())
        .max()
        .unwrap_or(0);
    for number in last.saturating_add(1)..=RECEIPTS_MAX {
        match OpenOptions::new().write(true).create_new(true).open(folder.join(format!("{number:04}.txt"))) {
            Ok(mut file) => return file.write_all(text.as_bytes()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other(format!("{} holds {RECEIPTS_MAX} receipts; empty it", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page::new().center("TEST").pair("Trace", "000001").left("end")
    }

    #[test]
    fn pages_become_files_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let receipts = folder.path().join("receipts");
        VirtualPrinter::to_folder(&receipts).print(&page()).unwrap();
        VirtualPrinter::to_folder(&receipts).print(&page()).unwrap();
        let text = fs::read_to_string(receipts.join("0002.txt")).unwrap();
        assert_eq!(text, "              TEST\nTrace                     000001\nend\n");
        assert!(receipts.join("0001.txt").exists());
    }

    #[test]
    fn a_folder_that_is_a_file_is_a_fault() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = VirtualPrinter::to_folder(file.path()).print(&page()).unwrap_err();
        assert!(matches!(error, PrinterProblem::Fault(_)), "{error}");
    }

    #[test]
    fn paper_runs_out_in_the_middle_of_a_page() {
        let mut printer = VirtualPrinter::to_memory();
        printer.run_out_after(4);
        assert_eq!(printer.print(&page()), Ok(()));
        assert_eq!(printer.print(&page()), Err(PrinterProblem::OutOfPaper));
        assert_eq!(printer.status(), Err(PrinterProblem::OutOfPaper));
        assert_eq!(printer.printed()[1], "              TEST\n");

        printer.set_problem(None);
        assert_eq!(printer.print(&page()), Ok(()));
        assert_eq!(printer.printed().len(), 3);
    }

    #[test]
    fn a_problem_to_order_keeps_it_from_printing() {
        let mut printer = VirtualPrinter::to_memory();
        printer.set_problem(Some(PrinterProblem::CoverOpen));
        assert_eq!(printer.status(), Err(PrinterProblem::CoverOpen));
        assert_eq!(printer.print(&page()), Err(PrinterProblem::CoverOpen));
        assert!(printer.printed().is_empty());
    }
}
