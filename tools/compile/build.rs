//! Carries the contract's files, all of them, into the program.

use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = fs::canonicalize("../../wit").expect("the contract");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the contract's files")
        .map(|entry| entry.expect("a file of the contract").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .collect();
    // The same order on every machine.
    files.sort();
    let entries: String = files
        .iter()
        .map(|path| format!("({:?}, include_str!({:?})),\n", path.file_name().expect("a name"), path))
        .collect();
    let out = env::var_os("OUT_DIR").expect("cargo names it");
    fs::write(Path::new(&out).join("contract.rs"), format!("&[\n{entries}]")).expect("the list is written");
}
