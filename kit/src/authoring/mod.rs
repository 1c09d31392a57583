//! From nothing to a plugin: a template to begin with, and a build into a component and an artefact.

mod build;
mod template;

pub use build::{Build, BuildError, Built};
pub use template::{NewError, PluginName, TEMPLATES, Template};
