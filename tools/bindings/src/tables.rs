//! The contract's types as tables in C, for guests that carry any value over the border by walking them: interpreters.
//!
//! A table says how the canonical ABI lays a type out in memory, and what its members are called in the language of the
//! interpreter (`panLength`).

use std::collections::HashMap;
use std::fmt::Write;

use anyhow::{Result, bail};
use wit_bindgen_core::wit_parser::{Function, Int, Resolve, SizeAlign, Type, TypeDefKind, TypeId, WorldId, WorldItem};

const HEADER: &str = "\
// The contract's types, as the canonical ABI lays them out in memory. Generated; do not edit.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CONTRACT_BOOL, CONTRACT_U8, CONTRACT_U16, CONTRACT_U32, CONTRACT_U64, CONTRACT_S16, CONTRACT_S32,
    CONTRACT_STRING, CONTRACT_BYTES, CONTRACT_LIST, CONTRACT_RECORD, CONTRACT_TUPLE, CONTRACT_ENUM,
    CONTRACT_VARIANT, CONTRACT_OPTION,
} contract_kind_t;
typedef struct contract_type contract_type_t;
// A member, a case (without a type where it carries nothing), an item; where it stands in its owner.
typedef struct {
    const char *name;
    const contract_type_t *type;
    uint32_t offset;
} contract_entry_t;
struct contract_type {
    contract_kind_t kind;
    uint32_t size, count;
    const contract_entry_t *entries;
};
typedef struct {
    const char *name;
    const contract_type_t *arguments, *result;
} contract_function_t;

";

/// The tables of everything a world exports.
pub fn tables(resolve: &Resolve, world: WorldId) -> Result<String> {
    let mut sizes = SizeAlign::default();
    sizes.fill(resolve)?;
    let mut writer = Writer { resolve, sizes, known: HashMap::new(), count: 0, text: HEADER.to_owned() };
    for item in resolve.worlds[world].exports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = &resolve.interfaces[*id];
        for function in interface.functions.values() {
            writer.function(interface.name.as_deref().unwrap_or_default(), function)?;
        }
    }
    Ok(writer.text)
}

struct Writer<'a> {
    resolve: &'a Resolve,
    sizes: SizeAlign,
    known: HashMap<Type, String>,
    count: usize,
    text: String,
}

