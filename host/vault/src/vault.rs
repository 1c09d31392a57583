//! The one object the host holds: an open key store and what may be done with it.
//!
//! Protects against: a key read out. There is no function for it, here or below.
//! Does not protect against: two processes that load keys at once; the journal's lock sees to that.

use engine::contract::acquirer::{KeyUse, NewKey, Proof};
use engine::contract::template::{Message, Node};
use engine::contract::types::Name;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::card::{CardSession, UnsealedCard};
use crate::keys::dukpt::{Counting, DukptKeys, Turns};
use crate::keys::file::{Contents, KeyFile, STORAGE_KEY_BYTES};
use crate::keys::ring::KeyRing;
use crate::keys::{
    CeremonyError, ClearKey, Entered, GrantError, KeyDownloadError, KeyFileError, KeyPaths, PemKey, PluginGrant,
    Progress, PublishedKey, SlotError, SlotState, StagedKeys, TransportKeyError,
};
use crate::proof::{self, ProofFailure, RawReply};
use crate::render::{self, RenderError, RenderInput, Rendered};
use crate::scrub::Mask;
use crate::seal::{self, Needed, SealError, SealedCard};
use crate::secret::redacted;

/// Why the vault does not open.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The key store.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The deployment's grants.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

/// An open key store with the slots the deployment granted.
///
/// Work keys live in memory only: after a start the host stages and activates the wrapped blocks from its journal.
pub struct Vault {
    file: KeyFile,
    storage_key: Zeroizing<[u8; STORAGE_KEY_BYTES]>,
    ring: KeyRing,
}

redacted!(Vault);

impl Vault {
    /// Makes a new, empty key store. Refused where one exists.
    pub fn create(paths: &KeyPaths, grants: &[PluginGrant]) -> Result<Self, VaultError> {
        Self::with(KeyFile::create(paths)?, grants)
    }

    /// Opens a key store. What is missing, exposed or damaged is an error, never an empty store.
    pub fn open(paths: &KeyPaths, grants: &[PluginGrant]) -> Result<Self, VaultError> {
        Self::with(KeyFile::open(paths)?, grants)
    }

    fn with((file, contents): (KeyFile, Contents), grants: &[PluginGrant]) -> Result<Self, VaultError> {
        let Contents { storage_key, transport, fixed, dukpt } = contents;
        Ok(Self { file, storage_key, ring: KeyRing::new(grants, transport, fixed, dukpt)? })
    }

    /// Takes from now on no key that stands printed somewhere for tests, loaded or downloaded: what a production terminal
    /// demands. Keys that are loaded already stay; see [`published_keys`](Self::published_keys).
    pub fn refuse_published(&mut self) {
        self.ring.refuse_published();
    }

    /// Slots whose loaded keys stand printed somewhere.
    pub fn published_keys(&self) -> Vec<PublishedKey> {
        self.ring.published()
    }

    /// Loads a transport key, durably, if it gives this check value of three or four bytes. The plugin's work keys that
    /// came under the key it replaces are dropped.
    pub fn load_transport(
        &mut self,
        plugin: &str,
        slot: &str,
        key: ClearKey,
        check_value: &[u8],
    ) -> Result<(), TransportKeyError> {
        let transport = self.ring.with_transport(plugin, slot, key, check_value)?;
        let contents = Contents { transport, ..self.contents() };
        self.file.write(&contents)?;
        self.ring.take_transport(plugin, slot, contents.transport);
        Ok(())
    }

    /// Loads a key that does its slot's work itself, durably, if it gives this check value of three or four bytes. No
    /// download replaces or drops it.
    pub fn load_fixed(
        &mut self,
        plugin: &str,
        slot: &str,
        key: ClearKey,
        check_value: &[u8],
    ) -> Result<(), TransportKeyError> {
        let fixed = self.ring.with_fixed(plugin, slot, key, check_value)?;
        let contents = Contents { fixed, ..self.contents() };
        self.file.write(&contents)?;
        self.ring.take_fixed(plugin, slot, contents.fixed);
        Ok(())
    }

    /// The same of a key block (X9.143) for the slot's use, wrapped under the key in the transport slot `under`. Its MAC takes
    /// the place of a check value.
    pub fn load_fixed_block(
        &mut self,
        plugin: &str,
        slot: &str,
        block: (&[u8], &str),
    ) -> Result<(), TransportKeyError> {
        let fixed = self.ring.with_fixed_block(plugin, slot, block)?;
        let contents = Contents { fixed, ..self.contents() };
        self.file.write(&contents)?;
        self.ring.take_fixed(plugin, slot, contents.fixed);
        Ok(())
    }

