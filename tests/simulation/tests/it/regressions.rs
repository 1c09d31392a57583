//! Worlds that once broke a law, each with the story of what went wrong.

use acquit_simulation::{Ground, Script, Source, World};

/// Plays a script in which every law must hold.
fn holds(script: &str) {
    let script = Script::parse(script).unwrap();
    let source = Source::listed(&script);
    let ended = World::play(&Ground::native().unwrap(), &script, source, true).unwrap();
    let broken = ended.broken.map(|broken| broken.to_string());
    assert_eq!(broken, None, "{}", ended.timeline.join("\n"));
}

/// What went wrong, in the simulator itself: a terminal whose journal could not be opened was taken for one that is
/// switched off when its plugin was mended, and never came back.
#[test]
fn a_terminal_out_of_service_comes_back_when_its_plugin_is_mended() {
    holds(
        r#"
        world {"seed":123,"terminals":2,"acquirers":3,"latency_ms":20,"timeout_ms":30000,"tombstones":true,"forgets_reversals":false,"sector_bytes":4096,"refused_debts_max":2,"calm_from_ms":200478}
        act {"at_ms":1000,"terminal":1,"acquirer":0,"name":"T1N0","what":{"sale":{"minor":18274,"card":3}}}
        act {"at_ms":12254,"terminal":1,"acquirer":2,"name":"T1N2","what":{"sale":{"minor":5706,"card":3}}}
        act {"at_ms":38598,"terminal":1,"acquirer":1,"name":"T1N4","what":{"break-plugin":{"ms":1000}}}
        strike [{"terminal":1,"about":"T1N0","step":"resume","nth":0},"cut-after"]
        strike [{"terminal":1,"about":"start","step":"close","nth":1},{"sync-fails":false}]
        "#,
    );
}

/// What went wrong: the acquirer had taken the end of an upload and closed the batch; the terminal had not believed the
/// answer. At the next sign-in the acquirer named the next batch, the plugin went on with the upload under that number
/// and was refused for ever, and no payment began any more.
#[test]
fn a_settlement_ends_although_a_sign_in_named_the_next_batch() {
    holds(
        r#"
        world {"seed":1,"terminals":1,"acquirers":1,"latency_ms":20,"timeout_ms":10000,"tombstones":true,"forgets_reversals":false,"sector_bytes":512,"refused_debts_max":10,"segment_bytes":131072,"calm_from_ms":300000}
        act {"at_ms":1000,"terminal":0,"acquirer":0,"name":"A","what":{"sale":{"minor":1234,"card":0}}}
        act {"at_ms":15000,"terminal":0,"acquirer":0,"name":"C","what":{"sale":{"minor":1234,"card":0}}}
        act {"at_ms":22000,"terminal":0,"acquirer":0,"name":"D","what":{"follow":{"kind":"Void","of":"A","minor":null}}}
        act {"at_ms":28000,"terminal":0,"acquirer":0,"name":"X","what":{"miscount":{"fails":false}}}
        act {"at_ms":30000,"terminal":0,"acquirer":0,"name":"E","what":"settle"}
        strike [{"terminal":0,"about":"E","step":"resume","nth":3},"claims-declined"]
        "#,
    );
}

/// What went wrong: a sale was approved offline and delivered by an advice; the tip added to it afterwards was owed under
/// the same name, which was paid already. The cashier read "approved" and the acquirer never heard of the tip.
#[test]
fn a_tip_on_a_delivered_offline_sale_is_not_approved_into_nothing() {
    holds(
        r#"
        world {"seed":189,"terminals":1,"acquirers":2,"latency_ms":2000,"timeout_ms":60000,"tombstones":true,"forgets_reversals":false,"sector_bytes":4096,"refused_debts_max":2,"segment_bytes":131072,"calm_from_ms":873598}
        act {"at_ms":1000,"terminal":0,"acquirer":1,"name":"T0N0","what":{"sale":{"minor":66279,"card":6}}}
        act {"at_ms":6888,"terminal":0,"acquirer":1,"name":"T0N1","what":{"acquirer-down":{"ms":30000,"silent":false}}}
        act {"at_ms":63300,"terminal":0,"acquirer":1,"name":"T0N4","what":{"follow":{"kind":"Advise","of":"T0N0","minor":647}}}
        "#,
    );
}

/// What went wrong, in the simulator itself: a bit had rotted where it did no harm, and later a write failed while the
/// terminal started. It was taken for one that knows its journal to be damaged, and was not to sell any more.
#[test]
fn a_disk_that_fails_once_is_no_damage() {
    holds(
        r#"
        world {"seed":179,"terminals":1,"acquirers":2,"latency_ms":20,"timeout_ms":30000,"tombstones":true,"forgets_reversals":false,"sector_bytes":4096,"refused_debts_max":2,"segment_bytes":131072,"calm_from_ms":2498987}
        act {"at_ms":368135,"terminal":0,"acquirer":1,"name":"T0N3","what":{"follow":{"kind":"Advise","of":"T0N2","minor":61}}}
        act {"at_ms":368609,"terminal":0,"acquirer":0,"name":"T0N4","what":"settle"}
        act {"at_ms":551518,"terminal":0,"acquirer":1,"name":"T0N8","what":{"sale":{"minor":75977,"card":1}}}
        act {"at_ms":611709,"terminal":0,"acquirer":1,"name":"T0N9","what":{"sale":{"minor":52044,"card":6}}}
        strike [{"terminal":0,"about":"start","step":"read","nth":0},{"rots":379}]
        strike [{"terminal":0,"about":"S19e10ec17e1N2","step":"commit","nth":1},{"sync-fails":false}]
        strike [{"terminal":0,"about":"T0N8","step":"commit","nth":1},{"cut-inside":0}]
        strike [{"terminal":0,"about":"start","step":"close","nth":1},{"write-fails":false}]
        "#,
    );
}
