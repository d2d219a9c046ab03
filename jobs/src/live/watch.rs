//! One round of asking for news and of hearing what is pushed, and the end of a race.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    App,
    error::Error,
    import::source::Problem,
    live::{self, Race, record::Record},
};
use serde_json::Value;

use super::{
    agenda::{Agenda, Collection, NEWS, Phase},
    memory::{Memory, flag},
};
use crate::upstream::{
    client::UpstreamError,
    openf1::{
        OpenF1,
        matching::Weekend,
        page::{Page, read_each},
        payload::{
            Interval, Lap, Pit, Position, RaceControl, Session, SessionResult, Stint, Weather,
        },
        push::News,
        translate::{Course, Told, classification, is_whole, translate},
    },
};

/// Cars may move so long before the start: to the grid, and around it.
const FORMATION: TimeDelta = TimeDelta::minutes(2);

/// The last car is home so long after the first.
const ALL_HOME: TimeDelta = TimeDelta::minutes(4);

/// So long is waited for an order after the flag to become whole, and for what was heard last.
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// Pause after a refusal: the next would be one too. OpenF1 may ask for an account while cars run.
const REFUSED: TimeDelta = TimeDelta::minutes(5);

/// The longest pause between two rounds: meanwhile the race may be called off.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Complaints about one race; more would say the same.
const MOST_COMPLAINTS: usize = 100;

/// Follows one race.
pub(super) struct Watch<'a> {
    app: &'a App,
    upstream: &'a OpenF1,
    race: Race,
    session: Session,
    course: Course,
    agenda: Agenda,
    memory: Memory,
    flag: Option<DateTime<Utc>>,
    /// Since when there is an order after the flag.
    result_since: Option<DateTime<Utc>>,
    /// Whether OpenF1 has failed the last time.
    away: bool,
    /// Complaints that were made; each is made once.
    complaints: BTreeSet<String>,
}

/// What was heard and is not stored yet.
#[derive(Default)]
struct Heard {
    records: Vec<Record>,
    /// Collections that came whole.
    whole: Vec<Collection>,
    result: Vec<SessionResult>,
    /// Something did not come at all.
    failed: bool,
}

impl<'a> Watch<'a> {
    /// Follows a race of which that much is known.
    pub(super) fn new(
        app: &'a App,
        upstream: &'a OpenF1,
        race: Race,
        weekend: &Weekend,
        facts: Vec<Record>,
    ) -> Self {
        let session = weekend.race.clone();
        for what in &weekend.unmatched {
            tracing::info!(race = race.reference, what, "a session is not matched");
        }
        let mut watch = Self {
            app,
            upstream,
            race,
            course: Course::new(&session),
            session,
            agenda: Agenda::default(),
            memory: Memory::default(),
            flag: flag(&facts),
            result_since: None,
            away: false,
            complaints: BTreeSet::new(),
        };
        watch.course.remember(&facts);
        watch.agenda.heard(&facts);
        watch.memory.remember(facts);
        watch
    }

    /// How long until something is due.
    pub(super) fn pause(&self) -> TimeDelta {
        let now = self.app.clock.waiting_time();
        let next = self.agenda.next(self.phase(now));
        (next - now).clamp(TimeDelta::zero(), LONGEST_PAUSE)
    }

    /// Takes in what was pushed, asks for what is due and takes in what comes; says whether the race
    /// is classified now.
    ///
    /// # Errors
    /// When the database fails; what was heard is asked for again.
    pub(super) async fn round(&mut self, pushed: Vec<News>) -> Result<bool, Error> {
        if let Err(error) = self.listen(pushed).await {
            self.agenda.ask_anew();
            return Err(error);
        }
        let begun = self.app.clock.waiting_time();
        for collection in self.agenda.due(self.phase(begun), begun) {
            let now = self.app.clock.waiting_time();
            if self.agenda.rests(now) {
                break;
            }
            // What one has told need not wait for the turns of the others.
            let heard = self.hear(&[collection], false, now).await;
            let result = heard.result.clone();
            self.take_in(heard, now).await?;
            if !result.is_empty() {
                return self.end(&result, now).await;
            }
        }
        Ok(false)
    }

