//! XML documents of one element and its children: read with the place of each text, written with holes in them.
//!
//! ```
//! use acquit_plugin_sdk::xml::Document;
//!
//! let body = b"<xml><order>000000000001</order><result><![CDATA[SUCCESS]]></result></xml>";
//! let answer = Document::read(body).unwrap();
//! assert_eq!(answer.text("result"), Some("SUCCESS"));
//! let order = answer.extent("order").unwrap();
//! assert_eq!(&body[order.start as usize..order.end as usize], b"000000000001");
//! ```

use roxmltree::{Document as Tree, Node as TreeNode, ParsingOptions, StringStorage};

use crate::prelude::{Extent, Fault, Malformed, NodeId, TemplateBuilder};
use crate::template::Part;

/// Elements, texts and comments of one document: many times what an answer about one payment has.
const NODES_MAX: u32 = 4_096;

const ENDS_EARLY: &str = "it ends too early";

/// A document as it arrived.
#[derive(Debug)]
pub struct Document<'b> {
    body: &'b str,
    tree: Tree<'b>,
}

impl<'b> Document<'b> {
    /// Reads bytes that are one document and nothing else, in UTF-8. Document types, and with them entities of one's own,
    /// are refused.
    ///
    /// # Errors
    /// [`Fault::Malformed`] with the place where they are not.
    pub fn read(body: &'b [u8]) -> Result<Self, Fault> {
        let malformed = |offset: usize, reason: &str| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            Fault::Malformed(Malformed { path: "body".to_owned(), offset, reason: reason.to_owned() })
        };
        let body = core::str::from_utf8(body).map_err(|error| malformed(error.valid_up_to(), "it is not UTF-8"))?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
        match Tree::parse_with_options(body, options) {
            Ok(tree) => Ok(Document { body, tree }),
            Err(error) => {
                // Where something is missing at the end, the parser says where it begins.
                let ends = reason(&error) == ENDS_EARLY;
                Err(malformed(if ends { body.len() } else { offset_of(body, error.pos()) }, reason(&error)))
            }
        }
    }

    /// The name of the element that holds all others.
    pub fn name(&self) -> &str {
        self.tree.root_element().tag_name().name()
    }

    /// The text of a child of the outermost element that has this name and is the only one: `None` where it is missing,
    /// there more than once, holds elements, or where its text has references to characters.
    pub fn text(&self, name: &str) -> Option<&'b str> {
        let mut named = self.children().filter(|child| child.tag_name().name() == name);
        let only = named.next()?;
        named.next().is_none().then(|| plain(only))?
    }

    /// Where [`text`](Self::text) stands in the body.
    pub fn extent(&self, name: &str) -> Option<Extent> {
        let text = self.text(name)?;
        // Both lie in the same body, so their addresses tell the distance; an empty text stands nowhere.
        let start = text.as_ptr().addr().checked_sub(self.body.as_ptr().addr())?;
        let end = start.checked_add(text.len()).filter(|end| *end <= self.body.len() && !text.is_empty())?;
        Some(Extent { start: i32::try_from(start).ok()?, end: i32::try_from(end).ok()? })
    }

    /// All children that hold nothing but plain text.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'b str)> {
        self.children().filter_map(|child| Some((child.tag_name().name(), plain(child)?)))
    }

    fn children(&self) -> impl Iterator<Item = TreeNode<'_, 'b>> {
        self.tree.root_element().children().filter(TreeNode::is_element)
    }
}

/// The text of an element as it stands in the body.
fn plain<'b>(element: TreeNode<'_, 'b>) -> Option<&'b str> {
    let mut inside = element.children();
    let Some(text) = inside.next() else { return Some("") };
    match (text.is_text().then(|| text.text_storage())??, inside.next()) {
        (StringStorage::Borrowed(text), None) => Some(text),
        _ => None,
    }
}

/// What is wrong, without the bytes themselves.
fn reason(error: &roxmltree::Error) -> &'static str {
    match error {
        roxmltree::Error::DtdDetected => "a document type is not read",
        roxmltree::Error::NodesLimitReached => "it has more elements than an answer has",
        roxmltree::Error::UnclosedRootNode | roxmltree::Error::UnexpectedEndOfStream => ENDS_EARLY,
        _ => "it is not XML",
    }
}

/// Rows and columns count from 1, columns in characters.
fn offset_of(body: &str, place: roxmltree::TextPos) -> usize {
    let before = |row: u32| usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
    let lines: usize = body.split_inclusive('\n').take(before(place.row)).map(str::len).sum();
    let column = body.get(lines..).unwrap_or_default().char_indices().nth(before(place.col));
    column.map_or(body.len(), |(offset, _)| lines + offset)
}

/// A document to be sent: children in the order they are added, without spaces, so that offsets are known.
#[derive(Debug)]
pub struct DocumentText {
    name: String,
    parts: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Bytes(String),
    Node(NodeId),
}

impl DocumentText {
    /// An element of this name, without children.
    pub fn new(name: &str) -> Self {
        DocumentText { name: name.to_owned(), parts: vec![Piece::Bytes(format!("<{name}>"))] }
    }

