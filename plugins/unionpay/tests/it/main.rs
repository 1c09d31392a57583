//! The plugin as the terminal sees it, called natively.

mod advice;
mod answers;
mod closing;
mod codes;
mod day;
mod descriptor;
mod frames;
mod inspector;
mod maintenance;
mod matrix;
mod messages;
mod partial;
mod plastic;
mod policy;
mod reversal;
mod sale;
mod scan;
mod show;
mod sign_in;
mod support;
mod till;
mod totals;
mod tracks;
