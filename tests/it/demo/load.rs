//! A hundred leagues at once: how long a season, a correction and a leaderboard take. The times are
//! told; what is asserted of them leaves room for a machine that does other things as well.

use std::time::{Duration, Instant};

use domain::scoring::{Scored, score_leagues};
use entities::league;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::{Options, SEASON, play};
use crate::{scores::disqualify, support::TestApp};

const LEAGUES: usize = 100;

/// How long the leaderboard of each league takes whom nobody has asked for before, in order.
async fn leaderboards(app: &TestApp, leagues: &[league::Model]) -> Vec<Duration> {
    let mut took = Vec::new();
    for league in leagues {
        let query = format!(
            "{{ league(id: \"League:{}\") {{ leaderboard(season: 2024) {{ rank points wins team {{ name }} }} }} }}",
            league.reference
        );
        let asked = Instant::now();
        let told = app.data(&query).await;
        took.push(asked.elapsed());
        let rows = told["league"]["leaderboard"].as_array().unwrap();
        assert_eq!(rows.len(), 10);
    }
    took.sort_unstable();
    took
}

#[tokio::test]
async fn a_hundred_leagues_play_a_season_and_are_scored_again_after_a_disqualification() {
    let app = TestApp::bundled().await;
    let begun = Instant::now();
    let options = Options {
        members: 10,
        leagues: LEAGUES,
        ..SEASON
    };
    let played = play(&app, options).await;
    let season = begun.elapsed();

    // For everybody to see, so that nobody need be logged in.
    let public = league::ActiveModel {
        visibility: Set(league::Visibility::Public),
        ..Default::default()
    };
    let opened = league::Entity::update_many().set(public);
    opened.exec(&app.app.db).await.unwrap();
    let took = leaderboards(&app, &played.leagues).await;
    let (median, p99) = (took[LEAGUES / 2], took[LEAGUES * 99 / 100 - 1]);

    disqualify(&app, "2024_monaco", "leclerc").await;
    let begun = Instant::now();
    let scored = score_leagues(&app.app).await.unwrap();
    let correction = begun.elapsed();
    let Scored { new, again } = scored;
    // Where nobody has drafted the winner, the places of the others have changed.
    assert!(new == 0 && again == LEAGUES, "{scored:?}");
    let once_more = score_leagues(&app.app).await.unwrap();
    assert_eq!(once_more, Scored::default());

    println!(
        "{LEAGUES} leagues: a season {season:.1?}, a leaderboard {median:.1?} (p99 {p99:.1?}), \
         a correction {correction:.1?}"
    );
    assert!(season < Duration::from_mins(2), "{season:?}");
    assert!(median < Duration::from_millis(50), "{median:?}");
    assert!(correction < Duration::from_secs(10), "{correction:?}");
}
