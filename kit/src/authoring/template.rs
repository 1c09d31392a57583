//! Templates: plugins of this repository, tested and shipped with it, that become somebody's own under another name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// As long as the names of acquirers in a terminal's configuration, since it becomes one.
const NAME_LETTERS_MAX: usize = 32;

/// Where a checkout of this repository has the SDK, and the text that tells it from any other folder.
const SDK: (&str, &str) = ("plugins/sdk", "name = \"acquit-plugin-sdk\"");

/// A plugin to begin with.
#[derive(Debug)]
pub struct Template {
    /// What `--from` calls it.
    pub name: &'static str,
    /// What it speaks, in a few words.
    pub about: &'static str,
    /// The plugin it is taken from: its name, and the name of its type.
    taken_from: (&'static str, &'static str),
    /// Parameters to look at it with.
    sets: &'static str,
    /// Where an author begins to change it, and what is played with it.
    next: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($plugin:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../plugins/", $plugin, "/", $file)))),+]
    };
}

/// All of them.
pub const TEMPLATES: &[Template] = &[ISO8583, HTTP_JSON];

const ISO8583: Template = Template {
    name: "iso8583",
    about: "ISO 8583 in characters with a MAC: echo test, sale, reversal",
    taken_from: ("starter", "Starter"),
    sets: "--set terminal=TERM0001 --set merchant=MERCHANT0000001",
    next: "Put your acquirer's table of fields into `src/fields.rs`, its codes into `src/codes.rs`, its messages into the \
           files named after them. `tests/laws.rs` says what has to stay true, and `scenarios/` what a terminal must make \
           of it, against a scripted acquirer: `acquit plugin test --plugin target/plugin/NAME.cwasm`.",
    files: files!("starter":
        "build.rs",
        "scenarios/acquirer.toml",
        "scenarios/anothers-answer.toml",
        "scenarios/approved.toml",
        "scenarios/declined.toml",
        "scenarios/half-an-answer.toml",
        "scenarios/late-answer.toml",
        "scenarios/odd-answers.toml",
        "scenarios/power-cut.toml",
        "scenarios/silence.toml",
        "scenarios/wrong-mac.toml",
        "src/answer.rs",
        "src/codes.rs",
        "src/echo.rs",
        "src/fields.rs",
        "src/lib.rs",
        "src/policy.rs",
        "src/reversal.rs",
        "src/sale.rs",
        "src/settings.rs",
        "tests/laws.rs",
    ),
};

const HTTP_JSON: Template = Template {
    name: "http-json",
    about: "JSON over HTTP with an HMAC: echo test, sale, reversal",
    taken_from: ("http-json", "HttpJson"),
    sets: "--set terminal=T0000001",
    next: "`PROTOCOL.md` is the protocol it speaks. Put your acquirer's members into `src/message.rs`, its codes into \
           `src/codes.rs`, its messages into the files named after them. `tests/laws.rs` says what has to stay true, and \
           `scenarios/` what a terminal must make of it, against a scripted acquirer: `acquit plugin test --plugin \
           target/plugin/NAME.cwasm`.",
    files: files!("http-json":
        "PROTOCOL.md",
        "build.rs",
        "scenarios/acquirer.toml",
        "scenarios/approved.toml",
        "scenarios/declined.toml",
        "scenarios/gateway-timeout.toml",
        "scenarios/half-an-answer.toml",
        "scenarios/power-cut.toml",
        "scenarios/server-error.toml",
        "scenarios/silence.toml",
        "scenarios/wrong-seal.toml",
        "src/answer.rs",
        "src/codes.rs",
        "src/echo.rs",
        "src/lib.rs",
        "src/message.rs",
        "src/policy.rs",
        "src/reversal.rs",
        "src/sale.rs",
        "src/settings.rs",
        "tests/laws.rs",
    ),
};

/// A plugin's name: small letters, digits and dashes, begun by a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginName(String);

/// Why no plugin was begun. Nothing that was there is ever changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NewError {
    /// Not a name.
    #[error(
        "operator: {0:?} is not a name of at most {NAME_LETTERS_MAX} small letters, digits and dashes that begins with a letter, such as \"hello-bank\""
    )]
    Name(String),
    /// Something is there already.
    #[error("operator: {} is there already; a plugin begins in a folder of its own", .0.display())]
    Taken(PathBuf),
    /// No SDK to build with.
    #[error("operator: no SDK at {} or above it; name a checkout's plugins/sdk with --sdk", .0.display())]
    NoSdk(PathBuf),
    /// A file could not be written.
    #[error("operator: {} cannot be written: {source}", file.display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PluginName {
    /// Reads one.
    ///
    /// # Errors
    /// [`NewError::Name`]
    pub fn parse(text: &str) -> Result<Self, NewError> {
        let fits = text.len() <= NAME_LETTERS_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NewError::Name(text.to_owned())) }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn package(&self) -> String {
        format!("acquit-plugin-{}", self.0)
    }

    /// `hello-bank` is the type `HelloBank`.
    fn type_name(&self) -> String {
        let capital = |word: &str| {
            let (first, rest) = word.split_at_checked(1).unwrap_or_default();
            first.to_uppercase() + rest
        };
        self.0.split('-').map(capital).collect()
    }
}

impl Template {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Template> {
        TEMPLATES.iter().find(|template| template.name == name)
    }

