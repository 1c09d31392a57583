//! Kills drawn by a seed: start a writer, hear it, kill it, judge what it left.

use std::fs;
use std::io::Read;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;

use crate::chance::Chance;
use crate::judge::{Ledger, Told};
use crate::message::{MESSAGE_BYTES, Message};
use crate::store::Store;
use crate::writer::Tells;

/// Kills before a fresh directory is begun: enough for sessions and rotations to add up, and quick to read each time.
const KILLS_A_DIRECTORY: u64 = 50;
/// Lengths of segments in bytes, by directory: short ones rotate every few appends, the last is the product's own.
const SEGMENT_BYTES: [u64; 3] = [64 << 10, 256 << 10, 4 << 20];
/// The killer looks at the pipe up to two to this many times after the message it waited for: some tens of
/// milliseconds, which is what opening, a sync or a rotation takes.
const LOOKS_BITS: u32 = 15;
/// The killer waits for at most two to this many acknowledgements.
const ACKNOWLEDGEMENTS_BITS: u32 = 9;
/// A writer that says nothing for so long hangs. It has nothing to do that takes a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often, from where, and with which program.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The writer's program.
    pub writer: PathBuf,
    /// Where the journals are made; what is in it from before is removed.
    pub directory: PathBuf,
    /// How many times the writer is killed.
    pub kills: u64,
    /// Decides when.
    pub seed: u64,
    /// When the writer tells; anything but [`Tells::WhenDurable`] is a sin.
    pub tells: Tells,
}

/// What a campaign went through. All of it was found right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Writers killed.
    pub kills: u64,
    /// Of these, before the journal was open.
    pub while_opening: u64,
    /// Of these, during idle duties, while seven threads appended.
    pub while_tending: u64,
    /// Directories used.
    pub directories: u64,
    /// Segments they held at their end.
    pub segments: u64,
    /// Appends that were acknowledged.
    pub acknowledged: u64,
    /// Appends that are there though no acknowledgement was heard.
    pub unheard: u64,
}

/// The moment of a kill: after `count` messages of a kind and so many looks at the pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    after: After,
    count: u64,
    looks: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Started,
    Opened,
    Acknowledged,
    Tending,
}

impl Campaign {
    /// Runs it; `done` hears the tally after each kill. An error names the seed, the kill and the folder, which is kept.
    pub fn run(&self, mut done: impl FnMut(&Tally)) -> Result<Tally> {
        let mut tally = Tally::default();
        for first in (0..self.kills).step_by(KILLS_A_DIRECTORY as usize) {
            let number = first / KILLS_A_DIRECTORY;
            let segment_bytes = SEGMENT_BYTES[(number % SEGMENT_BYTES.len() as u64) as usize];
            let store = Store { folder: self.directory.join(format!("{number:03}")), segment_bytes };
            fresh_folder(&store.folder)?;
            store.begin()?;
            tally.directories += 1;
            let mut ledger = Ledger::default();
            for kill in first..self.kills.min(first + KILLS_A_DIRECTORY) {
                tally += self.kill_one(&store, &mut ledger, kill).with_context(|| {
                    format!("kill {kill} of seed {} (its journal is kept in {})", self.seed, store.folder.display())
                })?;
                done(&tally);
            }
            tally.segments += store.segments()?;
            fs::remove_dir_all(&store.folder).with_context(|| store.folder.display().to_string())?;
        }
        Ok(tally)
    }

    fn kill_one(&self, store: &Store, ledger: &mut Ledger, kill: u64) -> Result<Tally> {
        let mut chance = Chance::new(self.seed, kill);
        let moment = Moment::draw(&mut chance);
        let mut writer = Writer::start(self, store, ledger.next_run())?;
        writer.hear_until(moment)?;
        let told = writer.kill()?;
        // Reading changes nothing, so that the next writer opens what this one left; opening repairs it first.
        let found = store.read()?;
        let unheard = ledger.judge(&told, &found)?;
        if chance.below(2) == 0 {
            ledger.judge_again(&store.open()?.1)?;
        }
        Ok(Tally {
            kills: 1,
            while_opening: u64::from(!told.opened),
            while_tending: u64::from(told.tending),
            acknowledged: told.acknowledged.len() as u64,
            unheard,
            ..Tally::default()
        })
    }
}

