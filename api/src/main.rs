//! The `pitwall` binary: the only place that knows both requests and jobs.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Instant,
};

use anyhow::Result;
use api::{
    cli::{Check, Cli, Command, Demos, Outcome, ProgressBars, SyncArguments, Users},
    telemetry,
};
use clap::Parser;
use domain::{
    App,
    config::{Config, DEFAULTS},
    database,
};
use jobs::sync::{Options, Progress};
use tokio::{net::TcpListener, task::JoinSet};

/// An answer is thousands of small, short-lived allocations: that of glibc spends a quarter of
/// a large query on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let outcome = runtime.block_on(run(cli));
    telemetry::stop();
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(error) => failed(&error),
    }
}

async fn run(cli: Cli) -> Result<Outcome> {
    match &cli.command {
        Command::Schema => {
            say(api::graphql::sdl().trim_end())?;
            return Ok(Outcome::Done);
        }
        Command::Config => {
            say(DEFAULTS.trim_end())?;
            return Ok(Outcome::Done);
        }
        _ => {}
    }
    let config = Config::load(cli.config.as_deref())?;
    telemetry::start(&config)?;
    match cli.command {
        Command::Serve => serve(App::start(config).await?).await,
        Command::Work => {
            let app = App::start(config).await?;
            let board = jobs::board::listen(&app).await?;
            say("working by the timetable; stop with Ctrl-C")?;
            work(app, board, stop_signal()).await;
            Ok(Outcome::Done)
        }
        Command::Import(arguments) => {
            let mut config = config;
            // An import writes one thing at a time; on one connection every statement is
            // prepared once.
            config.database.max_connections = 1;
            api::cli::import(&App::start(config).await?, &arguments).await
        }
        Command::Sync(arguments) => sync(&App::start(config).await?, &arguments).await,
        Command::Migrate => migrate(&config).await,
        Command::Forecast(arguments) => {
            api::cli::forecast(&App::start(config).await?, &arguments).await
        }
        Command::Train(arguments) => api::cli::train(&App::start(config).await?, &arguments).await,
        Command::Models(arguments) => {
            api::cli::models(&App::start(config).await?, &arguments).await
        }
        Command::Promote(arguments) => {
            api::cli::promote(&App::start(config).await?, &arguments).await
        }
        Command::Rollback(arguments) => {
            api::cli::rollback(&App::start(config).await?, &arguments).await
        }
        Command::Backtest(arguments) => {
            api::cli::backtest(&App::start(config).await?, &arguments).await
        }
        Command::Features(arguments) => {
            api::cli::features(&App::start(config).await?, &arguments).await
        }
        Command::User(arguments) => {
            let app = App::start(config).await?;
            match arguments.what {
                Users::Create(arguments) => api::cli::create_user(&app, &arguments).await,
                Users::List(arguments) => api::cli::list_users(&app, &arguments).await,
            }
        }
        Command::Demo(arguments) => match arguments.what {
            Demos::League(arguments) => {
                api::cli::demo_league(&App::start(config).await?, &arguments).await
            }
        },
        Command::Check(arguments) => match arguments.what {
            Check::Standings(arguments) => {
                api::cli::check_standings(&App::start(config).await?, &arguments).await
            }
        },
        Command::Schema | Command::Config => Ok(Outcome::Done),
    }
}

async fn migrate(config: &Config) -> Result<Outcome> {
    let db = database::connect(&config.database).await?;
    let applied = database::migrate(&db, &config.database).await?;
    say(&format!("{applied} migrations applied"))?;
    Ok(Outcome::Done)
}

async fn sync(app: &App, arguments: &SyncArguments) -> Result<Outcome> {
    let started = Instant::now();
    let mut bars = ProgressBars::new();
    let options = Options {
        laps: arguments.laps,
    };
    let seasons = arguments.seasons(&app.clock);
    let synced = jobs::sync::sync(app, seasons, options, |progress| match progress {
        Progress::Season { year } => bars.begin(format!("{year}, reading")),
        Progress::Import(progress) => bars.show(progress),
    });
    let synced = synced.await;
    bars.finish();
    let synced = synced?;
    let took = started.elapsed();
    api::cli::report_sync(&synced.summary, synced.requests, took, arguments.format)
}

async fn serve(app: App) -> Result<Outcome> {
    if app.config.data.bundled {
        load_bundled(&app).await?;
    }
    let (stopping, stopped) = tokio::sync::watch::channel(());
    let board = jobs::board::listen(&app).await?;
    let work = app.config.jobs.enabled.then(|| {
        let stop = async move {
            // Also when the sender is dropped, which ends a server that failed.
            let mut stopped = stopped;
            let _ = stopped.changed().await;
        };
        tokio::spawn(work(app.clone(), board, stop))
    });
    let graphiql = app.config.graphiql();
    let listening = move |address| {
        // Nothing can be done when nobody reads it; the server runs all the same.
        drop(announce(address, graphiql));
    };
    let stop = async move {
        stop_signal().await;
        // While requests are answered to the end.
        let _ = stopping.send(());
    };
    api::http::serve(app, listening, stop).await?;
    if let Some(work) = work {
        work.await?;
    }
    Ok(Outcome::Done)
}

async fn load_bundled(app: &App) -> Result<()> {
    let started = Instant::now();
    let mut bars = ProgressBars::new();
    let summary = jobs::bundled::load(app, |progress| bars.show(progress)).await?;
    bars.finish();
    if summary.changed > 0 {
        say(&format!(
            "loaded {} races of the bundled seasons in {:.1} s",
            summary.changed,
            started.elapsed().as_secs_f64()
        ))?;
    }
    Ok(())
}

/// Does what is to be done by the clock, and shows it on the board, until `stop`.
async fn work(
    app: App,
    board: Option<TcpListener>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let mut beside = JoinSet::new();
    beside.spawn(jobs::webhook::keep_delivering(app.clone()));
    if let Some(board) = board {
        let showing = jobs::board::serve(app.clone(), board);
        beside.spawn(async {
            if let Err(error) = showing.await {
                tracing::error!("the board of jobs is no longer served: {error:#}");
            }
        });
    }
    jobs::work::keep_working(app, stop).await;
    beside.shutdown().await;
}

fn announce(address: SocketAddr, graphiql: bool) -> io::Result<()> {
    say(&format!("GraphQL   http://{address}/graphql"))?;
    if graphiql {
        say(&format!("GraphiQL  http://{address}/graphiql"))?;
    }
    Ok(())
}

/// Ends when the process is asked to stop.
async fn stop_signal() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be heard");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "SIGTERM cannot be heard");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Without anybody to tell, the exit code must do.
    drop(writeln!(io::stderr().lock(), "pitwall: {error:#}"));
    ExitCode::FAILURE
}
