//! The contract as Rust types, generated from `wit/`.
//!
//! The one place of this crate where generated `unsafe` code is allowed: it passes lists and strings over the
//! component boundary. Plugins use the [`prelude`](crate::prelude), never this module.
#![allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "acquirer-plugin",
    pub_export_macro: true,
    export_macro_name: "export_components",
    default_bindings_module: "acquit_plugin_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});
