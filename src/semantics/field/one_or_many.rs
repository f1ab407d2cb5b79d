//! A list that stores one element without an allocation.

/// A list whose first element is stored inline. Two or more elements are on the heap.
#[derive(Debug, Clone, Default)]
pub(crate) enum OneOrMany<T> {
    #[default]
    None,
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    #[inline]
    pub(crate) fn push(&mut self, element: T) {
        match self {
            Self::None => *self = Self::One(element),
            Self::One(_) | Self::Many(_) => self.push_another(element),
        }
    }

    // Most headers have one line, so growing is kept out of the inlined path.
    #[cold]
    fn push_another(&mut self, element: T) {
        let mut elements = match std::mem::take(self) {
            Self::None => Vec::new(),
            Self::One(first) => vec![first],
            Self::Many(elements) => elements,
        };
        elements.push(element);
        *self = Self::Many(elements);
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(element) => std::slice::from_ref(element),
            Self::Many(elements) => elements,
        }
    }

    pub(crate) fn map<'a, U>(&'a self, each: impl Fn(&'a T) -> U) -> OneOrMany<U> {
        match self {
            Self::None => OneOrMany::None,
            Self::One(element) => OneOrMany::One(each(element)),
            Self::Many(elements) => OneOrMany::Many(elements.iter().map(each).collect()),
        }
    }
}

impl<T> FromIterator<T> for OneOrMany<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut list = Self::None;
        elements.into_iter().for_each(|element| list.push(element));
        list
    }
}

#[cfg(test)]
#[test]
fn elements_stay_in_order() {
    let mut list = OneOrMany::default();
    for end in 0..4 {
        assert_eq!(list.as_slice(), (0..end).collect::<Vec<_>>());
        assert_eq!(
            list.map(|element| element + 1).as_slice(),
            (1..=end).collect::<Vec<_>>()
        );
        list.push(end);
    }
}
