//! JSON of the plugin SDK: any bytes are an object or an error that names a place in them, and every text stands where
//! its extent says.

use sdk::json::Object;
use sdk::prelude::Fault;

/// Objects in objects that are looked into.
const MAX_DEPTH: usize = 8;

/// Reads an input, and the objects in it.
///
/// # Panics
/// Where a text stands elsewhere than its extent says.
pub fn check(input: &[u8]) {
    look(input, MAX_DEPTH);
}

/// Whether an input is an object with members.
pub fn is_object(input: &[u8]) -> bool {
    Object::read(input).is_ok_and(|object| object.members().next().is_some())
}

fn look(body: &[u8], depth: usize) {
    let object = match Object::read(body) {
        Ok(object) => object,
        Err(Fault::Malformed(why)) => return assert!(why.offset as usize <= body.len() && !why.reason.is_empty()),
        Err(other) => panic!("{other:?}"),
    };
    for (name, text) in object.members() {
        if let Some(extent) = object.extent(name) {
            assert_eq!(body.get(extent.start as usize..extent.end as usize), Some(text.as_bytes()));
        }
        assert_eq!(object.text(name).is_some(), object.extent(name).is_some());
        if depth > 0 && object.text(name).is_none() && text.starts_with('{') {
            look(text.as_bytes(), depth - 1);
        }
    }
}

/// An answer, and one with what answers seldom have.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let answer = r#"{"order":"000000000001","result":"approved","amount":1234}"#;
    let odd = r#" { "a\u0020" : "\"", "b":{"c":{"d":"e"}}, "f":[[1e9,null],true], "中":"文" } "#;
    [("answer", answer), ("odd", odd)].map(|(name, text)| (name, text.as_bytes().to_vec())).to_vec()
}
