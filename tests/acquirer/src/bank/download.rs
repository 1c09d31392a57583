//! Downloads (参数, 公钥, AID 下载): what there is, one row after the other, and the end.
//!
//! DE62 of an answer begins with a character: `0` nothing, `1` all of it, `2` more follows, `3` the last of several.

use crate::codec::{Message, Value};
use crate::config::{Code, HexBytes};

use super::{Bank, Handling, Verdict, format_error, private};

/// Names of rows in one answer; the longest take 16 bytes each of the 999 of DE62.
const MOST_LISTED: usize = 32;

impl Bank {
    /// Lists what there is (0820), gives a row (0800), or takes note of the end.
    pub(super) fn download(&mut self, request: &Message, handling: &Handling) -> Result<Verdict, Code> {
        self.known_terminal(request)?;
        handling.obey()?;
        let code = private(request)?.network_code.ok_or_else(format_error)?;
        let downloads = &self.config.downloads;
        let data = match code {
            "360" => downloads.parameters.clone().into_bytes(),
            "372" => listed(&downloads.public_keys, request, &[[0x9f, 0x06], [0x9f, 0x22]])?,
            "382" => listed(&downloads.applications, request, &[[0x9f, 0x06]])?,
            "370" => row(&downloads.public_keys, request)?,
            "380" => row(&downloads.applications, request)?,
            _ => return Ok(Verdict::of(Code::approved())),
        };
        let mut verdict = Verdict::of(Code::approved());
        verdict.fields = vec![(62, Value::Binary(data))];
        Ok(verdict)
    }
}

/// The names of rows, from the one at which DE62 of the request has arrived: `1` and how many were listed, two digits.
fn listed(rows: &[HexBytes], request: &Message, tags: &[[u8; 2]]) -> Result<Vec<u8>, Code> {
    let from = match request.binary(62) {
        None => 0,
        Some([b'1', tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            usize::from(tens - b'0') * 10 + usize::from(ones - b'0')
        }
        Some(_) => return Err(format_error()),
    };
    let rest = rows.get(from..).unwrap_or_default();
    let (now, later) = rest.split_at(rest.len().min(MOST_LISTED));
    let state = match (now.is_empty(), from > 0, later.is_empty()) {
        (true, ..) => b'0',
        (false, _, false) => b'2',
        (false, true, true) => b'3',
        (false, false, true) => b'1',
    };
    let names = now.iter().flat_map(|row| name(&row.bytes(), tags));
    Ok([state].into_iter().chain(names).collect())
}

/// The row whose name is in DE62 of the request; `0` alone if there is none.
fn row(rows: &[HexBytes], request: &Message) -> Result<Vec<u8>, Code> {
    let name = request.binary(62).filter(|name| !name.is_empty()).ok_or_else(format_error)?;
    let found = rows.iter().map(HexBytes::bytes).find(|row| row.starts_with(name));
    Ok(found.map_or(vec![b'0'], |row| [b"1", row.as_slice()].concat()))
}

/// The data objects at the beginning of a row that name it.
fn name(row: &[u8], tags: &[[u8; 2]]) -> Vec<u8> {
    let mut length = 0;
    for tag in tags {
        match row.get(length..) {
            Some([first, second, bytes, ..]) if [*first, *second] == *tag => length += 3 + usize::from(*bytes),
            _ => break,
        }
    }
    row.get(..length).unwrap_or_default().to_vec()
}