    /// Writes a plugin of its own into `parent/NAME`, and says where that is. `sdk` is the SDK to build with; without
    /// one it is looked for in `parent` and above it.
    ///
    /// # Errors
    /// [`NewError`]; what was written so far stays where it is.
    pub fn begin(&self, name: &PluginName, parent: &Path, sdk: Option<&Path>) -> Result<PathBuf, NewError> {
        let folder = parent.join(name.as_str());
        if folder.exists() {
            return Err(NewError::Taken(folder));
        }
        let sdk = match sdk {
            Some(sdk) => is_sdk(sdk).then(|| absolute(sdk)),
            None => absolute(parent).ancestors().map(|above| above.join(SDK.0)).find(|place| is_sdk(place)),
        };
        let sdk = sdk.ok_or_else(|| NewError::NoSdk(parent.to_owned()))?;
        let write = |file: &str, text: &str| write(&folder.join(file), text);
        for (file, text) in self.files {
            write(file, &self.renamed(text, name))?;
        }
        write("Cargo.toml", &manifest(name, self.about, &sdk))?;
        write(".gitignore", "/target\n")?;
        write("README.md", &self.readme(name))?;
        // The versions this repository is tested with, where it is at hand.
        if let Some(lock) = sdk.ancestors().nth(2).and_then(|root| fs::read_to_string(root.join("Cargo.lock")).ok()) {
            write("Cargo.lock", &lock)?;
        }
        Ok(folder)
    }

    fn renamed(&self, text: &str, name: &PluginName) -> String {
        let (plugin, type_name) = self.taken_from;
        let library = |plugin: &str| format!("acquit_plugin_{}", plugin.replace('-', "_"));
        text.replace(&library(plugin), &library(name.as_str())).replace(type_name, &name.type_name())
    }

    fn readme(&self, name: &PluginName) -> String {
        let (name, Self { about, sets, next, .. }) = (name.as_str(), self);
        let next = next.replace("NAME", name);
        format!(
            "# {name}\n\nA plugin for the Acquit terminal: {about}.\n\n    cargo test                     # its tests, \
             without a terminal\n    acquit plugin build            # target/plugin/{name}.component.wasm and .cwasm\n    \
             acquit plugin inspect target/plugin/{name}.cwasm {sets}\n\n{next}\n"
        )
    }
}

fn is_sdk(folder: &Path) -> bool {
    fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains(SDK.1))
}

fn absolute(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn write(file: &Path, text: &str) -> Result<(), NewError> {
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(file, text)).map_err(|source| NewError::Write { file: file.to_owned(), source })
}

fn manifest(name: &PluginName, about: &str, sdk: &Path) -> String {
    let (package, sdk) = (name.package(), sdk.display().to_string());
    format!(
        r#"[package]
name = "{package}"
description = "{about}"
version = "0.1.0"
edition = "2024"
publish = false

# A workspace of its own, wherever it lies.
[workspace]

[lib]
crate-type = ["cdylib", "rlib"]

[dependencies]
sdk = {{ package = "acquit-plugin-sdk", path = {sdk:?} }}

# Fast, since every call runs from the start in a fresh instance, and alike on every machine.
[profile.plugin]
inherits = "release"
opt-level = 3
lto = true
codegen-units = 1
panic = "abort"
strip = true
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_acquirers() {
        for right in ["a", "hello-bank", "bank2"] {
            assert_eq!(PluginName::parse(right).unwrap().as_str(), right);
        }
        for wrong in ["", "Bank", "2bank", "bank_", "bank-", "../bank", "bank name", &"a".repeat(33)] {
            assert!(matches!(PluginName::parse(wrong), Err(NewError::Name(_))), "{wrong}");
        }
        assert_eq!(PluginName::parse("hello-bank2").unwrap().type_name(), "HelloBank2");
    }

    /// A template's plugin gained a file once that no new plugin was given: it did not compile.
    #[test]
    fn a_template_has_every_file_of_its_plugin() {
        for template in TEMPLATES {
            let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(template.taken_from.0);
            for folder in ["src", "tests", "scenarios"] {
                for file in fs::read_dir(plugin.join(folder)).unwrap() {
                    let file = format!("{folder}/{}", file.unwrap().file_name().to_string_lossy());
                    assert!(template.files.iter().any(|(known, _)| *known == file), "{}: {file}", template.name);
                }
            }
        }
    }

    #[test]
    fn a_new_plugin_bears_its_own_name_and_nothing_is_written_over() {
        let parent = std::env::temp_dir().join(format!("acquit-kit-{}", std::process::id()));
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/sdk");
        let name = PluginName::parse("hello-bank").unwrap();
        let template = Template::named("iso8583").unwrap();
        let folder = template.begin(&name, &parent, Some(&sdk)).unwrap();
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        assert!(library.contains("pub struct HelloBank;") && !library.contains("Starter"), "{library}");
        let laws = fs::read_to_string(folder.join("tests/laws.rs")).unwrap();
        assert!(laws.contains("use acquit_plugin_hello_bank::{HelloBank"), "{laws}");
        assert!(fs::read_to_string(folder.join("Cargo.toml")).unwrap().contains("name = \"acquit-plugin-hello-bank\""));
        let other = PluginName::parse("hello-pay").unwrap();
        let json = Template::named("http-json").unwrap().begin(&other, &parent, Some(&sdk)).unwrap();
        let laws = fs::read_to_string(json.join("tests/laws.rs")).unwrap();
        assert!(laws.contains("use acquit_plugin_hello_pay::{HelloPay") && !laws.contains("HttpJson"), "{laws}");
        assert!(fs::read_to_string(json.join("README.md")).unwrap().contains("terminal=T0000001"));
        assert!(matches!(template.begin(&name, &parent, Some(&sdk)), Err(NewError::Taken(_))));
        let other = PluginName::parse("other").unwrap();
        assert!(matches!(template.begin(&other, &parent, None), Err(NewError::NoSdk(_))));
        assert!(!parent.join("other").exists());
        fs::remove_dir_all(parent).unwrap();
    }
}
