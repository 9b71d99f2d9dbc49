//! The review page's files, which are part of the program.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use include_dir::{Dir, File, include_dir};
use sha2::{Digest, Sha256};

use super::api::Api;
use super::problem::Problem;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/review/page");

/// The page and its files.
pub fn routes() -> Router<Api> {
    Router::new().route("/", get(index)).route("/page/{*file}", get(file))
}

async fn index(headers: HeaderMap) -> Response {
    answer("index.html", &headers)
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    answer(&path, &headers)
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    // A name is looked up among the files of the program: no path leads out of them.
    let Some(file) = FILES.get_file(path) else {
        return Problem::not_found(format!("the page has no file {path:?}")).into_response();
    };
    let tag = tag_of(file);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    // Another program brings other files: a browser asks each time, and is told when it has them already.
    let common = [(header::CACHE_CONTROL, "no-cache".to_string()), (header::ETAG, tag)];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = HeaderValue::from_static(kind_of(path));
    (common, [(header::CONTENT_TYPE, kind)], file.contents()).into_response()
}

fn tag_of(file: &File<'_>) -> String {
    let digest: String =
        Sha256::digest(file.contents()).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wav") => "audio/wav",
        Some("ico") => "image/x-icon",
        _ => "text/plain; charset=utf-8",
    }
}
