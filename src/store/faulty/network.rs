use crate::store::validators::{
    Grant, LeaseRequest, ValidatorEntry, ValidatorKey, WriteIntent, WriteTarget,
};

/// The network between a store and its callers.
pub(super) struct Network {
    random: SplitMix64,
    late: Vec<StoreMessage>,
    pub(super) injected: u64,
}

/// A call that may arrive again.
#[derive(Clone)]
pub(super) enum StoreMessage {
    Lookup(ValidatorKey, Option<LeaseRequest>),
    Release(ValidatorKey, Grant),
    Fill(ValidatorKey, Grant, ValidatorEntry),
    Begin(WriteIntent),
    End(WriteIntent),
    Invalidate(WriteTarget),
}

#[derive(Clone, Copy)]
pub(super) enum NetworkFault {
    Refusal,
    LostRequest,
    LostAnswer,
    Duplicate,
    LateDuplicate,
    LateRequest,
}

impl NetworkFault {
    pub(super) const ALL: [Self; 6] = [
        Self::Refusal,
        Self::LostRequest,
        Self::LostAnswer,
        Self::Duplicate,
        Self::LateDuplicate,
        Self::LateRequest,
    ];
}

/// A late message arrives before or after a later call with this probability.
const ARRIVAL: f64 = 0.05;

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: SplitMix64(seed),
            late: Vec::new(),
            injected: 0,
        }
    }

    /// Draws the fault of a call. A late one is noted.
    pub(super) fn draw(
        &mut self,
        rates: &[f64; NetworkFault::ALL.len()],
        message: &StoreMessage,
    ) -> Option<NetworkFault> {
        let mut drawn = self.random.fraction();
        let fault = NetworkFault::ALL.into_iter().find(|fault| {
            drawn -= rates[*fault as usize];
            drawn < 0.0
        })?;
        self.injected += 1;
        if matches!(
            fault,
            NetworkFault::LateDuplicate | NetworkFault::LateRequest
        ) {
            self.late.push(message.clone());
        }
        Some(fault)
    }

    /// Returns a late message that arrives now.
    pub(super) fn arrived(&mut self) -> Option<StoreMessage> {
        if self.late.is_empty() || self.random.fraction() >= ARRIVAL {
            return None;
        }
        self.remaining()
    }

    /// Returns any late message.
    pub(super) fn remaining(&mut self) -> Option<StoreMessage> {
        if self.late.is_empty() {
            return None;
        }
        let place = self.random.fraction() * self.late.len() as f64;
        Some(self.late.swap_remove(place as usize))
    }

    pub(super) fn coin(&mut self) -> bool {
        self.random.fraction() < 0.5
    }
}

/// A generator of random numbers, with the same numbers for the same seed.
struct SplitMix64(u64);

impl SplitMix64 {
    /// Returns a number from 0 to less than 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // As many bits as a number of this type has.
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
