//! JSON objects: read with the place of each value, written with holes in them.
//!
//! ```
//! use acquit_plugin_sdk::json::Object;
//!
//! let body = br#"{"order":"000000000001","result":"approved"}"#;
//! let answer = Object::read(body).unwrap();
//! assert_eq!(answer.text("result"), Some("approved"));
//! let order = answer.extent("order").unwrap();
//! assert_eq!(&body[order.start as usize..order.end as usize], b"000000000001");
//! ```

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::prelude::{Extent, Fault, Malformed, NodeId, TemplateBuilder};
use crate::template::Part;

/// An object as it arrived: members in their order, each name once.
#[derive(Debug)]
pub struct Object<'b> {
    body: &'b [u8],
    members: Members<'b>,
}

/// Names and the text of their values, quotation marks and all.
#[derive(Debug)]
struct Members<'b>(Vec<(String, &'b str)>);

impl<'b> Object<'b> {
    /// Reads bytes that are one object and nothing else.
    ///
    /// # Errors
    /// [`Fault::Malformed`] with the place where they are not.
    pub fn read(body: &'b [u8]) -> Result<Self, Fault> {
        match serde_json::from_slice(body) {
            Ok(members) => Ok(Object { body, members }),
            Err(error) => Err(Fault::Malformed(Malformed {
                path: "body".to_owned(),
                offset: offset_of(body, error.line(), error.column()),
                reason: reason(&error).to_owned(),
            })),
        }
    }

    /// A member that is a string without escapes: `None` for any other, and for one that is missing.
    pub fn text(&self, name: &str) -> Option<&'b str> {
        plain(self.raw(name)?)
    }

    /// Where [`text`](Self::text) stands in the body.
    pub fn extent(&self, name: &str) -> Option<Extent> {
        let text = self.text(name)?;
        // Both lie in the same body, so their addresses tell the distance.
        let start = text.as_ptr().addr().checked_sub(self.body.as_ptr().addr())?;
        let end = start.checked_add(text.len())?;
        Some(Extent { start: i32::try_from(start).ok()?, end: i32::try_from(end).ok()? })
    }

    /// A member that is an object. Places in it count from its own beginning.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where it is something else.
    pub fn object(&self, name: &str) -> Option<Result<Object<'b>, Fault>> {
        self.raw(name).map(|raw| Object::read(raw.as_bytes()))
    }

    /// All members: a string's text, and of anything else its JSON.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'b str)> {
        self.members.0.iter().map(|(name, raw)| (name.as_str(), plain(raw).unwrap_or(raw)))
    }

    fn raw(&self, name: &str) -> Option<&'b str> {
        self.members.0.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw)
    }
}

/// A string's text where it stands in the body as it is.
fn plain(raw: &str) -> Option<&str> {
    let text = raw.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

impl<'b> Deserialize<'b> for Members<'b> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'b> Visitor<'b> for Reader {
            type Value = Members<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<Members<'b>, A::Error> {
                let mut members: Vec<(String, &'b str)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'b RawValue>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("twice"));
                    }
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// What is wrong, without the bytes themselves.
fn reason(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "it is no object whose members have each a name of their own",
        _ => "it is not JSON",
    }
}

