//! Whether something must be built again: a stamp lists what a result was made from.
//!
//! A stamp is text, one `name digest` line an input, so that a rebuild can say which input changed. The digest guards
//! against mistakes, not against malice: it is FNV-1a with 128 bits, which needs no dependency.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The inputs of a result, or the files that are the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(BTreeMap<String, String>);

impl Stamp {
    /// Adds a fact that is not a file: a version, a setting.
    pub fn fact(&mut self, name: &str, value: &str) {
        self.0.insert(one_word(name), digest(value.as_bytes()));
    }

    /// Adds a file, or every file below a folder; what does not exist is recorded as absent.
    pub fn path(&mut self, root: &Path, path: &Path) -> Result<()> {
        for file in files_below(path)? {
            let name = one_word(&file.strip_prefix(root).unwrap_or(&file).to_string_lossy());
            let digest = match fs::read(&file) {
                Ok(bytes) => digest(&bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => "absent".to_owned(),
                Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
            };
            self.0.insert(name, digest);
        }
        Ok(())
    }

    /// The first input that differs between two stamps.
    pub fn difference<'a>(&'a self, other: &'a Stamp) -> Option<&'a str> {
        let names = self.0.keys().chain(other.0.keys());
        names.filter(|name| self.0.get(*name) != other.0.get(*name)).map(String::as_str).min()
    }

    /// The stamp as text.
    pub fn text(&self) -> String {
        self.0.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect()
    }

    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(n, d)| (n.into(), d.into())).collect())
    }
}

/// A result on disk with the stamp that says what it was made from.
pub struct Made<'a> {
    /// The file that keeps the stamp.
    pub stamp_file: &'a Path,
    /// The folder that names in the stamp start from.
    pub root: &'a Path,
    /// The files that make up the result.
    pub results: &'a [PathBuf],
}

impl Made<'_> {
    /// Why the result must be made again, or `None` when it is the one these inputs give.
    pub fn stale(&self, inputs: &Stamp) -> Result<Option<String>> {
        let Ok(text) = fs::read_to_string(self.stamp_file) else {
            return Ok(Some("first build".into()));
        };
        let now = self.with_results(inputs)?;
        Ok(Stamp::parse(&text).difference(&now).map(|name| format!("{name} changed")))
    }

    /// Records that the result was made from these inputs.
    pub fn record(&self, inputs: &Stamp) -> Result<()> {
        let text = self.with_results(inputs)?.text();
        let new = self.stamp_file.with_extension("new");
        let folder = self.stamp_file.parent().unwrap_or(self.root);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&new, text))
            .and_then(|()| fs::rename(&new, self.stamp_file))
            .with_context(|| format!("{} cannot be written", self.stamp_file.display()))
    }

    fn with_results(&self, inputs: &Stamp) -> Result<Stamp> {
        let mut stamp = inputs.clone();
        for file in self.results {
            stamp.path(self.root, file)?;
        }
        Ok(stamp)
    }
}

/// FNV-1a, 128 bits, as 32 hex digits.
pub fn digest(bytes: &[u8]) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    format!("{hash:032x}")
}

/// Every file below `path`, sorted; `path` itself when it is no folder. A folder that is not there has no files.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("{} cannot be listed", folder.display()))?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// Names are one line; spaces inside are kept, the digest is the last word.
fn one_word(name: &str) -> String {
    name.replace(['\n', '\r'], "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for one test, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
            fs::remove_dir_all(&folder).ok();
            fs::create_dir_all(folder.join("src/deep")).unwrap();
            Self(folder)
        }

        fn put(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path
        }

        fn inputs(&self) -> Stamp {
            let mut stamp = Stamp::default();
            stamp.path(&self.0, &self.0.join("src")).unwrap();
            stamp.fact("rustc", "1.95.0");
            stamp
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn the_digest_is_fnv_1a() {
        assert_eq!(digest(b""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(digest(b"a"), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(digest(b"foobar"), "343e1662793c64bf6f0d3597ba446f18");
    }

    #[test]
    fn a_result_is_made_again_exactly_when_something_changed() {
        let scratch = Scratch::new("stale");
        scratch.put("src/lib.rs", "one");
        scratch.put("src/deep/a b.rs", "two");
        let results = [scratch.put("out.wasm", "result")];
        let stamp_file = scratch.0.join("out.stamp");
        let made = Made { stamp_file: &stamp_file, root: &scratch.0, results: &results };
        let why = || made.stale(&scratch.inputs()).unwrap();

        assert_eq!(why().as_deref(), Some("first build"));
        made.record(&scratch.inputs()).unwrap();
        assert_eq!(why(), None);

        scratch.put("src/deep/a b.rs", "two, edited");
        assert_eq!(why().as_deref(), Some("src/deep/a b.rs changed"));
        scratch.put("src/deep/a b.rs", "two");
        assert_eq!(why(), None, "the content counts, not the time");

        let added = scratch.put("src/new.rs", "");
        assert_eq!(why().as_deref(), Some("src/new.rs changed"));
        fs::remove_file(added).unwrap();

        scratch.put("out.wasm", "half a res");
        assert_eq!(why().as_deref(), Some("out.wasm changed"), "a torn result is not used");
        fs::remove_file(&results[0]).unwrap();
        assert_eq!(why().as_deref(), Some("out.wasm changed"));
    }

    #[test]
    fn another_compiler_makes_everything_stale() {
        let scratch = Scratch::new("compiler");
        scratch.put("src/lib.rs", "one");
        let mut other = scratch.inputs();
        other.fact("rustc", "1.96.0");
        assert_eq!(scratch.inputs().difference(&other), Some("rustc"));
    }

    #[test]
    fn a_stamp_survives_being_written_down() {
        let scratch = Scratch::new("text");
        scratch.put("src/two words.rs", "one");
        let stamp = scratch.inputs();
        assert_eq!(Stamp::parse(&stamp.text()), stamp);
        assert!(Stamp::parse("garbage\n").difference(&stamp).is_some());
    }
}