impl Writer<'_> {
    fn function(&mut self, interface: &str, function: &Function) -> Result<()> {
        let arguments: Vec<Type> = function.params.iter().map(|parameter| parameter.ty).collect();
        let arguments = self.sequence("CONTRACT_TUPLE", &arguments, &[])?;
        let Some(result) = &function.result else { bail!("{} returns nothing", function.name) };
        let result = self.of(result)?;
        let name = format!("{interface}_{}", function.name).replace('-', "_").to_uppercase();
        let called = camel(&function.name);
        writeln!(
            self.text,
            "static const contract_function_t CONTRACT_{name} = {{\"{called}\", &{arguments}, &{result}}};\n"
        )?;
        Ok(())
    }

    /// The name of the table of a type, which stands before whatever asks for it.
    fn of(&mut self, ty: &Type) -> Result<String> {
        if let Some(name) = self.known.get(ty) {
            return Ok(name.clone());
        }
        let name = match ty {
            Type::Bool => self.plain("BOOL", 1)?,
            Type::U8 => self.plain("U8", 1)?,
            Type::U16 => self.plain("U16", 2)?,
            Type::U32 => self.plain("U32", 4)?,
            Type::U64 => self.plain("U64", 8)?,
            Type::S16 => self.plain("S16", 2)?,
            Type::S32 => self.plain("S32", 4)?,
            Type::String => self.plain("STRING", 8)?,
            Type::Id(id) => self.defined(ty, *id)?,
            other => bail!("no table for {other:?}"),
        };
        self.known.insert(*ty, name.clone());
        Ok(name)
    }

    fn defined(&mut self, ty: &Type, id: TypeId) -> Result<String> {
        let kind = self.resolve.types[id].kind.clone();
        match &kind {
            TypeDefKind::Type(other) => self.of(other),
            TypeDefKind::List(Type::U8) => self.plain("BYTES", 8),
            TypeDefKind::List(item) => {
                let item = (None, Some(*item), 0);
                self.table("CONTRACT_LIST", 8, &[item])
            }
            TypeDefKind::Record(record) => {
                let types: Vec<Type> = record.fields.iter().map(|field| field.ty).collect();
                let names: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).collect();
                self.sequence("CONTRACT_RECORD", &types, &names)
            }
            TypeDefKind::Tuple(tuple) => self.sequence("CONTRACT_TUPLE", &tuple.types, &[]),
            TypeDefKind::Enum(cases) => {
                let entries: Vec<_> = cases.cases.iter().map(|case| (Some(case.name.as_str()), None, 0)).collect();
                self.table("CONTRACT_ENUM", self.size(ty), &entries)
            }
            TypeDefKind::Option(inner) => self.cases("CONTRACT_OPTION", ty, &[(None, None), (None, Some(*inner))]),
            TypeDefKind::Result(result) => {
                self.cases("CONTRACT_VARIANT", ty, &[(Some("ok"), result.ok), (Some("err"), result.err)])
            }
            TypeDefKind::Variant(variant) => {
                let cases: Vec<_> = variant.cases.iter().map(|case| (Some(case.name.as_str()), case.ty)).collect();
                self.cases("CONTRACT_VARIANT", ty, &cases)
            }
            other => bail!("no table for a {}", other.as_str()),
        }
    }

    fn size(&self, ty: &Type) -> usize {
        self.sizes.size(ty).size_wasm32()
    }

    fn plain(&mut self, kind: &str, size: usize) -> Result<String> {
        self.table(&format!("CONTRACT_{kind}"), size, &[])
    }

    fn sequence(&mut self, kind: &str, types: &[Type], names: &[&str]) -> Result<String> {
        let size = self.sizes.record(types).size.size_wasm32();
        let offsets = self.sizes.field_offsets(types);
        let entries: Vec<_> = offsets
            .into_iter()
            .enumerate()
            .map(|(at, (offset, ty))| (names.get(at).copied(), Some(*ty), offset.size_wasm32()))
            .collect();
        self.table(kind, size, &entries)
    }

    /// Fewer than 256 cases: one byte says which, and what each carries begins at the same place.
    fn cases(&mut self, kind: &str, ty: &Type, cases: &[(Option<&str>, Option<Type>)]) -> Result<String> {
        let payload = self.sizes.payload_offset(Int::U8, cases.iter().map(|(_, ty)| ty.as_ref())).size_wasm32();
        let entries: Vec<_> = cases.iter().map(|(name, ty)| (*name, *ty, payload)).collect();
        self.table(kind, self.size(ty), &entries)
    }

    fn table(&mut self, kind: &str, size: usize, entries: &[(Option<&str>, Option<Type>, usize)]) -> Result<String> {
        let mut lines = String::new();
        for (name, ty, offset) in entries {
            let name = name.map_or("NULL".to_owned(), |name| format!("\"{}\"", camel(name)));
            let ty = ty.map(|ty| self.of(&ty)).transpose()?.map_or("NULL".to_owned(), |ty| format!("&{ty}"));
            writeln!(lines, "    {{{name}, {ty}, {offset}}},")?;
        }
        let table = format!("TYPE_{}", self.count);
        self.count += 1;
        let count = entries.len();
        if count == 0 {
            writeln!(self.text, "static const contract_type_t {table} = {{{kind}, {size}, 0, NULL}};")?;
        } else {
            writeln!(self.text, "static const contract_entry_t {table}_ENTRIES[] = {{\n{lines}}};")?;
            writeln!(
                self.text,
                "static const contract_type_t {table} = {{{kind}, {size}, {count}, {table}_ENTRIES}};"
            )?;
        }
        Ok(table)
    }
}

/// `pan-length` as JavaScript would call it.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_camels() {
        for (name, expected) in [("sale", "sale"), ("pan-length", "panLength"), ("iso-0", "iso0"), ("age-s", "ageS")] {
            assert_eq!(camel(name), expected);
        }
    }
}
