//! What the process says of itself: log lines, traces, figures.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal},
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context as _, Result};
use axum::http::{HeaderMap, StatusCode, request::Parts};
use domain::config::{Config, LogFormat, TracesConfig};
use metrics::Histogram;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{
        SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceState, TracerProvider as _,
    },
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{
    EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Upper ends of the ranges that durations are counted in, seconds.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];
/// How far a live race lags behind its feed, and the ranges for that.
const BEHIND: &str = "pitwall_live_behind_seconds";
const SLOW_BUCKETS: [f64; 10] = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 60.0];

static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
static TRACES: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Sends log lines to standard error and, when a collector is configured, traces to it.
///
/// # Errors
/// When the filter cannot be read or the collector's address is no address.
pub fn start(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let lines = match config.log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let traces = if config.traces.endpoint.is_empty() {
        None
    } else {
        let provider = collector(&config.traces)?;
        let tracer = provider.tracer("pitwall");
        // Set once, by the one call of this function.
        let _ = TRACES.set(provider);
        Some(tracing_opentelemetry::layer().with_tracer(tracer))
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(traces)
        .try_init()
        .context("the log cannot be set up")
}

/// Sends what is still to be sent.
pub fn stop() {
    if let Some(provider) = TRACES.get()
        && let Err(error) = provider.shutdown()
    {
        tracing::warn!(%error, "the last traces could not be sent");
    }
}

fn collector(config: &TracesConfig) -> Result<SdkTracerProvider> {
    let endpoint = format!("{}/v1/traces", config.endpoint.trim_end_matches('/'));
    // The exporter has a client that blocks, which must not be made where tasks run.
    let exporter = std::thread::spawn(move || {
        SpanExporter::builder()
            .with_http()
            .with_endpoint(endpoint)
            .build()
    });
    let exporter = exporter
        .join()
        .map_err(|_| anyhow::anyhow!("the trace exporter could not be made"))?
        .context("traces.endpoint")?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample)));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(
            Resource::builder()
                .with_service_name("pitwall")
                .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                .build(),
        )
        .build())
}

/// Whether requests are traced.
#[must_use]
pub fn exports_traces() -> bool {
    TRACES.get().is_some()
}

/// The span of a request: its log lines carry its id and the id of the trace it belongs to.
/// The trace is that of the caller (`traceparent`, W3C trace context), or a new one.
#[must_use]
pub fn request_span(id: &str, request: &Parts) -> Span {
    let caller = traceparent(&request.headers);
    let span = tracing::info_span!(
        "request",
        id,
        trace_id = tracing::field::Empty,
        method = %request.method,
        path = request.uri.path(),
    );
    if span.is_disabled() {
        return span;
    }
    if exports_traces() {
        if let Some(caller) = caller {
            // Refused only after the span has begun, which it has not.
            let _ = span.set_parent(Context::new().with_remote_span_context(caller));
        }
        let trace_id = span.context().span().span_context().trace_id();
        span.record("trace_id", tracing::field::display(trace_id));
    } else if let Some(caller) = caller {
        span.record("trace_id", tracing::field::display(caller.trace_id()));
    } else {
        span.record("trace_id", tracing::field::display(Digits(id)));
    }
    span
}

/// An id without what is no hexadecimal digit.
struct Digits<'a>(&'a str);

impl std::fmt::Display for Digits<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.0.chars().filter(char::is_ascii_hexdigit);
        digits
            .into_iter()
            .try_for_each(|digit| out.write_char(digit))
    }
}

fn traceparent(headers: &HeaderMap) -> Option<SpanContext> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || version == "ff" || trace.len() != 32 || span.len() != 16 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// Begins to record figures, once in a process; before that they cost nothing.
///
/// # Panics
/// When something else in the process records figures already.
#[must_use]
pub fn record_figures() -> PrometheusHandle {
    let begin = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
            .expect("there are buckets")
            .set_buckets_for_metric(Matcher::Full(BEHIND.to_owned()), &SLOW_BUCKETS)
            .expect("there are buckets")
            .install_recorder()
            .expect("this is the only recorder")
    };
    FIGURES.get_or_init(begin).clone()
}

/// Where a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Graphql,
    Websocket,
    Graphiql,
    Health,
    Other,
}

impl Route {
    const ALL: [(Self, &str); 5] = [
        (Self::Graphql, "graphql"),
        (Self::Websocket, "websocket"),
        (Self::Graphiql, "graphiql"),
        (Self::Health, "health"),
        (Self::Other, "other"),
    ];
}

/// Classes of status codes, by their first digit.
const CLASSES: [&str; 6] = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// How long requests took, by route and status; looked up once, since every request counts.
#[derive(Debug)]
pub struct RequestFigures(Vec<[Histogram; CLASSES.len()]>);

impl Default for RequestFigures {
    fn default() -> Self {
        let of = |route: &'static str| {
            CLASSES.map(|class| {
                metrics::histogram!("pitwall_request_seconds", "route" => route, "status" => class)
            })
        };
        Self(Route::ALL.iter().map(|(_, name)| of(name)).collect())
    }
}

impl RequestFigures {
    /// Counts a request.
    pub fn record(&self, route: Route, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).min(CLASSES.len() - 1);
        self.0[route as usize][class].record(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_of_the_caller_is_taken_over_when_it_is_one() {
        for (text, found) in [
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                true,
            ),
            (
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                false,
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                false,
            ),
            (
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                false,
            ),
            ("nonsense", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", text.parse().unwrap());
            assert_eq!(traceparent(&headers).is_some(), found, "{text}");
        }
    }

    #[test]
    fn routes_are_listed_in_their_order() {
        for (index, (route, _)) in Route::ALL.iter().enumerate() {
            assert_eq!(*route as usize, index);
        }
    }
}
