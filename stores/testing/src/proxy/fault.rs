use std::time::Duration;

/// A fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "no other crate depends on it")]
pub enum Fault {
    /// Closes the connection, and the server never gets the request.
    LoseRequest,
    /// Forwards the request, and closes the connection when the server answers it.
    LoseReply,
    /// Forwards the request twice in a row. The client gets the first reply only.
    Duplicate,
    /// Forwards the request, and a copy of it on another connection after this number of
    /// further requests. The client gets the first reply only.
    ///
    /// The new connection is not authenticated.
    RepeatLater(u64),
    /// Forwards the request after this time, and delays the requests behind it.
    Delay(Duration),
}

impl Fault {
    pub(crate) fn repeats(self) -> bool {
        matches!(self, Self::Duplicate | Self::RepeatLater(_))
    }
}

/// The probability of each fault, from 0 to 1 for each request. Their sum is at most 1.
///
/// One seed gives the same faults for the same order of requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(clippy::exhaustive_structs, reason = "tests name each probability")]
pub struct Faults {
    /// The seed of the choices.
    pub seed: u64,
    /// The probability of [`Fault::LoseRequest`].
    pub lose_request: f64,
    /// The probability of [`Fault::LoseReply`].
    pub lose_reply: f64,
    /// The probability of [`Fault::Duplicate`].
    pub duplicate: f64,
    /// The probability of [`Fault::RepeatLater`], after 1 to 8 further requests.
    pub repeat_later: f64,
    /// The probability of [`Fault::Delay`], of up to [`longest_delay`](Self::longest_delay).
    pub delay: f64,
    /// The longest delay. Defaults to zero.
    pub longest_delay: Duration,
}

impl Faults {
    pub(crate) fn repeat(&self) -> bool {
        self.duplicate > 0.0 || self.repeat_later > 0.0
    }

    pub(crate) fn assert_valid(&self) {
        let all = self.probabilities();
        let are_valid = all.iter().all(|one| (0.0..=1.0).contains(one));
        let sum: f64 = all.iter().sum();
        assert!(are_valid && sum <= 1.0, "no probabilities: {self:?}");
    }

    fn probabilities(&self) -> [f64; 5] {
        [
            self.lose_request,
            self.lose_reply,
            self.duplicate,
            self.repeat_later,
            self.delay,
        ]
    }

    /// Returns the fault of the request with this number.
    pub(crate) fn of(&self, number: u64) -> Option<Fault> {
        let random = mixed(self.seed ^ mixed(number));
        let amount = mixed(random);
        let faults = [
            Fault::LoseRequest,
            Fault::LoseReply,
            Fault::Duplicate,
            Fault::RepeatLater(1 + amount % 8),
            Fault::Delay(self.longest_delay.mul_f64(fraction(amount))),
        ];
        let mut left = fraction(random);
        for (probability, fault) in self.probabilities().into_iter().zip(faults) {
            if left < probability {
                return Some(fault);
            }
            left -= probability;
        }
        None
    }
}

/// Returns the number as a fraction from 0 to 1, without 1.
fn fraction(number: u64) -> f64 {
    // An `f64` has 53 bits.
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

/// One step of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULTS: Faults = Faults {
        seed: 7,
        lose_request: 0.05,
        lose_reply: 0.1,
        duplicate: 0.15,
        repeat_later: 0.2,
        delay: 0.25,
        longest_delay: Duration::from_millis(8),
    };

    #[test]
    fn one_seed_gives_the_same_faults() {
        let faults = |seed| {
            let faults = Faults { seed, ..FAULTS };
            (0..100).map(|number| faults.of(number)).collect::<Vec<_>>()
        };
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
    }

    #[test]
    fn faults_have_their_probabilities() {
        let mut counts = [0_u32; 6];
        for number in 0..100_000 {
            let kind = match FAULTS.of(number) {
                Some(Fault::LoseRequest) => 0,
                Some(Fault::LoseReply) => 1,
                Some(Fault::Duplicate) => 2,
                Some(Fault::RepeatLater(after)) => {
                    assert!((1..=8).contains(&after));
                    3
                }
                Some(Fault::Delay(delay)) => {
                    assert!(delay < FAULTS.longest_delay);
                    4
                }
                None => 5,
            };
            counts[kind] += 1;
        }
        let expected = [5_000, 10_000, 15_000, 20_000, 25_000, 25_000];
        for (count, expected) in counts.into_iter().zip(expected) {
            assert!(count.abs_diff(expected) < 600, "{counts:?}");
        }
    }

    #[test]
    #[should_panic(expected = "no probabilities")]
    fn a_sum_above_one_is_refused() {
        let faults = Faults {
            lose_reply: 0.9,
            ..FAULTS
        };
        faults.assert_valid();
    }
}
