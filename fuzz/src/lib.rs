//! What the fuzz targets check of one input. Here rather than in the targets, so that seeds and found inputs are replayed
//! by a plain test.

pub mod answer;
pub mod chip_data;
pub mod evidence;
pub mod json;
pub mod key_block;
pub mod message;
pub mod segment;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use journal::Health;

    use super::segment::{RECORDS, read};

    /// Runs a check over every committed seed.
    fn replay(target: &str, check: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let seeds: Vec<_> = names.filter(|path| path.to_string_lossy().contains("/seed-")).collect();
        assert!(!seeds.is_empty());
        seeds.iter().for_each(|seed| check(&fs::read(seed).unwrap()));
    }

    #[test]
    fn seeds_of_segments_hold() {
        replay("segment", super::segment::check);
    }

    /// Seeds that the reader turns away at the door would lead nowhere.
    #[test]
    fn seeds_of_segments_are_whole_journals() {
        let records = RECORDS.len();
        let seeds: [(&[u8], usize); 5] = [
            (include_bytes!("../corpus/segment/seed-one"), records),
            (include_bytes!("../corpus/segment/seed-aes"), records),
            (include_bytes!("../corpus/segment/seed-rotated"), 2 * records),
            (include_bytes!("../corpus/segment/seed-torn"), records - 1),
            (include_bytes!("../corpus/segment/seed-version-1"), 3),
        ];
        for (seed, entries) in seeds {
            let reading = read(seed).unwrap();
            assert_eq!((reading.health, reading.entries.len()), (Health::Whole, entries));
        }
    }

    #[test]
    fn seeds_of_evidence_hold() {
        replay("evidence", super::evidence::check);
    }

    /// The one of version C holds a base key, which no terminal takes.
    #[test]
    fn seeds_of_key_blocks_hold_and_are_taken() {
        replay("key_block", super::key_block::check);
        let taken = super::key_block::seeds().into_iter().filter(|(_, seed)| super::key_block::is_taken(seed));
        let taken: Vec<_> = taken.map(|(name, _)| name).collect();
        assert_eq!(taken, ["version-a", "version-b", "version-d", "initial"]);
    }

    #[test]
    fn seeds_of_chip_data_hold_and_are_read() {
        replay("chip_data", super::chip_data::check);
        replay("chip_data", |seed| assert!(super::chip_data::is_read(seed)));
    }

    #[test]
    fn seeds_of_answers_hold_and_are_answers() {
        replay("answer", super::answer::check);
        replay("answer", |seed| assert!(super::answer::is_answer(seed)));
    }

    #[test]
    fn seeds_of_json_hold_and_are_objects() {
        replay("json", super::json::check);
        replay("json", |seed| assert!(super::json::is_object(seed)));
    }

    #[test]
    fn seeds_of_messages_hold_and_are_messages() {
        replay("iso8583", super::message::check);
        replay("iso8583", |seed| assert!(super::message::is_message(seed)));
    }
}
