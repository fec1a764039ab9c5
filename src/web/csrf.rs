//! Cross-site requests that would change something are refused without tokens in forms: browsers
//! say where a request comes from (`Sec-Fetch-Site`, else `Origin`), and bearer clients are not
//! browsers. The algorithm is that of Go 1.25's `http.CrossOriginProtection`, with the configured
//! public URL in place of the `Host` header, which an attacker's name server can choose.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::app::App;
use crate::error::AppError;

/// Why a request was let through or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    CrossSite,
}

/// Decides from method and headers alone.
#[must_use]
pub fn judge(method: &Method, headers: &HeaderMap, public_url: &Url) -> Verdict {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Verdict::Pass;
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|v: &http::HeaderValue| v.to_str().ok())
    };
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => return Verdict::Pass,
        Some(_) => return Verdict::CrossSite,
        None => {}
    }
    match headers.get(header::ORIGIN) {
        // Neither header: not a browser of this decade, so no ambient cookie to abuse.
        None => Verdict::Pass,
        Some(origin) if origin.to_str().is_ok_and(|o| is_ours(o, public_url)) => Verdict::Pass,
        Some(_) => Verdict::CrossSite,
    }
}

/// Whether an `Origin` is exactly the configured one: scheme, host and port.
#[must_use]
pub fn is_ours(origin: &str, public_url: &Url) -> bool {
    Url::parse(origin).is_ok_and(|o| {
        matches!(o.origin(), url::Origin::Tuple(..)) && o.origin() == public_url.origin()
    })
}

pub async fn refuse_cross_site(State(app): State<App>, request: Request, next: Next) -> Response {
    match judge(
        request.method(),
        request.headers(),
        &app.settings.public_url,
    ) {
        Verdict::Pass => next.run(request).await,
        Verdict::CrossSite => AppError::forbidden("error-cross-site").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(headers: &[(&'static str, &'static str)]) -> Verdict {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let url = Url::parse("https://slipway.example").unwrap();
        judge(&Method::POST, &map, &url)
    }

    #[test]
    fn only_our_own_pages_and_non_browsers_may_change_something() {
        let pass = [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://slipway.example")],
            &[("origin", "https://slipway.example:443")],
        ];
        for headers in pass {
            assert_eq!(verdict(headers), Verdict::Pass, "{headers:?}");
        }
        let refused = [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://slipway.example"),
            ],
            &[("origin", "null")],
            &[("origin", "https://slipway.example.evil")],
            &[("origin", "https://slipway.example:8443")],
            &[("origin", "http://slipway.example")],
        ];
        for headers in refused {
            assert_eq!(verdict(headers), Verdict::CrossSite, "{headers:?}");
        }
    }
}
