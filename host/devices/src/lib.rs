//! Card reader, PIN entry, printer and display: traits and a virtual set.
