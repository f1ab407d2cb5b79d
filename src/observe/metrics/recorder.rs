//! The recorder that makes the handles.

use ::metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};

use super::definition::{self, Definition, MetricKind};

static METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The recorder of the process, or one of its own.
pub(super) enum MetricsRecorder {
    Installed,
    Own(Box<dyn Recorder + Send + Sync>),
}

impl MetricsRecorder {
    fn with<T>(&self, run: impl FnOnce(&dyn Recorder) -> T) -> T {
        match self {
            Self::Installed => ::metrics::with_recorder(run),
            Self::Own(recorder) => run(recorder),
        }
    }

    /// Describes all metrics.
    pub(super) fn describe(&self) {
        self.with(|recorder| {
            for metric in definition::ALL {
                let (name, unit, help) =
                    (metric.name.into(), Some(metric.unit), metric.help.into());
                match metric.kind {
                    MetricKind::Counter => recorder.describe_counter(name, unit, help),
                    MetricKind::Gauge => recorder.describe_gauge(name, unit, help),
                    MetricKind::Histogram => recorder.describe_histogram(name, unit, help),
                }
            }
        });
    }

    pub(super) fn counter<const N: usize>(
        &self,
        metric: &Definition,
        values: [&str; N],
    ) -> Counter {
        let key = key(metric, values);
        self.with(|recorder| recorder.register_counter(&key, &METADATA))
    }

    pub(super) fn gauge<const N: usize>(&self, metric: &Definition, values: [&str; N]) -> Gauge {
        let key = key(metric, values);
        self.with(|recorder| recorder.register_gauge(&key, &METADATA))
    }

    pub(super) fn histogram(&self, metric: &Definition) -> Histogram {
        let key = key(metric, []);
        self.with(|recorder| recorder.register_histogram(&key, &METADATA))
    }

    /// Returns a counter for each value of the only label.
    pub(super) fn counters(&self, metric: &Definition, values: &[&str]) -> Box<[Counter]> {
        let counter = |value: &&str| self.counter(metric, [value]);
        values.iter().map(counter).collect()
    }
}

fn key<const N: usize>(metric: &Definition, values: [&str; N]) -> Key {
    debug_assert_eq!(metric.labels.len(), N, "{}", metric.name);
    let labels = metric.labels.iter().zip(values);
    let labels: Vec<_> = labels
        .map(|(name, value)| Label::new(*name, value.to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}