    /// Takes in what was pushed.
    async fn listen(&mut self, pushed: Vec<News>) -> Result<(), Error> {
        let mut records: BTreeMap<Collection, Vec<Value>> = BTreeMap::new();
        for news in pushed {
            match news {
                News::Opened => self.agenda.is_pushed(true),
                News::Lost => self.agenda.is_pushed(false),
                News::Told(message) => {
                    let mut known = Collection::all();
                    let collection = known.find(|known| known.name() == message.collection);
                    // All sessions come by the same way.
                    let session = message.record.get("session_key").and_then(Value::as_i64);
                    if let Some(collection) = collection
                        && session == Some(self.session.session_key)
                    {
                        records.entry(collection).or_default().push(message.record);
                    }
                }
            }
        }
        let now = self.app.clock.waiting_time();
        let mut heard = Heard::default();
        for (collection, records) in records {
            let records = self.read(collection, records);
            heard.records.extend(records);
        }
        self.take_in(heard, now).await.map(drop)
    }

    /// What pushed records of a collection say. The order after the flag comes car by car: that is a
    /// sign to ask for all of it.
    fn read(&mut self, collection: Collection, records: Vec<Value>) -> Vec<Record> {
        match collection {
            Collection::RaceControl => self.say::<RaceControl>(&read_each(records)),
            Collection::Position => self.say::<Position>(&read_each(records)),
            Collection::Intervals => self.say::<Interval>(&read_each(records)),
            Collection::Stints => self.say::<Stint>(&read_each(records)),
            Collection::Pit => self.say::<Pit>(&read_each(records)),
            Collection::Weather => self.say::<Weather>(&read_each(records)),
            Collection::Laps => self.say_laps(&read_each(records)),
            Collection::SessionResult => {
                self.agenda.hurry(collection);
                Vec::new()
            }
        }
    }

    /// Takes in the order after the flag, once it is whole or has been waited for, and all that was
    /// said before it.
    async fn end(&mut self, result: &[SessionResult], now: DateTime<Utc>) -> Result<bool, Error> {
        let since = *self.result_since.get_or_insert(now);
        let waited = now - since >= GRACE;
        if !is_whole(result, &self.course) && !waited {
            self.complain("the order after the flag is not whole yet".to_owned());
            return Ok(false);
        }
        let mut last = self.hear(&NEWS, true, now).await;
        if last.failed && !waited {
            self.take_in(last, now).await?;
            return Ok(false);
        }
        let at = self.app.clock.waiting_time();
        let at = DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
        last.records.extend(classification(result, at));
        self.take_in(last, now).await
    }

