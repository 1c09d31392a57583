//! Downloads: terminal parameters 参数, public keys 公钥, applications AID (A.3).
//!
//! A list of names comes first, then each row by its name, then the end. DE62 of an answer begins with a character:
//! `0` nothing, `1` all of it, `2` more follows, `3` the last of several. What of this an acquirer numbers differently
//! is a parameter.

use sdk::iso8583::{Reason, Value};
use sdk::prelude::{Context, Effect, Fault, Gravity, KernelRows, KernelTable, Outcome, Reply, Step, Stray};

use crate::answer::Answer;
use crate::managing::{self, DONE, Managing};
use crate::matrix::Kind;
use crate::parameters::{self, Declared, Source};
use crate::settings::Settings;
use crate::state::State;
use crate::transaction::unsupported;

/// Message types of the question what there is, and of everything else.
const LIST: u16 = 0x0820;
const FETCH: u16 = Kind::Download.row().request;
/// What parameters are remembered under, as the acquirer wrote them.
const PARAMETERS_MEMORY: &str = "parameters";
/// The most names of rows that are kept from one call to the next; a state holds 4 KiB.
const NAMES_BYTES_MAX: usize = 3_500;
const NAME_BYTES_MAX: usize = 32;

/// What can be fetched.
struct Subject {
    /// As an operator names it.
    name: &'static str,
    /// The parameter with its codes, 60.3: list, row, end.
    codes: &'static Declared,
    table: Option<KernelTable>,
    /// Tags of the data objects that name a row.
    tags: &'static [[u8; 2]],
}

const SUBJECTS: [Subject; 3] = [
    Subject { name: "parameters", codes: parameters::PARAMETER_CODES, table: None, tags: &[] },
    Subject {
        name: "public-keys",
        codes: parameters::PUBLIC_KEY_CODES,
        table: Some(KernelTable::PublicKeys),
        tags: &[[0x9F, 0x06], [0x9F, 0x22]],
    },
    Subject {
        name: "applications",
        codes: parameters::APPLICATION_CODES,
        table: Some(KernelTable::Applications),
        tags: &[[0x9F, 0x06]],
    },
];

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    List = 1,
    Row = 2,
    End = 3,
}

/// Where a download is: what is waited for, how many names were listed, and those whose rows are still to come.
struct Progress {
    waiting: Waiting,
    listed: u8,
    names: Vec<Vec<u8>>,
}

/// Asks what there is, or for the parameters.
///
/// # Errors
/// [`Fault::Unsupported`] for a name this protocol does not know.
pub(crate) fn start(context: &Context, name: &str) -> Result<Step, Fault> {
    let subject = Subject::named(name)?;
    let waiting = if subject.table.is_some() { Waiting::List } else { Waiting::Row };
    send(context, subject, Progress { waiting, listed: 0, names: Vec::new() })
}

/// Takes names, then rows, then the end.
///
/// # Errors
/// [`Fault::Malformed`] where an answer cannot be read; [`Fault::Internal`] for a foreign state.
pub(crate) fn resume(context: &Context, name: &str, state: &[u8], reply: &Reply) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let subject = Subject::named(name)?;
    let known = State::read(state, &[Kind::Download])?;
    let progress = Progress::read(&known.extra)?;
    let request = if progress.waiting == Waiting::List { LIST } else { FETCH };
    let answer = Answer::hear(reply, request + 0x10, &known)?;
    let Some(answer) = answer else { return Ok(Step::listen(Stray::Foreign, state)) };
    let mut step = if answer.code != DONE {
        Step::finish(managing::declined(&answer.code, &context.locale), state)
    } else {
        match progress.waiting {
            Waiting::List => listed(context, subject, progress, answer.need(62)?)?,
            Waiting::Row => fetched(context, subject, progress, answer.need(62)?)?,
            Waiting::End => Step::finish(Outcome::Done, state),
        }
    };
    step.proofs = managing::echoes(&answer, &known, &settings);
    Ok(step)
}

/// Takes note of names; asks for more of them, or for the first row.
fn listed(context: &Context, subject: &Subject, progress: Progress, data: Value<'_>) -> Result<Step, Fault> {
    let broken = || data.wrong(Reason::Unexpected("0 to 3, then the names of rows"));
    let Some((state @ b'0'..=b'3', mut rest)) = data.bytes().split_first() else { return Err(broken().into()) };
    let Progress { mut names, mut listed, .. } = progress;
    while !rest.is_empty() {
        let length = subject.name_length(rest).ok_or_else(broken)?;
        let (name, more) = rest.split_at_checked(length).ok_or_else(broken)?;
        names.push(name.to_vec());
        listed = listed.checked_add(1).filter(|listed| *listed < 100).ok_or_else(broken)?;
        rest = more;
    }
    if names.iter().map(|name| name.len() + 1).sum::<usize>() > NAMES_BYTES_MAX {
        return Err(unsupported("a download of so many rows"));
    }
    let more_follows = *state == b'2' && !data.bytes()[1..].is_empty();
    let waiting = match (more_follows, names.is_empty()) {
        (true, _) => Waiting::List,
        (false, false) => Waiting::Row,
        (false, true) => Waiting::End,
    };
    send(context, subject, Progress { waiting, listed, names })
}

