//! The name somebody probably meant.

/// Names longer than this are never near misses; the bound keeps hostile input cheap.
const LONGEST: usize = 200;

/// The candidate nearest to `name`, when it is near enough to be a slip of the finger: at most one edit in three characters
/// and not in all of them (Damerau-Levenshtein distance, without regard to case). The earliest of equally near ones.
pub fn nearest<'a, S: AsRef<str> + ?Sized + 'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a S>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .map(AsRef::as_ref)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed && *distance < length)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint that offers [`nearest`], or else lists the first few of what there is.
pub fn did_you_mean<'a, S: AsRef<str> + ?Sized + 'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a S> + Clone,
) -> String {
    if let Some(near) = nearest(name, candidates.clone()) {
        return format!("did you mean {near:?}?");
    }
    let mut all = candidates.into_iter();
    let first: Vec<String> = all.by_ref().take(8).map(|candidate| format!("{:?}", candidate.as_ref())).collect();
    match (first.is_empty(), all.count()) {
        (true, _) => "there are none".to_owned(),
        (false, 0) => format!("there are {}", first.join(", ")),
        (false, more) => format!("there are {} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let names = ["environment", "target", "latentDim"];
        assert_eq!(nearest("enviroment", names), Some("environment"));
        assert_eq!(nearest("tagret", names), Some("target"));
        assert_eq!(nearest("LATENTDIM", names), Some("latentDim"));
        assert_eq!(nearest("seed", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest("x", ["y", "X"]), Some("X"));
    }

    #[test]
    fn without_a_near_name_the_first_few_are_listed() {
        assert_eq!(did_you_mean("q", ["one", "two"]), r#"there are "one", "two""#);
        assert_eq!(did_you_mean::<str>("q", []), "there are none");
        let many: Vec<String> = (0..20).map(|i| format!("gene{i}")).collect();
        assert!(did_you_mean("q", &many).ends_with(r#""gene7" and 12 more"#));
    }
}
