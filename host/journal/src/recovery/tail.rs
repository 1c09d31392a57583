//! What lies behind the last whole group of a segment: nothing, an append that was cut short, or damage.

use crate::format::sector::{Sector, SectorHeader, aligned, sectors_for};
use crate::format::{BLOCK_BYTES, MAX_GROUP_BYTES, SECTOR_BYTES};

/// Whether all that is left is what a cut leaves of the one group that was next: sectors of it in their places, sectors
/// torn on the way, sectors never written. Nobody was told of that group, because the sync that comes before the
/// telling finishes every sector.
///
/// A finished sector that has changed is not torn. And a sector that speaks of a later sequence was only ever written
/// after this group was synced: it is the witness that the group had been promised. `heed_witness` is always true but
/// for the mutation that shows why.
pub(crate) fn is_torn_append(bytes: &[u8], expected: u64, heed_witness: bool) -> bool {
    let mut group: Option<SectorHeader> = None;
    let (mut written, mut last_torn) = (0_usize, None);
    for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
        match Sector::read(sector) {
            Sector::Unwritten => {}
            Sector::Torn => last_torn = Some(index),
            Sector::Broken => return false,
            Sector::Written(header, _) => {
                if header.sequence > expected && !heed_witness {
                    continue;
                }
                let whole = *group.get_or_insert(SectorHeader { index: 0, ..header });
                let in_place = usize::from(header.index) == index && SectorHeader { index: 0, ..header } == whole;
                if !in_place || header.sequence != expected {
                    return false;
                }
                written += 1;
            }
        }
    }
    let most = group.map_or(sectors_for(MAX_GROUP_BYTES), |group| usize::from(group.sectors));
    // A device with larger sectors may tear one beyond the group's own end.
    let within = aligned(most * SECTOR_BYTES, BLOCK_BYTES) / SECTOR_BYTES;
    written < most && last_torn.is_none_or(|index| index < within)
}
