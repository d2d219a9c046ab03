//! The board that comes with the queue: what apalis itself knows of deliveries and workers, as pages
//! on a listener of their own, for administrators alone. Jobs, their times and what became of them
//! are told in full by `jobs` of the schema; here is seen how the queue fares.
//!
//! A browser shows its own form for the token (HTTP Basic, whatever the user name) and sends it with
//! all that the pages load. Nothing can be changed here.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use apalis_board_api::{
    framework::{ApiBuilder, RegisterRoute},
    ui::ServeUI,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{App, auth, job::Delivery};
use futures::{Stream, stream};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::queue::{QUEUE, Queue, postgres, sqlite};

/// A wrong token is answered so late, to so many at a time; others are turned away.
const GUESS: Duration = Duration::from_secs(1);
const GUESSES: usize = 4;

const ASK: &str =
    "Basic realm=\"Pitwall board: the administrator's token as password\", charset=\"UTF-8\"";

/// Listens where the board is to be served, if anywhere.
///
/// # Errors
/// When that is impossible, or nobody could see it; the sentence says what to do.
pub async fn listen(app: &App) -> Result<Option<TcpListener>> {
    let address = &app.config.jobs.board;
    if address.is_empty() {
        return Ok(None);
    }
    ensure!(
        !app.config.auth.admin_token.is_empty(),
        "the board of jobs is for administrators: set PITWALL__AUTH__ADMIN_TOKEN, or leave \
         PITWALL__JOBS__BOARD empty"
    );
    let listener = match address.parse::<SocketAddr>() {
        Ok(address) => TcpListener::bind(address)
            .await
            .map_err(anyhow::Error::from),
        Err(error) => Err(error.into()),
    };
    let listener = listener.map_err(|error| {
        anyhow!("cannot serve the board of jobs on {address:?}: {error}; set PITWALL__JOBS__BOARD")
    })?;
    Ok(Some(listener))
}

/// Serves the board for as long as it is polled.
///
/// # Errors
/// When the queue cannot be opened or the listener fails.
pub async fn serve(app: App, listener: TcpListener) -> Result<()> {
    let answers = match Queue::open(&app.db).await? {
        Queue::Sqlite(pool) => answers(sqlite(&pool)),
        Queue::Postgres(pool) => answers(postgres(&pool)),
    };
    let guard = Guard {
        app,
        guesses: Arc::new(Semaphore::new(GUESSES)),
        policy: policy()?,
    };
    let router = Router::new()
        .route("/api/v1/events", get(events))
        .nest("/api/v1", answers)
        .fallback(page)
        .layer(middleware::from_fn_with_state(guard, admit));
    axum::serve(listener, router).await?;
    Ok(())
}

/// What the pages ask for.
fn answers<S>(storage: S) -> Router
where
    ApiBuilder<Router>: RegisterRoute<S, Delivery>,
{
    ApiBuilder::new(Router::new())
        .register(QUEUE, storage)
        .build()
}

/// The library would send log lines. Without a stream, though, its pages say that the system is ill:
/// so they have one in which nothing happens.
async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::pending()).keep_alive(KeepAlive::default())
}

/// A page, or what it loads.
async fn page(address: Uri) -> Response {
    let Some(file) = ServeUI::get_file(address.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let name = file.path().to_string_lossy();
    let kind = [(header::CONTENT_TYPE, ServeUI::content_type(&name))];
    (kind, file.contents().to_vec()).into_response()
}

#[derive(Clone)]
struct Guard {
    app: App,
    guesses: Arc<Semaphore>,
    policy: HeaderValue,
}

async fn admit(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = if !is_administrator(&guard.app, &request) {
        refuse(&guard.guesses, authorization(&request).is_some()).await
    } else if matches!(*request.method(), Method::GET | Method::HEAD) {
        next.run(request).await
    } else {
        // The library lets deliveries be put in, which are none of any job.
        StatusCode::METHOD_NOT_ALLOWED.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, guard.policy);
    let never = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, never);
    response
}

fn is_administrator(app: &App, request: &Request) -> bool {
    let Some(header) = authorization(request) else {
        return false;
    };
    if let Some(token) = header.strip_prefix("Bearer ") {
        return auth::is_administrator(app, token);
    }
    let pair = header.strip_prefix("Basic ");
    let pair = pair.and_then(|pair| STANDARD.decode(pair.trim()).ok());
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
    let token = pair.as_deref().and_then(|pair| pair.split_once(':'));
    token.is_some_and(|(_, token)| auth::is_administrator(app, token))
}

fn authorization(request: &Request) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION)?.to_str().ok()
}

/// Who says nothing is asked at once; who guesses waits.
async fn refuse(guesses: &Semaphore, tried: bool) -> Response {
    if tried {
        let Ok(_guess) = guesses.try_acquire() else {
            return StatusCode::TOO_MANY_REQUESTS.into_response();
        };
        tokio::time::sleep(GUESS).await;
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, ASK)]).into_response()
}

/// What the pages may load: nothing from elsewhere. Their program is WebAssembly, begun by a script
/// in the page, and writes styles.
fn policy() -> Result<HeaderValue> {
    let script = script().context("the board's page is not the one that is known here")?;
    let digest = STANDARD.encode(Sha256::digest(script));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{digest}'; style-src \
         'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    Ok(policy.parse()?)
}

/// The script in the page.
fn script() -> Option<&'static str> {
    let index = ServeUI::get_file("index.html")?.contents_utf8()?;
    let (_, rest) = index.split_once("<script type=\"module\">")?;
    let (script, _) = rest.split_once("</script>")?;
    Some(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_script_in_the_page_is_the_one_that_begins_the_program() {
        let index = ServeUI::get_file("index.html").unwrap();
        let index = index.contents_utf8().unwrap();
        assert_eq!(index.matches("<script").count(), 1);
        assert!(script().unwrap().contains("await init("));
    }
}
