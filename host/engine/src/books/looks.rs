//! How many transactions and debts were looked at in walks over the books: counted in tests, where an operation must look
//! at no more of them in a shop with a long day and many debts than in a new one.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static LOOKS: Cell<u64> = const { Cell::new(0) };
}

/// One more was looked at.
pub(super) fn one() {
    #[cfg(test)]
    LOOKS.set(LOOKS.get() + 1);
}

/// All that this thread has looked at.
#[cfg(test)]
pub(crate) fn looks() -> u64 {
    LOOKS.get()
}
