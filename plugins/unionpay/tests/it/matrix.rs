//! The transaction matrix, for a reviewer to hold beside the specification.

use std::fmt::Write;

use acquit_plugin_unionpay::matrix::MATRIX;

#[test]
fn the_matrix_of_transactions() {
    let mut table = format!("{:<24}{:<10}{:<8}{:<6}{:<6}{:<6}doubt\n", "", "MTI", "DE3", "DE25", "60.1", "60.3");
    for row in MATRIX {
        let name = format!("{:?}", row.kind);
        let types = format!("{:04X}/{:04X}", row.request, row.request + 0x10);
        let shown = |text: &'static str| if text.is_empty() { "-" } else { text };
        let (processing, condition) = (shown(row.processing), shown(row.condition));
        let (message_type, network) = (shown(row.message_type), shown(row.network_code));
        writeln!(
            table,
            "{name:<24}{types:<10}{processing:<8}{condition:<6}{message_type:<6}{network:<6}{:?}",
            row.doubt
        )
        .expect("a string");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_kind_has_its_row() {
    for (index, row) in MATRIX.iter().enumerate() {
        assert_eq!(row.kind as usize, index + 1, "{:?} stands where its number says", row.kind);
        assert_eq!(row.kind.row(), row);
    }
}
