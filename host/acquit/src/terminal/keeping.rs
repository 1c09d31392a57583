//! How this terminal keeps its journal: where it is, what it is encrypted under, and who remembers how far it went.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result};
use journal::checkpoint::{Anchor, FileAnchor, SignedNote, Signer, VerifyingKey};
use journal::keys::{FileKey, KeyError, KeyWrap, KeyringKey, SystemEntropy};
use journal::{Entry, Fold, Health, Journal, JournalId, Opened, Options, Probe, Reading};

use super::{BooksRead, Places};
use crate::config::{Configuration, JournalKey};
use crate::faults;

/// Where a segment says which version of the format it is in: behind its magic and a checksum. Bytes.
const VERSION_OFFSET: usize = 12;
/// Beside a terminal that writes, a group may be seen half written; it is looked at this often before that is damage.
const READ_ATTEMPTS: usize = 3;
/// Said before what the key's keeper says.
pub const KEY_UNUSABLE: &str = "the journal's key cannot be used";
/// The last version that was not encrypted.
const WITHOUT_KEYS: u32 = 1;

/// Makes a new journal with a new key and, where one is configured, its anchor. Nothing that is there is replaced.
///
/// # Errors
/// One of them is there already or cannot be made.
pub fn create(configuration: &Configuration) -> Result<Opened> {
    let directory = Places::of(configuration).journal();
    let keys = make_keeper(configuration)?;
    if let Some(anchor) = &configuration.journal.anchor {
        FileAnchor::create(anchor, &directory)?;
    }
    Ok(Journal::create(&directory, keys, options(configuration, None)?)?)
}

/// Opens the journal to write; what it holds goes to `fold`. One that was written before journals were encrypted goes
/// on under a new key.
///
/// # Errors
/// There is no journal, its key is missing, an anchor knows a newer state of it, or somebody else has it open.
pub fn open(configuration: &Configuration, probe: Option<&Probe>, fold: &mut dyn Fold) -> Result<Opened> {
    let directory = Places::of(configuration).journal();
    let keys = match keeper(configuration) {
        Err(error) if is_missing(&error) && was_never_encrypted(&directory)? => {
            tracing::warn!("the journal was not encrypted so far; it goes on under a new key");
            make_keeper(configuration)?
        }
        found => found.context(KEY_UNUSABLE)?,
    };
    Ok(Journal::open_folding(&directory, keys, options(configuration, probe)?, fold)?)
}

/// Reads the journal into something, without its lock and without changing anything.
///
/// # Errors
/// There is no journal, or its key is missing.
pub fn read_into<T>(
    configuration: &Configuration,
    begin: impl Fn() -> T,
    take: impl Fn(&mut T, Entry),
) -> Result<(T, Reading)> {
    read_against(configuration, readers_key(configuration)?.as_deref(), &[], begin, take)
}

/// The same with these keys, or none, and held against anchors.
///
/// # Errors
/// There is no journal.
pub fn read_against<T>(
    configuration: &Configuration,
    keys: Option<&dyn KeyWrap>,
    anchors: &[Arc<dyn Anchor>],
    begin: impl Fn() -> T,
    take: impl Fn(&mut T, Entry),
) -> Result<(T, Reading)> {
    let directory = Places::of(configuration).journal();
    let mut attempt = 1;
    loop {
        let mut read = begin();
        let reading = Journal::read_with(&directory, keys, anchors, &mut |entry| take(&mut read, entry))?;
        if reading.health == Health::Whole || attempt == READ_ATTEMPTS {
            return Ok((read, reading));
        }
        attempt += 1;
    }
}

/// Reads the journal once, entry by entry, and says whether all of it could be read.
///
/// # Errors
/// There is no journal, its key is missing, or `take` fails.
pub fn visit(configuration: &Configuration, mut take: impl FnMut(Entry) -> Result<()>) -> Result<Health> {
    let directory = Places::of(configuration).journal();
    let keys = readers_key(configuration)?;
    let mut outcome = Ok(());
    let reading = Journal::read_with(&directory, keys.as_deref(), &[], &mut |entry| {
        if outcome.is_ok() {
            outcome = take(entry);
        }
    })?;
    outcome?;
    Ok(match reading.health {
        Health::Whole => Health::Whole,
        // Somebody may have been writing just then.
        Health::Damaged(_) => read_into(configuration, || (), |(), _| ())?.1.health,
    })
}

/// The keeper for a reader; none for a journal that never had one.
fn readers_key(configuration: &Configuration) -> Result<Option<Arc<dyn KeyWrap>>> {
    match keeper(configuration) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) if is_missing(&error) && was_never_encrypted(&Places::of(configuration).journal())? => Ok(None),
        Err(error) => Err(error).context(KEY_UNUSABLE),
    }
}

/// The keeper of the key that wraps the journal's keys.
///
/// # Errors
/// It is missing, damaged, or others can read it.
pub fn keeper(configuration: &Configuration) -> Result<Arc<dyn KeyWrap>, KeyError> {
    Ok(match configuration.journal.key {
        JournalKey::File => Arc::new(FileKey::open(&Places::of(configuration).journal_key())?),
        JournalKey::Keyring => Arc::new(KeyringKey::open(&keyring_name(configuration))?),
    })
}

