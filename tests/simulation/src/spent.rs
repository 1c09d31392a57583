//! Where the time of a benchmark goes: which room of the house has had how much of it.

use std::time::{Duration, Instant};

/// A room of the house, or what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// The state machines, the rules and the books.
    Engine,
    /// The acquirer's protocol, as native code, with the conversions of its arguments.
    Plugin,
    /// Rendering, proving, scrubbing.
    Vault,
    /// Records encoded, sealed, chained and written to the disk in memory.
    Journal,
    /// What a terminal does when nobody waits: spares, markers, the tree.
    Tending,
    /// The acquirer's end of the line: no part of a terminal.
    Acquirer,
}

/// All of them, in the order of the table.
pub const ROOMS: [Room; 6] = [Room::Engine, Room::Plugin, Room::Vault, Room::Journal, Room::Tending, Room::Acquirer];

/// Time had by each room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    rooms: [Duration; ROOMS.len()],
}

impl Spent {
    /// What a room has had since.
    pub fn add(&mut self, room: Room, since: Instant) {
        self.rooms[room as usize] += since.elapsed();
    }

    /// What a room has had.
    pub fn of(&self, room: Room) -> Duration {
        self.rooms[room as usize]
    }

    /// What each has had since an earlier reading.
    pub fn since(&self, before: &Spent) -> Spent {
        let mut rooms = self.rooms;
        rooms.iter_mut().zip(before.rooms).for_each(|(room, before)| *room = room.saturating_sub(before));
        Spent { rooms }
    }
}
