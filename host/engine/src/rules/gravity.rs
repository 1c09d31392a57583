use crate::contract::template::{Message, Node};
use crate::contract::transaction::{FollowUpKind, Gravity, Operation, PaymentKind};

/// What silence after this exchange means, whatever the plugin says: in an operation that moves money, the first
/// exchange does, and so does any whose template holds card data or a scanned code.
pub fn gravity(operation: &Operation, is_first: bool, message: &Message, claimed: Gravity) -> Gravity {
    #[cfg(feature = "sabotage")]
    if crate::sabotage::commits(crate::sabotage::Sin::BelieveGravity) {
        return claimed;
    }
    if moves_money(operation) && (is_first || holds_card_data(message)) { Gravity::MovesMoney } else { claimed }
}

/// Whether this operation moves money: then silence means that nobody knows. A question about a card does not, nor one
/// about an earlier transaction; what is owed is delivered, and may be delivered again.
pub fn moves_money(operation: &Operation) -> bool {
    match operation {
        Operation::Pay(payment) => payment.kind != PaymentKind::Balance,
        Operation::FollowUp(follow_up) => match follow_up.kind {
            FollowUpKind::Void
            | FollowUpKind::Refund
            | FollowUpKind::Complete
            | FollowUpKind::CancelPreauthorization
            | FollowUpKind::CancelCompletion => true,
            FollowUpKind::Reverse | FollowUpKind::Inquire | FollowUpKind::Advise | FollowUpKind::ReportScripts => false,
        },
        Operation::Maintain(_) | Operation::Download(_) | Operation::Settle(_) | Operation::Upload(_) => false,
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
    use crate::contract::transaction::{Maintenance, Payment};
    use crate::contract::types::Amount;

    fn message(nodes: Vec<Node>) -> Message {
        Message { whole: 0, nodes, http: None }
    }

    #[test]
    fn the_plugins_word_counts_only_where_no_money_can_move() {
        let pay = |kind| {
            let amount = Amount { minor: 1, currency: 156, exponent: 2 };
            Operation::Pay(Payment { kind, amount, tip: None, cash: None, card: None })
        };
        let (sale, balance) = (pay(PaymentKind::Sale), pay(PaymentKind::Balance));
        let sign_in = Operation::Maintain(Maintenance::SignIn);
        let bare = message(vec![Node::Literal(vec![1])]);
        let pan = Node::Secret(SecretHole { secret: Secret::Pan, encoding: Encoding::Ascii, of_item: None });
        let card = message(vec![pan]);
        for (operation, first, template, expected) in [
            (&sale, true, &bare, Gravity::MovesMoney),
            (&sale, false, &bare, Gravity::Asks),
            (&sale, false, &card, Gravity::MovesMoney),
            (&balance, true, &card, Gravity::Asks),
            (&sign_in, true, &bare, Gravity::Asks),
        ] {
            assert_eq!(gravity(operation, first, template, Gravity::Asks), expected);
        }
    }
}
