//! A forecast of a past race knows nothing of what came after.

use serde_json::Value;

use crate::support::{Setup, TestApp, json::items};

const KNOWLEDGE: &str = "engine { id } trainedOn trainedThrough { ref }
    entries { driver { ref } constructor { ref } contributions { feature value } retirementProbability
      expectedPosition winProbability { value } }";

#[tokio::test]
async fn a_forecast_of_the_past_knows_nothing_of_the_future() {
    let full = TestApp::bundled().await;
    let then = TestApp::start(Setup {
        now: "2024-05-26T10:00:00Z".parse().unwrap(),
        bundled: true,
        ..Setup::default()
    })
    .await;
    for (race, stage) in [
        ("2023_monaco", "POST_QUALIFYING"),
        ("2021_abu_dhabi", "PRE_WEEKEND"),
        ("2024_emilia_romagna", "POST_QUALIFYING"),
        // Not yet run on that day, but then with the same cars.
        ("2024_monaco", "PRE_WEEKEND"),
    ] {
        let query = format!(
            r#"{{ race(ref: "{race}") {{ forecasts(stage: {stage}) {{ {KNOWLEDGE} }} }} }}"#
        );
        let mut later = full.data(&query).await["race"]["forecasts"].take();
        let mut before = then.data(&query).await["race"]["forecasts"].take();
        assert!(!items(&before).is_empty());
        for forecasts in [&mut later, &mut before] {
            for forecast in forecasts.as_array_mut().unwrap() {
                forecast["entries"]
                    .as_array_mut()
                    .unwrap()
                    .sort_by_key(|entry| entry["driver"]["ref"].to_string());
            }
        }
        assert_alike(&before, &later, race);
    }
}

/// Equal; what rests on draws only nearly, since these depend on the ids in the database.
fn assert_alike(a: &Value, b: &Value, at: &str) {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => {
            let nearly = [("/expectedPosition", 0.2), ("/winProbability/value", 0.02)];
            let drawn = nearly.iter().find(|(field, _)| at.ends_with(field));
            let allowed = drawn.map_or(1e-9, |(_, allowed)| *allowed);
            assert!((number(a) - number(b)).abs() < allowed, "{at}: {a} and {b}");
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{at}");
            for (place, (a, b)) in left.iter().zip(right).enumerate() {
                assert_alike(a, b, &format!("{at}/{place}"));
            }
        }
        (Value::Object(left), Value::Object(right)) => {
            assert!(left.keys().eq(right.keys()), "{at}");
            for (key, a) in left {
                assert_alike(a, &right[key], &format!("{at}/{key}"));
            }
        }
        _ => assert_eq!(a, b, "{at}"),
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}
