//! Races that change while forecasts are said of them.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn while_races_change_again_and_again_it_is_waited_until_they_do_not() {
    let app = server(FRIDAY).await;
    let friday = public(&app, FRIDAY).await;
    let importing = {
        let other = beside(&friday).await;
        tokio::spawn(async move {
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(800) {
                change_what_is_known(&other).await;
            }
        })
    };
    // Something has changed already.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let said = publish(&friday).await;
    importing.await.unwrap();
    assert!(said > 0);
    assert_eq!(words(&friday).await.len(), said);
    publish(&friday).await;
    assert_eq!(publish(&friday).await, 0, "it rests on the last change");
}
