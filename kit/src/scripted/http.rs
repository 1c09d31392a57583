//! JSON over HTTP for a script: a member is a field of the table by its name, a path is a message type, a seal is a
//! header. So rules, books and scenarios are the same for it as for ISO 8583.

use std::collections::BTreeMap;
use std::io::{self, Read};

use iso8583::{Encoder, NoHole, decode};
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::script::{Script, Seal, message_type};
use crate::mistake::{Mistake, Source};

/// A head longer than this is no request of a terminal's.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// As is a body longer than this.
const MAX_BODY_BYTES: usize = 64 << 10;

/// `[http]` of a script, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HttpText {
    /// Path, and the message type that rules know its requests by.
    paths: BTreeMap<String, Spanned<String>>,
    /// The header with the MAC over the body, in capital hexadecimal.
    seal: Option<String>,
    /// The header with the key serial number, in hexadecimal: the key of the seal is then the initial key of a DUKPT slot.
    serial: Option<String>,
}

/// How requests and answers look.
#[derive(Clone, Debug)]
pub(super) struct Http {
    paths: Vec<(String, u16)>,
    seal: Option<String>,
    serial: Option<String>,
}

/// A request as it came.
pub(super) struct Request {
    head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpText {
    pub fn read(self, source: &Source<'_>) -> Result<Http, Mistake> {
        let path = |(path, kind): (String, Spanned<String>)| Ok((path, message_type(&kind, source)?));
        let paths = self.paths.into_iter().map(path).collect::<Result<_, _>>()?;
        Ok(Http { paths, seal: self.seal, serial: self.serial })
    }
}

impl Http {
    /// The request as a frame of the table. One whose seal is wrong becomes a frame with a wrong MAC.
    ///
    /// # Errors
    /// A sentence, where it cannot be one.
    pub fn frame(&self, script: &Script, request: &Request) -> Result<Vec<u8>, String> {
        let path = request.head.split(' ').nth(1).unwrap_or_default();
        let kind = self.paths.iter().find(|(known, _)| known == path).map(|(_, kind)| *kind);
        let kind = kind.ok_or_else(|| format!("[http] paths has no {path}"))?;
        let members: BTreeMap<String, Value> =
            serde_json::from_slice(&request.body).map_err(|error| format!("a body that is no JSON object: {error}"))?;
        let mut message = Encoder::<NoHole>::new(script.format, kind);
        for (name, value) in &members {
            let field = script.format.fields.iter().find(|field| field.name == name);
            let field = field.ok_or_else(|| format!("[format] fields has no {name}"))?;
            let text = value.as_str().ok_or_else(|| format!("{name} is no string"))?;
            message.set(field.number, text).map_err(|error| format!("{name}: {error}"))?;
        }
        let unreadable = |error| format!("a request to {path}: {error}");
        let Some(seal) = script.seal.as_ref().filter(|seal| seal.types.contains(&kind)) else {
            return message.to_bytes().map_err(unreadable);
        };
        let mut frame = seal.sealed(&mut message, script).map_err(unreadable)?;
        if let (false, Some(last)) = (self.fits(seal, request), frame.last_mut()) {
            *last ^= 1;
        }
        Ok(frame)
    }

    /// The key serial number of a request, where a script has such and it is hexadecimal.
    pub fn serial(&self, request: &Request) -> Option<Vec<u8>> {
        hex::decode(request.header(self.serial.as_ref()?)?).ok()
    }

    /// The answer of which this is the frame; bytes that are none are a body as they stand. `serial` is that of the
    /// request.
    pub fn answer(&self, script: &Script, frame: &[u8], status: u16, serial: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
        let read = decode(script.format, frame, script.header_bytes).ok();
        let seal = script.seal.as_ref();
        let body = read.as_ref().map_or_else(
            || frame.to_vec(),
            |read| {
                let fields =
                    script.format.fields.iter().filter(|field| seal.is_none_or(|seal| seal.field != field.number));
                let members = fields.filter_map(|field| {
                    let text = read.get(field.number)?.text();
                    Some(format!("{}:{}", Value::from(field.name), Value::from(text.trim_end())))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(",")).into_bytes()
            },
        );
        let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\n");
        let claimed = read.as_ref().zip(seal).and_then(|(read, seal)| Some((seal, read.get(seal.field)?)));
        if let (Some(header), Some((seal, claimed))) = (&self.seal, claimed) {
            let mut mac = seal.under(serial, true, &body);
            mac.truncate(claimed.bytes().len());
            let before = claimed.offset().saturating_sub(script.header_bytes);
            let is_right =
                seal.over(frame.get(script.header_bytes..).unwrap_or_default(), before, mac.len()) == claimed.bytes();
            if let (false, Some(last)) = (is_right, mac.last_mut()) {
                *last ^= 1;
            }
            head.push_str(&format!("{header}: {}\r\n", hex::encode_upper(mac)));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        ([head.as_bytes(), &body].concat(), body)
    }

    fn fits(&self, seal: &Seal, request: &Request) -> bool {
        let claimed = self.seal.as_ref().and_then(|name| request.header(name));
        let serial = self.serial(request);
        if self.serial.is_some() && serial.is_none() {
            return false;
        }
        claimed == Some(&hex::encode_upper(seal.under(serial.as_deref(), false, &request.body)))
    }
}

impl Request {
    /// The next one, or none when the terminal has closed before it.
    pub fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut byte = [0; 1];
        while !bytes.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(0) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                other => drop(other?),
            }
            bytes.extend(byte);
            if bytes.len() > MAX_HEAD_BYTES {
                return Err(too_long());
            }
        }
        let mut request = Request { head: String::from_utf8_lossy(&bytes).into_owned(), body: Vec::new() };
        let length = request.header("content-length").map_or(Some(0), |length| length.parse().ok());
        let length: usize = length.filter(|length| *length <= MAX_BODY_BYTES).ok_or_else(too_long)?;
        request.body = vec![0; length];
        stream.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    /// A header's value, of one that is there once.
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a request longer than any terminal's")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::scripted::desk::{Desk, Plan};