    /// Loads half of a key pair, durably: a private one into a slot that signs, a public one into a slot that checks
    /// signatures. `fingerprint` is the beginning of the public half's, eight bytes at least; a private half may come
    /// without, since whoever brings it says himself whose it is.
    pub fn load_half(
        &mut self,
        plugin: &str,
        slot: &str,
        half: PemKey,
        fingerprint: &[u8],
    ) -> Result<(), TransportKeyError> {
        let fixed = self.ring.with_half(plugin, slot, half, fingerprint)?;
        let contents = Contents { fixed, ..self.contents() };
        self.file.write(&contents)?;
        self.ring.take_fixed(plugin, slot, contents.fixed);
        Ok(())
    }

    /// The public half of what is in a slot that signs or checks signatures, in PEM: for the acquirer.
    pub fn public_half(&self, plugin: &str, slot: &str) -> Result<String, SlotError> {
        self.ring.public_half(plugin, slot)
    }

    /// Loads the initial key of a DUKPT slot, durably, if it gives this check value of three or four bytes. `serial` is the
    /// key serial number it came with: ten bytes for a triple DES key; twelve for an AES one, or the eight of its
    /// identifier. Keys up to the counter in it count as used.
    pub fn load_initial(
        &mut self,
        plugin: &str,
        slot: &str,
        key: ClearKey,
        check_value: &[u8],
        serial: &[u8],
    ) -> Result<(), TransportKeyError> {
        let dukpt = self.ring.with_initial(plugin, slot, (key, check_value), serial)?;
        self.keep_initial(plugin, slot, dukpt)
    }

    /// The same of a key block (X9.143, usage B1, mode X) that is wrapped under the key in the transport slot `under`.
    /// Without `serial`, the block's own optional block `KS` or `IK` says it.
    pub fn load_initial_block(
        &mut self,
        plugin: &str,
        slot: &str,
        (block, under): (&[u8], &str),
        serial: Option<&[u8]>,
    ) -> Result<(), TransportKeyError> {
        let dukpt = self.ring.with_initial_block(plugin, slot, (block, under), serial)?;
        self.keep_initial(plugin, slot, dukpt)
    }

    fn keep_initial(&mut self, plugin: &str, slot: &str, dukpt: DukptKeys) -> Result<(), TransportKeyError> {
        let contents = Contents { dukpt, ..self.contents() };
        self.file.write(&contents)?;
        self.ring.take_initial(plugin, slot, contents.dukpt);
        Ok(())
    }

    /// Ceremonies under way.
    pub fn ceremonies(&self) -> Result<Vec<Progress>, CeremonyError> {
        Ok(self.file.ceremonies()?.progress())
    }

    /// Begins to take a key for a slot of a plugin in so many components.
    pub fn begin_ceremony(&self, at: (&str, &str), components: u8) -> Result<(), CeremonyError> {
        let mut all = self.file.ceremonies()?;
        all.begin(&self.ring, at, components)?;
        Ok(self.file.keep_ceremonies(&all)?)
    }

    /// Takes one component in hexadecimal, durably, with the check value its custodian has for it, if any. `by` and when:
    /// the custodian's name, and seconds since 1970.
    pub fn enter_component(
        &self,
        at: (&str, &str),
        by: (&str, u64),
        component: (&str, &[u8]),
    ) -> Result<Entered, CeremonyError> {
        let mut all = self.file.ceremonies()?;
        let entered = all.enter(&self.ring, at, by, component)?;
        self.file.keep_ceremonies(&all)?;
        Ok(entered)
    }

    /// The first three bytes of the check value of the key that the components make.
    pub fn ceremony_check_value(&self, at: (&str, &str)) -> Result<[u8; 3], CeremonyError> {
        let key = self.file.ceremonies()?.combined(at)?;
        Ok(self.ring.check_value_of(at.0, at.1, key)?)
    }

    /// Loads the key that the components make, durably, if it gives this check value, and forgets them. `serial`: that of
    /// an initial key.
    pub fn finish_ceremony(
        &mut self,
        at: (&str, &str),
        check_value: &[u8],
        serial: Option<&[u8]>,
    ) -> Result<(), CeremonyError> {
        let mut all = self.file.ceremonies()?;
        let made = self.ceremony_check_value(at)?;
        let key = all.combined(at)?;
        let (plugin, slot) = at;
        match self.ring.grant(plugin, slot)? {
            grant if grant.is_dukpt() => {
                self.load_initial(plugin, slot, key, check_value, serial.unwrap_or_default())?
            }
            grant if grant.key_use == KeyUse::Transport => self.load_transport(plugin, slot, key, check_value)?,
            _ => self.load_fixed(plugin, slot, key, check_value)?,
        }
        all.end(at, made);
        Ok(self.file.keep_ceremonies(&all)?)
    }

    /// Who entered the components of the key in a slot, and when; nobody where it came in another way.
    pub fn custodians(&self, at: (&str, &str), check_value: [u8; 3]) -> Result<Vec<Entered>, CeremonyError> {
        Ok(self.file.ceremonies()?.custodians(at, check_value))
    }

