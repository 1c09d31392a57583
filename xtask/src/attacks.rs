//! Holds the tables of attacks and of readers in `docs/threats.md` to the tests and fuzz targets they name.

use std::{fs, path::Path};

use crate::house::House;

const ATTACKS: &str = "### Attacks of a plugin, by name";
const READERS: &str = "## Bytes that anybody may have written";

/// Rows of a table, each its file and the test in it; the text from its heading to the next.
fn named_tests(page: &str, heading: &str) -> Vec<(String, String)> {
    let table = page.split_once(heading).map_or("", |(_, after)| after);
    let table = table.split_once("\n#").map_or(table, |(table, _)| table);
    table.lines().filter_map(|line| test_of(line.strip_suffix(" |")?)).collect()
}

fn test_of(row: &str) -> Option<(String, String)> {
    let cell = row.strip_prefix('|')?.rsplit_once(" | ")?.1;
    let mut quoted = cell.split('`').skip(1).step_by(2).map(str::to_owned);
    Some((quoted.next()?, quoted.next()?))
}

/// Whether the text has a test of this name: a commented one, or one without its attribute, is none.
fn has_test(text: &str, name: &str) -> bool {
    let start = format!("fn {name}(");
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1].starts_with(&start))
}

#[test]
fn every_attack_and_every_reader_names_a_test_there_is() {
    let root = House::find().unwrap().root;
    let page = fs::read_to_string(root.join("docs/threats.md")).unwrap();
    for heading in [ATTACKS, READERS] {
        let rows = named_tests(&page, heading);
        assert!(rows.len() >= 30, "{heading}: {} rows", rows.len());
        for (file, name) in rows {
            let text =
                fs::read_to_string(root.join(Path::new(&file))).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(has_test(&text, &name), "docs/threats.md names {name}, which is no test of {file}");
        }
    }
}

#[test]
fn every_fuzz_target_stands_in_the_table_of_readers() {
    let root = House::find().unwrap().root;
    let page = fs::read_to_string(root.join("docs/threats.md")).unwrap();
    let (_, readers) = page.split_once(READERS).unwrap();
    let readme = fs::read_to_string(root.join("fuzz/README.md")).unwrap();
    for entry in fs::read_dir(root.join("fuzz/fuzz_targets")).unwrap() {
        let path = entry.unwrap().path();
        let target = path.file_stem().unwrap().to_str().unwrap();
        assert!(readers.contains(&format!("| `{target}` |")), "{target} is no target of docs/threats.md");
        assert!(readme.contains(&format!("| `{target}` |")), "{target} is no target of fuzz/README.md");
    }
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let page =
        format!("{ATTACKS}\n\n| a | b | test |\n|---|---|---|\n| x | y | `f.rs` `t` |\n## Next\n| x | y | `g` `u` |\n");
    assert_eq!(named_tests(&page, ATTACKS), [("f.rs".to_owned(), "t".to_owned())]);
    assert!(has_test("    #[test]\n    fn t() {\n", "t"));
    for gone in ["#[test]\nfn other() {\n", "fn t() {\n", "#[test]\n// fn t() {\n", "#[test]\nfn t2() {\n"] {
        assert!(!has_test(gone, "t"), "{gone}");
    }
}
