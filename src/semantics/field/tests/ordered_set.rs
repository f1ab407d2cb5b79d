use std::{cell::Cell, hash::Hash, rc::Rc};

use crate::semantics::field::OrderedSet;

#[test]
fn values_are_distinct_and_in_order_of_insertion() {
    for most in [0, 1, 15, 16, 17, 100] {
        let mut set: OrderedSet<_> = (0..most).chain(0..most).collect();
        assert!(set.iter().copied().eq(0..most));
        assert_eq!(set.as_slice().len(), set.len());
        for value in 0..most {
            assert!(set.contains(&value) && !set.insert(value));
        }
        assert!(!set.contains(&most) && set.insert(most));
        assert_eq!(set, (0..=most).collect());
        assert_ne!(set, (0..=most).rev().chain([most + 1]).collect());
    }
}

/// A value that counts its comparisons.
#[derive(Clone)]
struct Counted(usize, Rc<Cell<usize>>);

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.1.set(self.1.get() + 1);
        self.0 == other.0
    }
}

impl Eq for Counted {}

impl Hash for Counted {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Issue 10, B.2: the union of 10,000 targets took 1.9 s, since each was compared with all
/// others.
#[test]
fn building_a_set_takes_linear_time() {
    let compared = Rc::new(Cell::new(0));
    let values = (0..10_000).map(|at| Counted(at, Rc::clone(&compared)));
    let mut set: OrderedSet<_> = values.clone().collect();
    set.extend(values);
    assert_eq!(set.len(), 10_000);
    assert!(compared.get() < 40_000, "{}", compared.get());
}