    /// Forgets the components of a ceremony.
    pub fn abandon_ceremony(&self, at: (&str, &str)) -> Result<(), CeremonyError> {
        let mut all = self.file.ceremonies()?;
        all.abandon(at)?;
        Ok(self.file.keep_ceremonies(&all)?)
    }

    /// What is in a plugin's slots: no key, but what is known of it.
    pub fn slots(&self, plugin: &str) -> Vec<SlotState> {
        self.ring.slots(plugin)
    }

    /// Unwraps and checks a download, all keys or none; changes nothing. After a
    /// [`KeyDownloadError::BadCheckValue`] the host drops what is under that transport key.
    pub fn stage(&self, plugin: &str, keys: &[NewKey]) -> Result<StagedKeys, KeyDownloadError> {
        self.ring.stage(plugin, keys)
    }

    /// Puts staged keys into their slots, once the journal has the step that brought them.
    pub fn activate(&mut self, keys: StagedKeys) {
        self.ring.activate(keys);
    }

    /// Empties work-key slots of a plugin. Transport keys stay: a plugin cannot drop what a person loaded.
    pub fn drop_keys(&mut self, plugin: &str, slots: &[Name]) {
        self.ring.drop_keys(plugin, slots);
    }

    /// Empties every slot whose key came under this transport slot.
    pub fn drop_under(&mut self, plugin: &str, transport: &str) {
        self.ring.drop_under(plugin, transport);
    }

    /// The plugin's slots that hold a checked key, transport slots included.
    pub fn checked_slots(&self, plugin: &str) -> Vec<Name> {
        self.ring.checked_slots(plugin)
    }

    /// Fills a template's holes. What fails is for the journal; the guest is told only that it failed. Each rendering takes
    /// a counter of every DUKPT slot the template names, durably before it is used: what was rendered may be sent again as
    /// it is, and is not rendered again for that.
    pub fn render(&self, plugin: &str, message: &Message, input: RenderInput<'_>) -> Result<Rendered, RenderError> {
        self.render_counting(plugin, message, input, Counting::ToTheLast)
    }

    pub(crate) fn render_counting(
        &self,
        plugin: &str,
        message: &Message,
        input: RenderInput<'_>,
        counting: Counting,
    ) -> Result<Rendered, RenderError> {
        let turns = |nodes: &[Node]| self.turns(plugin, nodes, counting);
        render::render(&self.ring, plugin, message, input, turns)
    }

    fn turns(&self, plugin: &str, nodes: &[Node], counting: Counting) -> Result<Turns, RenderError> {
        let keep = |dukpt: &DukptKeys| {
            let (transport, fixed) = (self.ring.transport().clone(), self.ring.fixed().clone());
            self.file.write(&Contents { storage_key: self.storage_key.clone(), transport, fixed, dukpt: dukpt.clone() })
        };
        Ok(self.ring.turns(plugin, nodes, counting, &keep)?)
    }

    /// What the key file holds.
    fn contents(&self) -> Contents {
        let (transport, fixed, dukpt) = (self.ring.transport().clone(), self.ring.fixed().clone(), self.ring.dukpt());
        Contents { storage_key: self.storage_key.clone(), transport, fixed, dukpt }
    }

    /// Checks a step's proofs on the raw reply, in constant time. `mask` is what [`RawReply::scrub`] gave for it.
    /// That the operation's demanded proofs are among them is the engine's to see.
    pub fn prove(
        &self,
        plugin: &str,
        proofs: &[Proof],
        request: &Rendered,
        reply: &RawReply,
        mask: &Mask,
    ) -> Result<(), ProofFailure> {
        proof::prove(&self.ring, plugin, proofs, request, reply, mask)
    }

    /// Seals what a standby message needs ([`crate::secrets_needed`]) for one context: the transaction's identity.
    pub fn seal(&self, card: &CardSession, needed: &Needed, context: &[u8]) -> Result<SealedCard, SealError> {
        seal::seal(&self.storage_key, card, needed, context)
    }

    /// Seals anew, for another context, of what was sealed before: a void with its sale's card has a reversal of its own.
    pub fn seal_again(&self, card: &UnsealedCard, needed: &Needed, context: &[u8]) -> Result<SealedCard, SealError> {
        seal::seal(&self.storage_key, card, needed, context)
    }

    /// Seals number, expiry and these chip objects as they now stand, after the card has finished.
    pub fn reseal(&self, card: &CardSession, tags: &[u32], context: &[u8]) -> Result<SealedCard, SealError> {
        seal::seal(&self.storage_key, card, &Needed::all_of(card, tags), context)
    }

    /// Opens what was sealed for the same context.
    pub fn unseal(&self, card: &SealedCard, context: &[u8]) -> Result<UnsealedCard, SealError> {
        seal::unseal(&self.storage_key, card, context)
    }
}
