//! Text search that forgives accents and case.

/// Words folded to plain lower-case letters, joined by spaces: `Kimi Räikkönen` becomes
/// `kimi raikkonen`.
#[must_use]
pub fn folded(words: &[&str]) -> String {
    let joined = words.join(" ");
    let plain = deunicode::deunicode(&joined).to_lowercase();
    // Control characters part words like spaces: a database may end a text at one.
    let space = |letter: char| letter.is_whitespace() || letter.is_control();
    let words = plain.split(space).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A folded `LIKE` pattern that finds the text anywhere; wildcards in it are plain
/// characters, escaped by a backslash.
#[must_use]
pub fn anywhere(text: &str) -> String {
    let escaped = folded(&[text])
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_are_folded() {
        assert_eq!(folded(&["Kimi", "Räikkönen"]), "kimi raikkonen");
        assert_eq!(
            folded(&["Autódromo José Carlos Pace"]),
            "autodromo jose carlos pace"
        );
        assert_eq!(folded(&["Sergio", "Pérez"]), "sergio perez");
    }

    #[test]
    fn wildcards_are_plain_characters() {
        assert_eq!(anywhere("100%_a\\"), "%100\\%\\_a\\\\%");
    }
}
