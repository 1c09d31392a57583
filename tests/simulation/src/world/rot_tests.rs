//! A bit of the disk changes while the terminal is off: it stops, or it has lost nothing.

use super::{Ground, World};
use crate::script::Script;
use crate::source::Source;

/// Bits, spread over everything that is written.
const BITS: u32 = 120;

/// Two sales, the plug is pulled, a bit changes, and somebody wants to sell again.
const DAY: &str = r#"
world {"seed":7,"terminals":1,"acquirers":1,"latency_ms":20,"timeout_ms":10000,"tombstones":true,"forgets_reversals":false,"sector_bytes":512,"refused_debts_max":10,"calm_from_ms":300000}
act {"at_ms":1000,"terminal":0,"acquirer":0,"name":"A","what":{"sale":{"minor":1234,"card":0}}}
act {"at_ms":20000,"terminal":0,"acquirer":0,"name":"B","what":{"sale":{"minor":4321,"card":1}}}
act {"at_ms":60000,"terminal":0,"acquirer":0,"name":"U","what":{"unplug":{"ms":1000}}}
act {"at_ms":90000,"terminal":0,"acquirer":0,"name":"C","what":{"sale":{"minor":99,"card":0}}}
"#;

#[test]
fn a_rotten_bit_stops_the_sales_or_costs_nothing() {
    let ground = Ground::native().unwrap();
    let (mut stopped, mut harmless) = (0, 0);
    for bit in 0..BITS {
        let strike = format!(r#"strike [{{"terminal":0,"about":"start","step":"read","nth":1}},{{"rots":{bit}}}]"#);
        let script = Script::parse(&format!("{DAY}{strike}\n")).unwrap();
        let source = Source::listed(&script);
        let ended = World::play(&ground, &script, source, true).unwrap();
        let timeline = ended.timeline.join("\n");
        assert!(ended.broken.is_none(), "bit {bit}: {:?}\n{timeline}", ended.broken);
        assert_eq!(ended.figures.faults.get("bit rot"), Some(&1), "bit {bit}");
        let is_said = timeline.contains("no sales: ") || timeline.contains("out of service: ");
        *if is_said { &mut stopped } else { &mut harmless } += 1;
    }
    assert!(stopped > 10 && harmless > 10, "{stopped} were found and {harmless} did no harm");
}