    /// Asks for everything once more, when the order after the flag is known from elsewhere.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn hear_the_rest(&mut self) -> Result<(), Error> {
        let now = self.app.clock.waiting_time();
        let heard = self.hear(&NEWS, true, now).await;
        self.take_in(heard, now).await.map(drop)
    }

    fn phase(&self, now: DateTime<Utc>) -> Phase {
        match self.flag {
            Some(flag) if now - flag >= ALL_HOME => Phase::After,
            _ if now < self.session.date_start - FORMATION => Phase::Before,
            _ if now < self.session.date_end => Phase::Running,
            _ => Phase::Overdue,
        }
    }

    /// Asks for some collections one after the other.
    async fn hear(&mut self, collections: &[Collection], all: bool, now: DateTime<Utc>) -> Heard {
        let mut heard = Heard::default();
        for collection in collections {
            match self.ask(*collection, all, now, &mut heard).await {
                Ok(()) => self.answered(),
                Err(error) => {
                    heard.failed = true;
                    if !self.goes_on(&error) {
                        break;
                    }
                }
            }
        }
        heard
    }

    async fn ask(
        &mut self,
        collection: Collection,
        all: bool,
        now: DateTime<Utc>,
        heard: &mut Heard,
    ) -> Result<(), UpstreamError> {
        let mut filters = vec![format!("session_key={}", self.session.session_key)];
        let news = self.agenda.ask(collection, all, now);
        let whole = news.is_none();
        filters.extend(news);
        let records = match collection {
            Collection::RaceControl => self.told::<RaceControl>(&filters).await?,
            Collection::Position => self.told::<Position>(&filters).await?,
            Collection::Intervals => self.told::<Interval>(&filters).await?,
            Collection::Stints => self.told::<Stint>(&filters).await?,
            Collection::Pit => self.told::<Pit>(&filters).await?,
            Collection::Weather => self.told::<Weather>(&filters).await?,
            Collection::Laps => {
                let page = self.upstream.ask::<Lap>(&filters).await?;
                self.say_laps(&page)
            }
            Collection::SessionResult => {
                let page = self.upstream.ask::<SessionResult>(&filters).await?;
                self.report(&page.problems);
                heard.result = page.rows;
                Vec::new()
            }
        };
        heard.records.extend(records);
        if whole {
            heard.whole.push(collection);
        }
        Ok(())
    }

    async fn told<T: Told>(&mut self, filters: &[String]) -> Result<Vec<Record>, UpstreamError> {
        let page = self.upstream.ask::<T>(filters).await?;
        Ok(self.say(&page))
    }

    /// Stints, among others, are told of by laps.
    fn say_laps(&mut self, page: &Page<Lap>) -> Vec<Record> {
        self.course.learn(&page.rows);
        self.say(page)
    }

    fn say<T: Told>(&mut self, page: &Page<T>) -> Vec<Record> {
        let (records, problems) = translate(page, &self.course);
        self.report(&problems);
        records
    }

    /// Stores what was heard, all at once; says whether the race is classified now.
    async fn take_in(&mut self, heard: Heard, now: DateTime<Utc>) -> Result<bool, Error> {
        let news = self.memory.news(heard.records);
        let mut finished = false;
        let mut refused = 0;
        if !news.is_empty() {
            let ingested = live::ingest(self.app, &self.race, news.clone()).await?;
            (finished, refused) = (ingested.finished, ingested.refused);
        }
        self.agenda.swept(&heard.whole, now);
        self.agenda.heard(&news);
        self.flag = self.flag.max(flag(&news));
        if refused > 0 {
            // They may be entered later: what is said of them is to be told then.
            self.complain("some is said of cars that nobody has entered".to_owned());
        } else {
            self.memory.remember(news);
        }
        Ok(finished)
    }

    fn answered(&mut self) {
        if self.away {
            tracing::info!(race = self.race.reference, "OpenF1 answers again");
        }
        self.away = false;
    }

    /// Whether others may be asked for after a failure.
    fn goes_on(&mut self, error: &UpstreamError) -> bool {
        let now = self.app.clock.waiting_time();
        if !self.away {
            tracing::warn!(race = self.race.reference, %error, "OpenF1 does not answer");
        }
        self.away = true;
        match error {
            UpstreamError::LeftAlone { until, .. } | UpstreamError::ComeAgain { until, .. } => {
                self.agenda.pause_until(*until);
                false
            }
            UpstreamError::Refused { .. } => {
                self.agenda.pause_until(now + REFUSED);
                false
            }
            _ => true,
        }
    }

    fn report(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.complain(format!("a record cannot be used: {problem}"));
        }
    }

    /// Says what is wrong, once.
    fn complain(&mut self, what: String) {
        if self.complaints.len() < MOST_COMPLAINTS && !self.complaints.contains(&what) {
            tracing::warn!(race = self.race.reference, what, "following a race");
            self.complaints.insert(what);
        }
    }
}
