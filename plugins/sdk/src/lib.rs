//! What plugin authors use: bindings, ISO 8583, templates.