/// Loads a row, or remembers the parameters; asks for the next, or says that it was the last.
fn fetched(context: &Context, subject: &Subject, progress: Progress, data: Value<'_>) -> Result<Step, Fault> {
    let mut names = progress.names;
    let effect = match subject.table {
        None => Effect::Remember((PARAMETERS_MEMORY.to_owned(), data.bytes().to_vec())),
        Some(table) => {
            let row = match data.bytes() {
                [b'1', row @ ..] if names.first().is_some_and(|name| row.starts_with(name)) => row.to_vec(),
                _ => {
                    return Err(data.wrong(Reason::Unexpected("1, then the row that was asked for")).into());
                }
            };
            names.remove(0);
            Effect::LoadKernel(KernelRows { table, rows: vec![row] })
        }
    };
    let waiting = if names.is_empty() { Waiting::End } else { Waiting::Row };
    let mut step = send(context, subject, Progress { waiting, listed: progress.listed, names })?;
    step.effects.push(effect);
    Ok(step)
}

fn send(context: &Context, subject: &Subject, progress: Progress) -> Result<Step, Fault> {
    let settings = Settings::read(context)?;
    let codes = subject.codes(context)?;
    let (request, network_code, data) = match progress.waiting {
        Waiting::List if progress.listed == 0 => (LIST, codes[0], None),
        Waiting::List => (LIST, codes[0], Some(format!("1{:02}", progress.listed).into_bytes())),
        Waiting::Row => (FETCH, codes[1], progress.names.first().cloned()),
        Waiting::End => (FETCH, codes[2], None),
    };
    let (kind, gravity, extra) = (Kind::Download, Gravity::Asks, progress.bytes());
    let message = Managing { kind, request, network_code, gravity, sealed: false, extra };
    message.send(context, &settings, |message| match &data {
        Some(data) => message.set_bytes(62, data).map(drop),
        None => Ok(()),
    })
}

impl Subject {
    fn named(name: &str) -> Result<&'static Self, Fault> {
        let found = SUBJECTS.iter().find(|subject| subject.name == name);
        found.ok_or_else(|| unsupported("this download; there are parameters, public-keys, applications"))
    }

    /// 60.3 of list, row and end.
    fn codes<'c>(&self, context: &'c Context) -> Result<[&'c str; 3], Fault> {
        let value = Source(context).value(self.codes)?;
        let codes: Vec<&str> = value.split(',').collect();
        let right = codes.iter().all(|code| code.len() == 3 && code.bytes().all(parameters::is_digit));
        let codes = <[&str; 3]>::try_from(codes).ok().filter(|_| right);
        codes.ok_or_else(|| parameters::bad(self.codes, "three codes of three digits: list, row, end").into())
    }

    /// Bytes of the data objects that name a row, at the head of these; `None` where they are others.
    fn name_length(&self, bytes: &[u8]) -> Option<usize> {
        let mut length = 0;
        for tag in self.tags {
            let [first, second, value, ..] = bytes.get(length..)? else { return None };
            length += 3 + usize::from(*value);
            if [*first, *second] != *tag || length > NAME_BYTES_MAX {
                return None;
            }
        }
        Some(length)
    }
}

impl Progress {
    /// What is waited for, how many were listed, then each name after its length.
    fn bytes(&self) -> Vec<u8> {
        let names = self.names.iter().flat_map(|name| [&[name.len() as u8][..], name].concat());
        [self.waiting as u8, self.listed].into_iter().chain(names).collect()
    }

    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        Self::parse(bytes).ok_or_else(|| Fault::Internal("the state does not say how far the download is".to_owned()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let [waiting, listed, rest @ ..] = bytes else { return None };
        let waiting = [Waiting::List, Waiting::Row, Waiting::End].into_iter().find(|known| *known as u8 == *waiting)?;
        let (mut names, mut rest) = (Vec::new(), rest);
        while let Some((length, more)) = rest.split_first() {
            let (name, after) = more.split_at_checked(usize::from(*length))?;
            names.push(name.to_vec());
            rest = after;
        }
        Some(Progress { waiting, listed: *listed, names })
    }
}
