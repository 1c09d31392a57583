//! Plugins at hand: what the configuration names, and the builds that open debts still need.
//!
//! A transaction and its debts stay with the build that began them, so a copy of each build is kept until its last
//! debt is paid.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use engine::contract::{Digest, Plugin, PluginError, PluginFault};
use kit::Recorder;
use sandbox::{LoadedPlugin, Sandbox};

/// Where calls of plugins are written down, for those who develop one.
pub type Calls = Arc<Mutex<dyn Write + Send>>;

/// Loaded plugins, by the digest of the bytes that were loaded.
pub struct Shelf {
    sandbox: Sandbox,
    /// Where copies are kept.
    folder: PathBuf,
    loaded: BTreeMap<Digest, Arc<dyn Plugin>>,
    calls: Option<Calls>,
}

impl Shelf {
    /// An empty shelf that keeps its copies in this folder.
    pub fn new(sandbox: Sandbox, folder: PathBuf) -> io::Result<Shelf> {
        fs::create_dir_all(&folder)?;
        Ok(Shelf { sandbox, folder, loaded: BTreeMap::new(), calls: None })
    }

    /// The same, where every call of a plugin is written down.
    pub fn recording(self, calls: Option<Calls>) -> Shelf {
        Shelf { calls, ..self }
    }

    fn watched(&self, plugin: LoadedPlugin) -> Arc<dyn Plugin> {
        let plugin = Arc::new(plugin);
        match &self.calls {
            Some(calls) => Arc::new(Recorder::new(plugin, Arc::clone(calls))),
            None => plugin,
        }
    }

    /// Loads the plugin a configuration names, and keeps a durable copy before anything is begun with it.
    pub fn load(&mut self, acquirer: &str, file: &Path) -> Result<Arc<dyn Plugin>, PluginError> {
        let unloadable = |error: io::Error| PluginError {
            plugin: acquirer.to_owned(),
            digest: sandbox::NOT_READ,
            call: "load".into(),
            fault: PluginFault::Unloadable(error.to_string()),
        };
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(PluginError { fault: PluginFault::Gone, ..unloadable(error) });
            }
            read => read.map_err(unloadable)?,
        };
        let plugin = self.watched(self.sandbox.load_bytes(acquirer, bytes.clone())?);
        self.keep(plugin.digest(), &bytes).map_err(unloadable)?;
        self.loaded.insert(plugin.digest(), Arc::clone(&plugin));
        Ok(plugin)
    }

    /// Loads kept copies that open debts need. One that is missing or broken is left out: the stored standby message
    /// is read without it.
    pub fn load_kept(&mut self, needed: &BTreeSet<Digest>) {
        for digest in needed {
            if self.loaded.contains_key(digest) {
                continue;
            }
            match self.load_copy(*digest) {
                Ok(plugin) => {
                    self.loaded.insert(*digest, plugin);
                }
                Err(why) => tracing::warn!(%digest, why, "a kept plugin cannot be used"),
            }
        }
    }

    /// The copy is compared before any of it runs.
    fn load_copy(&self, digest: Digest) -> Result<Arc<dyn Plugin>, String> {
        let bytes = fs::read(self.place(digest)).map_err(|error| error.to_string())?;
        if sandbox::digest(&bytes) != digest {
            return Err("it is not the build it was".into());
        }
        let plugin = self.sandbox.load_bytes("kept", bytes).map_err(|error| error.to_string())?;
        Ok(self.watched(plugin))
    }

    /// The plugin of this digest, if it is at hand.
    pub fn get(&self, digest: Digest) -> Option<Arc<dyn Plugin>> {
        self.loaded.get(&digest).map(Arc::clone)
    }

    /// Removes copies nobody needs any more.
    pub fn tidy(&self, needed: &BTreeSet<Digest>) {
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        let keep: BTreeSet<PathBuf> =
            needed.iter().chain(self.loaded.keys()).map(|digest| self.place(*digest)).collect();
        for file in files.flatten().map(|entry| entry.path()).filter(|path| !keep.contains(path)) {
            if let Err(error) = fs::remove_file(&file) {
                tracing::warn!(%error, "a plugin nobody needs could not be removed");
            }
        }
    }

    fn keep(&self, digest: Digest, bytes: &[u8]) -> io::Result<()> {
        let place = self.place(digest);
        if fs::read(&place).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        let unfinished = place.with_extension("new");
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &place)?;
        fs::File::open(&self.folder)?.sync_all()
    }

    fn place(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest:?}.cwasm"))
    }
}
