use crate::contract::template::{Message, Node};
use crate::contract::transaction::{Gravity, Operation};

/// What silence after this exchange means, whatever the plugin says: in an operation that moves money, the first
/// exchange does, and so does any whose template holds card data or a scanned code.
pub fn gravity(operation: &Operation, is_first: bool, message: &Message, claimed: Gravity) -> Gravity {
    match operation {
        Operation::Pay(_) | Operation::FollowUp(_) if is_first || holds_card_data(message) => Gravity::MovesMoney,
        _ => claimed,
    }
}

/// Whether any node of the template is filled from a card.
pub fn holds_card_data(message: &Message) -> bool {
    message.nodes.iter().any(|node| {
        matches!(node, Node::Secret(_) | Node::Track(_) | Node::PinBlock(_) | Node::KeySerial(_) | Node::ChipData(_))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::template::{Encoding, Secret, SecretHole};
    use crate::contract::transaction::{Maintenance, Payment, PaymentKind};
    use crate::contract::types::Amount;

    fn message(nodes: Vec<Node>) -> Message {
        Message { whole: 0, nodes, http: None }
    }

    #[test]
    fn the_plugins_word_counts_only_where_no_money_can_move() {
        let sale = Operation::Pay(Payment {
            kind: PaymentKind::Sale,
            amount: Amount { minor: 1, currency: 156, exponent: 2 },
            tip: None,
            cash: None,
            card: None,
        });
        let sign_in = Operation::Maintain(Maintenance::SignIn);
        let bare = message(vec![Node::Literal(vec![1])]);
        let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None });
        let card = message(vec![pan]);
        for (operation, first, template, expected) in [
            (&sale, true, &bare, Gravity::MovesMoney),
            (&sale, false, &bare, Gravity::Asks),
            (&sale, false, &card, Gravity::MovesMoney),
            (&sign_in, true, &bare, Gravity::Asks),
        ] {
            assert_eq!(gravity(operation, first, template, Gravity::Asks), expected);
        }
    }
}