    const SCRIPT: &str = include_str!("../../../plugins/http-json/scenarios/acquirer.toml");
    const SALE: &str = r#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","currency":"156"}"#;

    fn desk() -> Desk {
        Desk::new(
            Arc::new(Script::parse(Path::new("acquirer.toml"), SCRIPT).map_err(|e| e.to_string()).unwrap()),
            Vec::new(),
        )
    }

    fn seal(desk: &Desk, body: &str) -> String {
        let seal = desk.script.seal.as_ref().unwrap();
        hex::encode_upper(seal.over(body.as_bytes(), body.len(), usize::MAX))
    }

    fn received(desk: &Desk, path: &str, body: &str, seal: &str) -> Plan {
        let bytes = format!("POST {path} HTTP/1.1\r\nX-Seal: {seal}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let request = Request::read(&mut bytes.as_bytes()).unwrap().unwrap();
        desk.receive_body(desk.script.http.as_ref().unwrap().frame(&desk.script, &request), &request.body, None)
    }

    #[test]
    fn members_are_fields_and_an_answer_is_sealed() {
        let desk = desk();
        let plan = received(&desk, "/v1/sales", SALE, &seal(&desk, SALE));
        assert_eq!((desk.complaints(), desk.ledger().total_minor()), (Vec::new(), Some(1234)));
        let http = desk.script.http.as_ref().unwrap();
        let (answer, body) = http.answer(&desk.script, &plan.frames[0], plan.status, None);
        let body = String::from_utf8(body).unwrap();
        let common =
            r#"{"terminal":"T0000001","order":"000000000001","amount":"000000001234","result":"approved","code":"00""#;
        assert!(body.starts_with(common), "{body}");
        let expected =
            format!("HTTP/1.1 200 Scripted\r\ncontent-type: application/json\r\nx-seal: {}\r\n", seal(&desk, &body));
        assert!(answer.starts_with(expected.as_bytes()));
        let mut forged = plan.frames[0].clone();
        *forged.last_mut().unwrap() ^= 1;
        let (other, _) = http.answer(&desk.script, &forged, 504, None);
        let right = seal(&desk, &body);
        assert!(
            other.starts_with(b"HTTP/1.1 504 ") && !other.windows(right.len()).any(|window| window == right.as_bytes())
        );
    }

    #[test]
    fn what_is_wrong_with_a_request_is_said() {
        let desk = desk();
        let sealed = |body| seal(&desk, body);
        let unknown = r#"{"nobody":"knows"}"#;
        for (path, body, seal, says) in [
            ("/v1/sales", SALE, "00".to_owned(), "a 0200 came with a wrong MAC"),
            ("/v1/other", SALE, sealed(SALE), "[http] paths has no /v1/other"),
            ("/v1/sales", unknown, sealed(unknown), "[format] fields has no nobody"),
            ("/v1/sales", "no", sealed("no"), "a body that is no JSON object"),
        ] {
            assert!(received(&desk, path, body, &seal).frames.is_empty());
            let said = desk.complaints().pop().unwrap();
            assert!(said.starts_with(says), "{said}");
        }
    }

    #[test]
    fn a_key_serial_number_comes_once() {
        let desk = desk();
        let frame = || Err("no message".to_owned());
        desk.receive_body(frame(), b"", Some(vec![1]));
        desk.receive_body(frame(), b"", Some(vec![2]));
        desk.receive_body(frame(), b"", Some(vec![1]));
        assert_eq!(desk.complaints(), ["no message", "no message", "a key serial number came a second time"]);
    }

    #[test]
    fn http_and_its_section_go_together() {
        let without = SCRIPT.replacen("framing = \"http\"", "framing = \"length-u16\"", 1);
        let other = SCRIPT.replacen("[http]", "[https]", 1);
        for text in [without, other] {
            assert!(Script::parse(Path::new("acquirer.toml"), &text).is_err());
        }
    }
}
