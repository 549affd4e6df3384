//! Every instrument of the index, in the text format of Prometheus. The doc comment of a field is
//! its help text.
//!
//! Knows nothing of what is measured; the owners of the figures set them.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Labels of a request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route's pattern, never the path as it was asked for.
    pub route: &'static str,
    /// Status of the answer.
    pub status: u16,
}

/// Labels of a command that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CommandLabels {
    /// Name of the command.
    pub kind: &'static str,
    /// `ok` or the slug of the refusal.
    pub outcome: &'static str,
}

/// Labels of a thing that was refused or cut, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabels {
    /// A word from a small closed set.
    pub reason: &'static str,
}

macro_rules! instruments {
    ($(#[doc = $help:literal] $name:ident: $type:ty = $made:expr,)*) => {
        /// The instruments; one set an index.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            $(#[doc = $help] pub $name: $type,)*
        }

        impl Metrics {
            /// All instruments at zero, registered under `peerdex_index_`.
            pub fn new() -> Arc<Self> {
                let mut registry = Registry::with_prefix("peerdex_index");
                $(
                    let $name: $type = $made;
                    let help = $help.trim().trim_end_matches('.');
                    registry.register(stringify!($name), help, $name.clone());
                )*
                Arc::new(Self { registry, $($name,)* })
            }
        }
    };
}

instruments! {
    /// Commands decided, by kind and outcome.
    commands: Family<CommandLabels, Counter> = Family::default(),
    /// Commands waiting for the sequencer.
    queue_depth: Gauge = Gauge::default(),
    /// Commands refused because the queue of the sequencer was full.
    queue_refused: Counter = Counter::default(),
    /// File changes that wait for the sequencer or are being carried out.
    changes_waiting: Gauge = Gauge::default(),
    /// Times that file changes found no room and their sender was held up.
    changes_held_up: Counter = Counter::default(),
    /// File changes refused because no room came in time.
    changes_refused: Counter = Counter::default(),
    /// Commands taken as one batch.
    batch_commands: Histogram = Histogram::new(exponential_buckets(1.0, 4.0, 8)),
    /// Seconds until a batch was durable.
    commit_seconds: Histogram = Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
    /// Records made durable.
    records_journalled: Counter = Counter::default(),
    /// Bytes of records made durable.
    record_bytes_journalled: Counter = Counter::default(),
    /// Appends and compactions that the journal refused.
    journal_failures: Counter = Counter::default(),
    /// Snapshots written in place of the records before them.
    compactions: Counter = Counter::default(),
    /// Damaged journals that were written anew, by whether all that was acknowledged is there.
    journals_damaged: Family<ReasonLabels, Counter> = Family::default(),
    /// Records that were acknowledged and are known to be lost with a damaged journal.
    records_lost: Counter = Counter::default(),
    /// Known peers.
    peers: Gauge = Gauge::default(),
    /// Peers within their heartbeat deadline.
    peers_online: Gauge = Gauge::default(),
    /// Complete records of all known peers.
    files: Gauge = Gauge::default(),
    /// Bytes of all complete records.
    file_bytes: Gauge = Gauge::default(),
    /// Segments that a search visits.
    segments: Gauge = Gauge::default(),
    /// Redirects given.
    downloads: Counter = Counter::default(),
    /// Heartbeats taken.
    heartbeats: Counter = Counter::default(),
    /// Looks for peers that were silent for too long.
    sweeps: Counter = Counter::default(),
    /// Times that the process stood still and deadlines were put off.
    standstills: Counter = Counter::default(),
    /// Events published to the feed.
    events_published: Counter = Counter::default(),
    /// Requests answered, by route and status.
    requests: Family<RequestLabels, Counter> = Family::default(),
    /// Seconds from the head of a request to the head of its answer.
    request_seconds: Histogram = Histogram::new(exponential_buckets(0.000_1, 2.5, 13)),
    /// Seconds a search took inside the index.
    search_seconds: Histogram = Histogram::new(exponential_buckets(0.000_05, 2.5, 12)),
    /// Seconds from the first byte of a batch of files to its answer, all of it durable.
    ingest_seconds: Histogram = Histogram::new(exponential_buckets(0.001, 2.5, 13)),
    /// Lines of batches, by what became of them.
    ingest_lines: Family<ReasonLabels, Counter> = Family::default(),
    /// Bytes of request bodies, as they were read.
    request_bytes: Counter = Counter::default(),
    /// Bytes of answer bodies.
    response_bytes: Counter = Counter::default(),
    /// Open connections.
    connections: Gauge = Gauge::default(),
    /// Connections taken.
    connections_accepted: Counter = Counter::default(),
    /// Connections refused or cut, by reason.
    connections_rejected: Family<ReasonLabels, Counter> = Family::default(),
    /// Open sockets of the feed.
    ws_readers: Gauge = Gauge::default(),
    /// Sockets of the feed that were opened.
    ws_opened: Counter = Counter::default(),
    /// Seconds from a change until the socket of a reader had taken it; one reader in sixteen tells.
    fan_out_seconds: Histogram = Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
    /// Readers told to read the lists anew.
    ws_resyncs: Counter = Counter::default(),
    /// Readers cut off because they did not read.
    ws_evicted: Counter = Counter::default(),
}

impl Metrics {
    /// All figures in the text format of Prometheus.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            // Writing to a String cannot fail; a broken instrument must not take the page down.
            tracing::warn!(%error, "an instrument could not be shown");
        }
        text
    }

    /// Counts an answered request.
    pub fn count_request(&self, route: &'static str, status: u16) {
        let labels = RequestLabels { route, status };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts a decided command.
    pub fn count_command(&self, kind: &'static str, outcome: &'static str) {
        let labels = CommandLabels { kind, outcome };
        self.commands.get_or_create(&labels).inc();
    }

    /// Counts lines of a batch.
    pub fn count_lines(&self, outcome: &'static str, count: u64) {
        let labels = ReasonLabels { reason: outcome };
        self.ingest_lines.get_or_create(&labels).inc_by(count);
    }

    /// Counts a damaged journal that was written anew.
    pub fn count_damaged_journal(&self, outcome: &'static str) {
        let labels = ReasonLabels { reason: outcome };
        self.journals_damaged.get_or_create(&labels).inc();
    }

    /// Counts a refused or cut connection.
    pub fn count_rejected(&self, reason: &'static str) {
        let labels = ReasonLabels { reason };
        self.connections_rejected.get_or_create(&labels).inc();
    }
}

/// Sets a gauge to an unsigned figure, cut at the largest that it can show.
pub fn set_gauge(gauge: &Gauge, figure: u64) {
    gauge.set(i64::try_from(figure).unwrap_or(i64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instrument_is_shown_with_its_doc_comment_as_help() {
        let metrics = Metrics::new();
        metrics.count_request("/api/v1/stats", 200);
        metrics.count_request("/api/v1/stats", 200);
        metrics.count_command("register", "ok");
        set_gauge(&metrics.file_bytes, u64::MAX);
        let text = metrics.encode();
        for line in [
            "# HELP peerdex_index_requests Requests answered, by route and status.",
            "peerdex_index_requests_total{route=\"/api/v1/stats\",status=\"200\"} 2",
            "peerdex_index_commands_total{kind=\"register\",outcome=\"ok\"} 1",
            "peerdex_index_file_bytes 9223372036854775807",
            "# TYPE peerdex_index_commit_seconds histogram",
        ] {
            assert!(text.contains(line), "no line {line:?} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
