//! The journal: durable before the effect it allows.