impl Moment {
    fn draw(chance: &mut Chance) -> Self {
        let (after, count) = match chance.below(10) {
            0 | 1 => (After::Started, 1),
            2 => (After::Opened, 1),
            3 | 4 => (After::Tending, 1 + chance.below(3)),
            _ => (After::Acknowledged, 1 + chance.of_any_size(ACKNOWLEDGEMENTS_BITS)),
        };
        Self { after, count, looks: chance.of_any_size(LOOKS_BITS) }
    }

    fn counts(&self, message: Message) -> bool {
        match message {
            Message::Started => self.after == After::Started,
            Message::Opened => self.after == After::Opened,
            Message::Acknowledged(_) => self.after == After::Acknowledged,
            Message::Tending => self.after == After::Tending,
            Message::Tended => false,
        }
    }
}

/// A running writer, killed when it is dropped.
struct Writer {
    child: Child,
    pipe: ChildStdout,
    /// The beginning of a message whose end is still in the pipe.
    begun: Vec<u8>,
    told: Told,
}

impl Writer {
    fn start(campaign: &Campaign, store: &Store, run: u32) -> Result<Self> {
        let mut command = Command::new(&campaign.writer);
        command.arg(&store.folder).arg(store.segment_bytes.to_string()).arg(run.to_string());
        if campaign.tells == Tells::TooEarly {
            command.arg("--too-early");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().with_context(|| format!("{} cannot be started", campaign.writer.display()))?;
        let pipe = child.stdout.take().context("the writer has no pipe")?;
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        Ok(Self { child, pipe, begun: Vec::new(), told: Told::default() })
    }

    /// Hears the writer until the moment has come.
    fn hear_until(&mut self, moment: Moment) -> Result<()> {
        let mut left = moment.count;
        while left > 0 {
            self.wait()?;
            for message in self.look()?.context("the writer ended by itself; what it said is above")? {
                left = left.saturating_sub(u64::from(moment.counts(message)));
            }
        }
        for _ in 0..moment.looks {
            self.look()?;
        }
        Ok(())
    }

    /// SIGKILL; hears what was still in the pipe.
    fn kill(mut self) -> Result<Told> {
        self.child.kill().context("the writer cannot be killed")?;
        // All its threads are gone, and with them the lock, when this returns.
        self.child.wait().context("the writer does not end")?;
        while self.look()?.is_some() {}
        if !self.begun.is_empty() {
            bail!("the writer's last message is cut short: {} bytes", self.begun.len());
        }
        Ok(std::mem::take(&mut self.told))
    }

    fn wait(&self) -> Result<()> {
        let patience = Timespec::try_from(PATIENCE).context("a minute is too long")?;
        match poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&patience)) {
            Ok(0) => bail!("the writer said nothing for {} s: it hangs", PATIENCE.as_secs()),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("the writer's pipe cannot be watched"),
        }
    }

    /// What is in the pipe now; none at its end.
    fn look(&mut self) -> Result<Option<Vec<Message>>> {
        let mut buffer = [0; 64 * MESSAGE_BYTES];
        let read = match self.pipe.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error).context("the writer's pipe cannot be read"),
        };
        self.begun.extend_from_slice(&buffer[..read]);
        let (whole, rest) = self.begun.as_chunks::<MESSAGE_BYTES>();
        let messages: Option<Vec<Message>> = whole.iter().map(Message::decode).collect();
        let messages = messages.context("the writer told something that is no message")?;
        self.begun = rest.to_vec();
        messages.iter().for_each(|message| self.told.hear(*message));
        Ok(Some(messages))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Both fail when it is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.kills += more.kills;
        self.while_opening += more.while_opening;
        self.while_tending += more.while_tending;
        self.directories += more.directories;
        self.segments += more.segments;
        self.acknowledged += more.acknowledged;
        self.unheard += more.unheard;
    }
}

fn fresh_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}