    /// A child with this text.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.parts.push(Piece::Bytes(format!("<{name}>{}</{name}>", escaped(value))));
        self
    }

    /// A child whose text is a node: a hole, or bytes something refers to. Nothing is escaped, so it is for what needs
    /// none: digits, letters, hexadecimal; anything else goes through an `xml-text` node first.
    #[must_use]
    pub fn node(mut self, name: &str, node: NodeId) -> Self {
        let (before, behind) = (Piece::Bytes(format!("<{name}>")), Piece::Bytes(format!("</{name}>")));
        self.parts.extend([before, Piece::Node(node), behind]);
        self
    }

    /// The node that is all of it.
    pub fn whole(mut self, template: &mut TemplateBuilder) -> NodeId {
        self.parts.push(Piece::Bytes(format!("</{}>", self.name)));
        template.group(self.parts.iter().map(|piece| match piece {
            Piece::Bytes(text) => Part::Bytes(text.as_bytes()),
            Piece::Node(node) => Part::Node(*node),
        }))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prelude::Node;

    #[test]
    fn texts_are_found_where_they_stand() {
        let body = "<?xml version=\"1.0\"?>\n<r><a>xyz</a><c><![CDATA[<&>]]></c><n><a>in</a></n><e/><t>1</t><t>2</t>\
                    <q>a&amp;b</q><z>支付</z></r>";
        let read = Document::read(body.as_bytes()).unwrap();
        assert_eq!(read.name(), "r");
        assert_eq!((read.text("a"), read.text("c"), read.text("z")), (Some("xyz"), Some("<&>"), Some("支付")));
        assert_eq!((read.text("e"), read.extent("e")), (Some(""), None));
        for name in ["none", "n", "t", "q"] {
            assert_eq!((read.text(name), read.extent(name)), (None, None), "{name}");
        }
        let Extent { start, end } = read.extent("c").unwrap();
        assert_eq!(&body.as_bytes()[start as usize..end as usize], b"<&>");
        let members: Vec<_> = read.members().map(|(name, _)| name).collect();
        assert_eq!(members, ["a", "c", "e", "t", "t", "z"]);
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        let lying = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaa\">]><r>&a;</r>";
        for (body, offset, reason) in [
            (&b""[..], 0, "it is not XML"),
            (b"<r>", 3, "it ends too early"),
            (b"<r></q>", 3, "it is not XML"),
            (b"<r/>x", 4, "it is not XML"),
            (b"\n<r>\n<a></r>", 8, "it is not XML"),
            (lying.as_bytes(), 0, "a document type is not read"),
            (b"<r>\xFF</r>", 3, "it is not UTF-8"),
        ] {
            let Err(Fault::Malformed(malformed)) = Document::read(body) else { panic!("{body:?}") };
            assert_eq!((malformed.offset, malformed.reason.as_str()), (offset, reason), "{body:?}");
        }
    }

    /// Elements that nest for ever, and elements without end, cost no more than an answer may have.
    #[test]
    fn a_document_is_bounded() {
        for body in ["<a>".repeat(100_000), format!("<r>{}</r>", "<a/>".repeat(100_000))] {
            let Err(Fault::Malformed(malformed)) = Document::read(body.as_bytes()) else { panic!("it is read") };
            assert_eq!(malformed.reason, "it has more elements than an answer has");
        }
    }

    #[test]
    fn a_document_is_written_without_spaces_and_with_holes() {
        let mut template = TemplateBuilder::new();
        let order = template.literal("0001");
        let whole = DocumentText::new("xml").node("order", order).text("note", "a<b&c").whole(&mut template);
        let message = template.finish(whole);
        let Node::Concat(parts) = &message.nodes[message.whole as usize] else { panic!("parts") };
        let bytes = |node: &NodeId| match &message.nodes[*node as usize] {
            Node::Literal(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("{other:?}"),
        };
        let expected = "<xml><order>0001</order><note>a&lt;b&amp;c</note></xml>";
        assert_eq!(parts.iter().map(bytes).collect::<String>(), expected);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_an_error(body in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(Document::read(&body).is_ok() || Document::read(&body).is_err());
        }

        /// Nearly XML, which random bytes are not.
        #[test]
        fn anything_that_looks_like_one_is_a_document_or_an_error(body in "(<[ab/!?]{1,3}>|[a&;]|\\]\\]>|<!\\[CDATA\\[){0,16}") {
            if let Ok(read) = Document::read(body.as_bytes()) {
                for (name, text) in read.members() {
                    prop_assert!(body.contains(text));
                    prop_assert!(read.extent(name).is_none_or(|extent| extent.end as usize <= body.len()));
                }
            }
        }

        #[test]
        fn what_is_written_is_read_again(name in "[a-z]{1,8}", value in "[ -~]{0,16}") {
            let mut template = TemplateBuilder::new();
            let whole = DocumentText::new("xml").text(&name, &value).whole(&mut template);
            let message = template.finish(whole);
            let Node::Literal(body) = &message.nodes[message.whole as usize] else { panic!("one literal") };
            let read = Document::read(body).unwrap();
            let is_plain = !value.contains(['&', '<', '>']);
            prop_assert_eq!(read.text(&name), is_plain.then_some(value.as_str()));
        }
    }
}
