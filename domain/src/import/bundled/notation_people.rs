//! The file of people and places: one line each, fields between bars, empty where unknown.
//!
//! ```text
//! circuit REF | NAME | LOCALITY | COUNTRY | DEGREES NORTH | DEGREES EAST | ALTITUDE m | LENGTH m | TURNS
//! driver REF | GIVEN NAME | FAMILY NAME | CODE | NUMBER | BORN | NATIONALITY
//! constructor REF | NAME | NATIONALITY
//! ```

use std::{fmt::Write as _, str::FromStr};

use super::super::{
    record::{Catalogue, CircuitRecord, ConstructorRecord, DriverRecord},
    source::Problem,
};

const HEADER: &str = "\
# Notation: domain/src/import/bundled/notation_people.rs
# circuit: name, locality, country, degrees north, degrees east, altitude (m), lap (m), turns
# driver: given name, family name, code, permanent number, born, nationality
# constructor: name, nationality
";

/// Reads the file of people and places. Seasons are not part of it.
///
/// # Errors
///
/// Every line that is not understood.
pub fn read_people_and_places(file: &str, text: &str) -> Result<Catalogue, Vec<Problem>> {
    let mut catalogue = Catalogue::default();
    let mut problems = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Err(message) = read_line(&mut catalogue, content) {
            let (file, column) = (file.to_owned(), String::new());
            problems.push(Problem {
                file,
                line,
                column,
                message,
            });
        }
    }
    if problems.is_empty() {
        Ok(catalogue)
    } else {
        Err(problems)
    }
}

fn read_line(catalogue: &mut Catalogue, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let fields: Vec<&str> = rest.split('|').map(str::trim).collect();
    let text = |index: usize| fields[index].to_owned();
    match (word, fields.len()) {
        ("circuit", 9) => catalogue.circuits.push(CircuitRecord {
            reference: text(0),
            name: text(1),
            locality: text(2),
            country: text(3),
            latitude: value(fields[4])?,
            longitude: value(fields[5])?,
            altitude_m: value(fields[6])?,
            length_m: value(fields[7])?,
            turns: value(fields[8])?,
            wikipedia_url: None,
        }),
        ("driver", 7) => catalogue.drivers.push(DriverRecord {
            reference: text(0),
            given_name: text(1),
            family_name: text(2),
            code: value(fields[3])?,
            permanent_number: value(fields[4])?,
            date_of_birth: value(fields[5])?,
            nationality: text(6),
            wikipedia_url: None,
        }),
        ("constructor", 3) => catalogue.constructors.push(ConstructorRecord {
            reference: text(0),
            name: text(1),
            nationality: text(2),
            wikipedia_url: None,
        }),
        ("circuit", _) => return Err("expected 9 fields between bars".to_owned()),
        ("driver", _) => return Err("expected 7 fields between bars".to_owned()),
        ("constructor", _) => return Err("expected 3 fields between bars".to_owned()),
        _ => {
            return Err(format!(
                "expected `circuit`, `driver` or `constructor`, not `{word}`"
            ));
        }
    }
    Ok(())
}

fn value<T: FromStr>(field: &str) -> Result<Option<T>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    field
        .parse()
        .map(Some)
        .map_err(|_| format!("`{field}` is no value for its field"))
}

/// Writes the file of people and places, each kind by ref.
#[must_use]
pub fn write_people_and_places(catalogue: &Catalogue) -> String {
    let mut circuits: Vec<String> = catalogue.circuits.iter().map(circuit_line).collect();
    let mut drivers: Vec<String> = catalogue.drivers.iter().map(driver_line).collect();
    let mut constructors: Vec<String> = catalogue
        .constructors
        .iter()
        .map(|team| {
            format!(
                "constructor {} | {} | {}",
                team.reference, team.name, team.nationality
            )
        })
        .collect();
    let mut text = HEADER.to_owned();
    for lines in [&mut circuits, &mut drivers, &mut constructors] {
        lines.sort();
        writeln!(text, "\n{}", lines.join("\n")).expect("a String takes every text");
    }
    text
}

fn circuit_line(circuit: &CircuitRecord) -> String {
    [
        format!("circuit {}", circuit.reference),
        circuit.name.clone(),
        circuit.locality.clone(),
        circuit.country.clone(),
        shown(circuit.latitude.as_ref()),
        shown(circuit.longitude.as_ref()),
        shown(circuit.altitude_m.as_ref()),
        shown(circuit.length_m.as_ref()),
        shown(circuit.turns.as_ref()),
    ]
    .join(" | ")
}

fn driver_line(driver: &DriverRecord) -> String {
    [
        format!("driver {}", driver.reference),
        driver.given_name.clone(),
        driver.family_name.clone(),
        shown(driver.code.as_ref()),
        shown(driver.permanent_number.as_ref()),
        shown(driver.date_of_birth.as_ref()),
        driver.nationality.clone(),
    ]
    .join(" | ")
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_stay_empty() {
        let text = format!(
            "{HEADER}\ncircuit x | X |  | Nowhere | -1.5 |  | -7 |  | \n\ndriver y | A | Y |  |  |  | \n\n\
             constructor z | Z | \n"
        );
        let catalogue = read_people_and_places("people", &text).expect("readable");
        assert_eq!(catalogue.circuits[0].altitude_m, Some(-7));
        assert_eq!(catalogue.circuits[0].length_m, None);
        assert_eq!(catalogue.drivers[0].code, None);
        assert_eq!(write_people_and_places(&catalogue), text);
    }

    #[test]
    fn a_broken_line_is_named() {
        let problems = read_people_and_places("people", "# x\n\ndriver y | A\ncircus z\n")
            .expect_err("refused");
        let lines: Vec<u64> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [3, 4]);
    }
}
