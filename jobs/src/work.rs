//! Sees to it that jobs are done: works out what is due, hands it over, and does what it is handed.
//! Any number of processes may do so on one database.
//!
//! A kill at any point loses nothing. Before a job has a row, the timetable comes to it again; a
//! row that was not handed over is handed over again; what was handed over to a worker that is
//! killed is handed to another one; and what was done but not noted is done twice, which comes to
//! the same as once.

use std::{
    collections::HashSet,
    fmt::Display,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;
use chrono::TimeDelta;
use domain::{
    App, forecast,
    job::{self, Claimed, Delivery, End, Kind, Planned, situation::Situation},
    model, secret,
};
use futures::FutureExt as _;
use tokio::sync::watch;

use crate::{queue::Queue, task::Tasks, timetable};

/// The timetable is looked at so often by the machine's clock, and by `App.clock` where that is
/// faster, but not faster than the database should be asked.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_OF_THE_CLOCK: TimeDelta = TimeDelta::seconds(20);
const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// How often is looked whether the models can be used.
const LOOK_AT_MODELS: Duration = Duration::from_secs(10);

/// The pause after a failure. The name of a worker that was alive a moment ago cannot be taken
/// again at once.
const PAUSE: Duration = Duration::from_secs(6);

/// Does jobs until `stop`, then waits for those under way, for as long as `server.shutdown_seconds`.
/// A database that does not answer is asked again.
pub async fn keep_working(app: App, stop: impl Future<Output = ()> + Send) {
    let (stopping, stopped) = watch::channel(false);
    let name = worker_name();
    let grace = Duration::from_secs(app.config.server.shutdown_seconds);
    let worker = Worker {
        name: name.into(),
        tasks: Arc::new(Tasks::new(app.clone())),
        under_way: Arc::default(),
        app,
    };
    let planning = tokio::spawn(plan(
        worker.app.clone(),
        worker.tasks.clone(),
        stopped.clone(),
    ));
    let working = tokio::spawn(worker.work(stopped));
    stop.await;
    let _ = stopping.send(true);
    let both = async { tokio::join!(planning, working) };
    if tokio::time::timeout(grace, both).await.is_err() {
        tracing::warn!("jobs are under way; they will be done again");
    }
}

/// Until it is said to stop.
async fn stop_of(mut stopped: watch::Receiver<bool>) {
    // The sender is gone with the process.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// `pitwall-7-1f2e3d4c`: no two processes have the same.
fn worker_name() -> String {
    let chance = secret::random::<4>().unwrap_or_default();
    format!("pitwall-{}-{}", std::process::id(), hex::encode(chance))
}

/// Writes down what is due and hands it over, until it is said to stop.
async fn plan(app: App, tasks: Arc<Tasks>, stopped: watch::Receiver<bool>) {
    let mut planner = Planner::default();
    let mut healthy = true;
    while !*stopped.borrow() {
        let looked = planner.look(&app, &tasks).await;
        if let Err(error) = &looked
            && healthy
        {
            tracing::warn!("the timetable could not be kept; trying on: {error:#}");
        }
        healthy = looked.is_ok();
        tokio::select! {
            () = tokio::time::sleep(pause(&app)) => {}
            () = stop_of(stopped.clone()) => {}
        }
    }
}

fn pause(app: &App) -> Duration {
    let fast = LOOK_OF_THE_CLOCK.as_seconds_f64() / app.clock.pace();
    Duration::from_secs_f64(fast).clamp(SHORTEST_LOOK, LOOK)
}

/// Looks at the timetable.
#[derive(Default)]
struct Planner {
    queue: Option<Queue>,
    /// Keys that are in the table for certain, so that they need not be written again and again.
    asked: HashSet<String>,
    planned: Vec<Planned>,
    /// How things stood the last time.
    situation: Option<Situation>,
    models: Option<Models>,
}

/// When the models were last looked at, and at which versions training was asked for: what fails on
/// the same races is not tried on them again.
struct Models {
    looked: Instant,
    asked: Option<(i64, i64)>,
}

impl Planner {
    async fn look(&mut self, app: &App, tasks: &Tasks) -> Result<()> {
        let queue = match &self.queue {
            Some(queue) => queue.clone(),
            None => self.queue.insert(Queue::open(&app.db).await?).clone(),
        };
        let allowed = tasks.allowed();
        let situation = Situation::read(app, self.situation.as_ref()).await?;
        let mut wanted = timetable::due(&situation, allowed);
        let keys: HashSet<String> = wanted.iter().map(job::Wanted::key).collect();
        wanted.retain(|wanted| !self.asked.contains(&wanted.key()));
        let new = job::enqueue(app, &wanted).await?;
        if new > 0 {
            tracing::debug!(jobs = new, "jobs are due");
        }
        self.asked = keys;
        let planned = timetable::next(&situation, allowed);
        if planned != self.planned {
            job::plan(app, &planned).await?;
            self.planned = planned;
        }
        if allowed.train && !situation.importing {
            self.look_at_models(app, &situation).await?;
        }
        for delivery in job::due(app).await? {
            queue.push(delivery).await?;
            job::handed_over(app, delivery).await?;
        }
        self.situation = Some(situation);
        Ok(())
    }

    /// Asks for training when a model is lost though nothing else has changed.
    async fn look_at_models(&mut self, app: &App, situation: &Situation) -> Result<()> {
        let asked = self.models.as_ref().and_then(|models| models.asked);
        if self
            .models
            .as_ref()
            .is_some_and(|models| models.looked.elapsed() < LOOK_AT_MODELS)
        {
            return Ok(());
        }
        let versions = (situation.data, situation.models);
        let trained = situation.ticks.contains_key(&(Kind::Train, None));
        let open = situation.open.contains(&Kind::Train);
        let mut models = Models {
            looked: Instant::now(),
            asked,
        };
        if trained && !open && asked != Some(versions) {
            let known = forecast::known(app).await?;
            if !model::unusable(app, &known).await?.is_empty() {
                job::run(app, Kind::Train, None).await?;
                models.asked = Some(versions);
            }
        }
        self.models = Some(models);
        Ok(())
    }
}

/// Does what it is handed.
#[derive(Clone)]
struct Worker {
    app: App,
    name: Arc<str>,
    tasks: Arc<Tasks>,
    /// Rows that this process is at.
    under_way: Arc<Mutex<HashSet<i32>>>,
}

impl Worker {
    /// Until it is said to stop; begins anew whenever the database has failed.
    async fn work(self, stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            if let Err(error) = self.work_once(stopped.clone()).await {
                tracing::warn!("no jobs can be taken; trying on: {error:#}");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = stop_of(stopped.clone()) => {}
                }
            }
        }
    }

    async fn work_once(&self, stopped: watch::Receiver<bool>) -> Result<()> {
        let queue = Queue::open(&self.app.db).await?;
        let worker = self.clone();
        let perform = move |delivery| {
            let worker = worker.clone();
            async move { worker.perform(delivery).await }.boxed()
        };
        let parallel = self.app.config.jobs.parallel.max(1);
        tokio::select! {
            failed = queue.work(&self.name, parallel, perform) => failed,
            () = stop_of(stopped) => {
                while self.is_at_work() {
                    tokio::time::sleep(SHORTEST_LOOK).await;
                }
                Ok(())
            }
        }
    }

    /// Does one job. A job that comes again while this process is still at it is waited for: its
    /// delivery is only forgotten when it is done.
    ///
    /// A delivery that ends is not handed over again. So whatever is to be written of its job is
    /// written first, however long the database is away: else nobody would have the job, and its
    /// lane would be taken for good.
    async fn perform(&self, delivery: Delivery) -> Result<()> {
        let Some(_under_way) = UnderWay::begin(&self.under_way, delivery.id) else {
            while self.is_under_way(delivery.id) {
                tokio::time::sleep(LOOK).await;
            }
            return Ok(());
        };
        let row = match insist(|| job::claim(&self.app, delivery, &self.name)).await {
            Claimed::Yours(row) => row,
            Claimed::TooLate | Claimed::LaneTaken => return Ok(()),
        };
        let Some(kind) = Kind::named(&row.kind) else {
            // Written by a newer version, which will do it.
            insist(|| job::give_back(&self.app, delivery)).await;
            return Ok(());
        };
        let started = Instant::now();
        let end = self.attempt(kind, row.subject.clone()).await;
        let took = started.elapsed();
        metrics::histogram!("pitwall_job_seconds", "job" => kind.name()).record(took);
        self.note(&row, kind, &end, took).await
    }

    fn is_at_work(&self) -> bool {
        let under_way = self.under_way.lock();
        !under_way.unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn is_under_way(&self, row: i32) -> bool {
        let under_way = self.under_way.lock();
        under_way
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&row)
    }

    /// By itself, so that a panic or a time-out ends this job and nothing else.
    async fn attempt(&self, kind: Kind, subject: Option<String>) -> End {
        let tasks = Arc::clone(&self.tasks);
        let mut task = tokio::spawn(async move { tasks.perform(kind, subject.as_deref()).await });
        match tokio::time::timeout(kind.time_out(), &mut task).await {
            Ok(Ok(end)) => end,
            Ok(Err(stopped)) => End::Again(format!("it broke off: {stopped}")),
            Err(_) => {
                task.abort();
                let minutes = kind.time_out().as_secs() / 60;
                End::Again(format!("it took longer than {minutes} minutes"))
            }
        }
    }

    /// Notes the end.
    async fn note(&self, row: &job::Row, kind: Kind, end: &End, took: Duration) -> Result<()> {
        let (job, seconds) = (row.key.as_str(), took.as_secs_f64());
        let again = insist(|| job::finish(&self.app, row, kind, end)).await;
        let outcome = match end {
            End::Done(note) => {
                tracing::info!(job, seconds, note, "a job was done");
                "done"
            }
            End::Again(error) if again => {
                tracing::warn!(job, seconds, error, "a job failed and is tried again");
                "again"
            }
            End::Again(error) | End::Failed(error) => {
                tracing::error!(job, seconds, error, "a job failed");
                "failed"
            }
        };
        metrics::counter!("pitwall_jobs_total", "job" => kind.name(), "outcome" => outcome)
            .increment(1);
        match end {
            End::Done(_) => Ok(()),
            // So that the queue shows it as failed.
            End::Again(error) | End::Failed(error) => Err(anyhow::anyhow!("{error}")),
        }
    }
}

/// What is written, tried until it is.
async fn insist<T, E: Display, F>(write: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, E>>,
{
    let mut told = false;
    loop {
        match write().await {
            Ok(written) => return written,
            Err(error) if !told => {
                tracing::warn!(%error, "what becomes of a job cannot be written; trying on");
                told = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A row that this process is at, until it is dropped.
struct UnderWay {
    rows: Arc<Mutex<HashSet<i32>>>,
    row: i32,
}

impl UnderWay {
    /// None when it is at it already.
    fn begin(rows: &Arc<Mutex<HashSet<i32>>>, row: i32) -> Option<Self> {
        let mut begun = rows.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert(row).then(|| Self {
            rows: Arc::clone(rows),
            row,
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.remove(&self.row);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_becomes_of_a_job_is_written_however_long_the_database_is_away() {
        let tries = Cell::new(0);
        let written = insist(|| async {
            tries.set(tries.get() + 1);
            if tries.get() < 3 {
                Err("away")
            } else {
                Ok("written")
            }
        });
        assert_eq!((written.await, tries.get()), ("written", 3));
    }
}