/// Lines and columns count from 1.
fn offset_of(body: &[u8], line: usize, column: usize) -> u32 {
    let before: usize = body.split(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(|line| line.len() + 1).sum();
    u32::try_from(before.saturating_add(column.saturating_sub(1)).min(body.len())).unwrap_or(u32::MAX)
}

/// An object to be sent: members in the order they are added, without spaces, so that offsets are known.
#[derive(Debug, Default)]
pub struct ObjectText {
    parts: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Bytes(String),
    Node(NodeId),
}

impl ObjectText {
    /// An object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// A string.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        let value = quoted(value);
        self.member(name, [Piece::Bytes(value)])
    }

    /// A string whose text is a node: a hole, or bytes something refers to. Nothing is escaped, so it is for what needs
    /// none: digits, letters, hexadecimal; anything else goes through a `json-string` node first.
    #[must_use]
    pub fn node(self, name: &str, node: NodeId) -> Self {
        self.member(name, [Piece::Bytes("\"".to_owned()), Piece::Node(node), Piece::Bytes("\"".to_owned())])
    }

    /// The node that is all of it.
    pub fn whole(mut self, template: &mut TemplateBuilder) -> NodeId {
        let end = if self.parts.is_empty() { "{}" } else { "}" };
        self.parts.push(Piece::Bytes(end.to_owned()));
        template.group(self.parts.iter().map(|piece| match piece {
            Piece::Bytes(text) => Part::Bytes(text.as_bytes()),
            Piece::Node(node) => Part::Node(*node),
        }))
    }

    fn member(mut self, name: &str, value: impl IntoIterator<Item = Piece>) -> Self {
        let before = if self.parts.is_empty() { '{' } else { ',' };
        self.parts.push(Piece::Bytes(format!("{before}{}:", quoted(name))));
        self.parts.extend(value);
        self
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prelude::Node;

    #[test]
    fn values_are_found_where_they_stand() {
        let body = br#" { "a" : "xyz", "n": 12, "o": {"a":"in"}, "e":"a\"b", "":"" } "#;
        let object = Object::read(body).unwrap();
        assert_eq!((object.text("a"), object.text(""), object.text("n")), (Some("xyz"), Some(""), None));
        assert_eq!((object.text("e"), object.text("none")), (None, None));
        let Extent { start, end } = object.extent("a").unwrap();
        assert_eq!(&body[start as usize..end as usize], b"xyz");
        assert_eq!(object.object("o").unwrap().unwrap().text("a"), Some("in"));
        assert!(object.object("a").unwrap().is_err());
        let members: Vec<_> = object.members().collect();
        assert_eq!(members[..2], [("a", "xyz"), ("n", "12")]);
    }

    #[test]
    fn what_is_not_one_object_is_refused_with_its_place() {
        for (body, offset) in [
            (&b""[..], 0),
            (b"{", 1),
            (b"[]", 0),
            (br#"{"a":1}x"#, 7),
            (b"{\n\"a\" 1}", 6),
            (br#"{"a":1,"a":2}"#, 12),
            (&[b'[', 0xFF], 0),
        ] {
            let Err(Fault::Malformed(malformed)) = Object::read(body) else { panic!("{body:?}") };
            assert!(malformed.offset.abs_diff(offset) <= 1, "{malformed:?} for {body:?}");
        }
        // Nested for ever: no stack is spent on what nobody looks at.
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert!(Object::read(deep.as_bytes()).is_err());
    }

    #[test]
    fn an_object_is_written_without_spaces_and_with_holes() {
        let mut template = TemplateBuilder::new();
        let order = template.literal("0001");
        let whole = ObjectText::new().node("order", order).text("note", "a\"b\n").whole(&mut template);
        let message = template.finish(whole);
        let Node::Concat(parts) = &message.nodes[message.whole as usize] else { panic!("parts") };
        let bytes = |node: &NodeId| match &message.nodes[*node as usize] {
            Node::Literal(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(parts.iter().map(bytes).collect::<String>(), r#"{"order":"0001","note":"a\"b\n"}"#);
        let mut empty = TemplateBuilder::new();
        let whole = ObjectText::new().whole(&mut empty);
        assert_eq!(empty.finish(whole).nodes, [Node::Literal(b"{}".to_vec())]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_object_or_an_error(body in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(object) = Object::read(&body) {
                for (name, _) in object.members() {
                    let extent = object.extent(name);
                    prop_assert!(extent.is_none_or(|extent| extent.end as usize <= body.len()));
                }
            }
        }

        #[test]
        fn what_is_written_is_read_again(name in "[a-z]{1,8}", value in "[ -~]{0,16}") {
            let mut template = TemplateBuilder::new();
            let whole = ObjectText::new().text(&name, &value).whole(&mut template);
            let message = template.finish(whole);
            let Node::Literal(body) = &message.nodes[message.whole as usize] else { panic!("one literal") };
            let object = Object::read(body).unwrap();
            let is_plain = !value.contains(['"', '\\']);
            prop_assert_eq!(object.text(&name), is_plain.then_some(value.as_str()));
        }
    }
}