/// The key that the journal's checkpoints and evidence are verified with.
///
/// # Errors
/// The journal cannot be read, or all of it was written before journals had such a key.
pub fn public_key(configuration: &Configuration) -> Result<VerifyingKey> {
    let directory = Places::of(configuration).journal();
    match keeper(configuration) {
        Ok(keys) => Ok(Signer::of_journal(&directory, keys.as_ref())?.key().clone()),
        // It stands in clear beside the wrapped ones; what is signed with it is not needed to print it.
        Err(error) if is_missing(&error) => {
            let key = Journal::read_with(&directory, None, &[], &mut |_| {})?.key();
            key.context("this journal was never encrypted and has no public key; start the terminal once")
        }
        Err(error) => Err(error).context(KEY_UNUSABLE),
    }
}

/// The journal's public key, where it has one, and its name; from its newest header.
///
/// # Errors
/// There is no journal.
pub fn identity(configuration: &Configuration) -> Result<(Option<VerifyingKey>, JournalId)> {
    let reading = Journal::read_with(&Places::of(configuration).journal(), None, &[], &mut |_| {})?;
    Ok((reading.key(), reading.journal))
}

/// Something that changes whenever the journal's files do.
pub fn state(configuration: &Configuration) -> BTreeMap<PathBuf, Option<SystemTime>> {
    let files = fs::read_dir(Places::of(configuration).journal()).into_iter().flatten().flatten();
    files.map(|file| (file.path(), file.metadata().and_then(|about| about.modified()).ok())).collect()
}

/// Whether a key is not there at all, as on a terminal that never had one.
pub fn is_missing(error: &KeyError) -> bool {
    matches!(error, KeyError::Missing { .. } | KeyError::KeyringMissing { .. })
}

/// Who remembers the newest checkpoint outside the data folder.
///
/// # Errors
/// An anchor is configured and cannot be read. It is never made here: one that was taken away would be forgotten.
pub fn anchors(configuration: &Configuration) -> Result<Vec<Arc<dyn Anchor>>> {
    let directory = Places::of(configuration).journal();
    let Some(place) = &configuration.journal.anchor else { return Ok(Vec::new()) };
    let anchor = FileAnchor::open(place, &directory).context(
        "the anchor cannot be asked; where this journal had none so far, make it with: acquit journal anchor",
    )?;
    Ok(vec![Arc::new(anchor)])
}

/// Makes the anchor of a journal that had none, and has it remember what the journal holds by now.
///
/// # Errors
/// None is configured, it is there already, or the journal cannot be opened.
pub fn make_anchor(configuration: &Configuration) -> Result<SignedNote> {
    let place = configuration.journal.anchor.as_ref();
    let place = place.context("no anchor is configured; name a file outside the data folder: [journal] anchor")?;
    FileAnchor::create(place, &Places::of(configuration).journal())?;
    let opened = open(configuration, None, &mut BooksRead::of_everything())?;
    Ok(opened.journal.checkpoint()?)
}

/// Puts a key from a file into the kernel's keyring, under the name this terminal looks for. Says that name.
///
/// # Errors
/// The file holds no key, or the keyring has another under that name.
pub fn load_key(configuration: &Configuration, file: &Path) -> Result<String, KeyError> {
    Ok(KeyringKey::load(&keyring_name(configuration), &FileKey::open(file)?)?.name())
}

/// A new key in a file; in the keyring the one that the system's start has put there, since one made here would be gone
/// with the power and the journal with it.
fn make_keeper(configuration: &Configuration) -> Result<Arc<dyn KeyWrap>> {
    Ok(match configuration.journal.key {
        JournalKey::File => Arc::new(FileKey::create(&Places::of(configuration).journal_key(), &SystemEntropy)?),
        JournalKey::Keyring => Arc::new(KeyringKey::open(&keyring_name(configuration)).context(
            "make a key with `acquit journal new-key FILE`, keep the file, and load it with `acquit journal load-key \
             FILE`, now and at every start of this system",
        )?),
    })
}

/// The key's name in the kernel's keyring.
fn keyring_name(configuration: &Configuration) -> String {
    format!("acquit-journal-{}", configuration.terminal.serial)
}

fn options(configuration: &Configuration, probe: Option<&Probe>) -> Result<Options> {
    let mut options = Options {
        cipher: configuration.journal.cipher,
        checkpoint_every: configuration.journal.checkpoint_every,
        anchors: anchors(configuration)?,
        ..Options::default()
    };
    if let Some(bytes) = faults::segment_bytes() {
        options.segment_bytes = bytes;
    }
    if let Some(probe) = probe {
        options.probe = Arc::clone(probe);
    }
    Ok(options)
}

/// Whether every segment is of the version that had no keys. A folder that holds none, or one that cannot be read, is
/// the journal's own to judge.
fn was_never_encrypted(directory: &Path) -> io::Result<bool> {
    let mut segments = 0;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "log") {
            continue;
        }
        let mut head = [0; VERSION_OFFSET + 4];
        if File::open(&path)?.read_exact(&mut head).is_err() {
            return Ok(false);
        }
        let [.., a, b, c, d] = head;
        if u32::from_be_bytes([a, b, c, d]) != WITHOUT_KEYS {
            return Ok(false);
        }
        segments += 1;
    }
    Ok(segments > 0)
}
