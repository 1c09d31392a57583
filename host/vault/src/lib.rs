//! Card data, keys and PIN blocks; renders templates into bytes.
