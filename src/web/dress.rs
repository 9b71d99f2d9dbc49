//! What every answer wears: headers that keep browsers from doing with it what nobody asked for; and an answer where a
//! handler has none.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::peer::Peer;
use super::problem::Problem;

/// What a page may load: our own files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; media-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), bluetooth=(), payment=(), midi=()",
    ),
];

/// For a year: a browser that has seen TLS here asks for nothing else.
const ONLY_TLS: &str = "max-age=31536000";

/// Answers, also where a handler panics, with the headers of every answer.
pub async fn dressed(request: Request, next: Next) -> Response {
    let is_tls = request.extensions().get::<Peer>().is_some_and(|peer| peer.tls);
    let path = request.uri().path().to_string();
    let mut response = caught(next.run(request), &path).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
    // Only the page's own files say otherwise: nothing of a patient stays in a browser's cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A handler that panics is a mistake of ours: who asks learns that, the log more, and the daemon goes on.
async fn caught(answering: impl Future<Output = Response>, path: &str) -> Response {
    let mut answering = pin!(answering);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(cx))) {
        Ok(Poll::Ready(response)) => Poll::Ready(response),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => {
            let error = format!("answering {path} panicked: {}", words(panic.as_ref()));
            Poll::Ready(Problem::internal(&error).into_response())
        }
    })
    .await
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let words = panic.downcast_ref::<&str>().copied();
    words.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}
