//! Which latents the data identify, as far as it shows without truth.
//!
//! The theory asks that every mechanism changes between environments as a whole (condition (iv)) and more than linearly, and that
//! environments are many and differ (condition (iii)). A latent passes when nothing speaks against it and an effect of it was
//! there to look at: a part that the mixing absorbed shows at the effects alone.

use super::solved::{ABSORBED, APART, EVIDENCE, NONLINEAR, UNCHANGED, UNMIXED};
use disentangle_data::prepare::Warning;
use disentangle_engine::method::State;
use disentangle_engine::results::{Assumption, Fact, Identification, Status};
use disentangle_numerics::shift::Kind;

/// Likelihood ratio of the environments, by degree of freedom, below which they are alike.
pub(super) const ALIKE: f64 = 2.0;
/// A mechanism of which more than this share is the same in all environments hardly shifts: on true latents, mechanisms that are the
/// same reach 0.97 and more, those that shift 0.35 at most where 50 environments are seen.
const UNCHANGED_SHARE: f64 = 0.5;
/// Nats by which other axes in the plane of two latents have to explain the rows worse. Small worlds on seeds 11 to 18: where all
/// holds, 1 of 16 lies below; where noise hardly shifts, 11 of 14 lost ones do.
const TOLD_APART: f64 = 10.0;

/// The numbers that decide on one latent; those that are not defined are not numbers.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Share of its mechanism that is the same in all environments; none without parents.
    unchanged: f64,
    /// Evidence that its mechanism is more than linear, nats; none without parents.
    nonlinear: f64,
    /// Evidence below which it is linear; between this and 0 it is open.
    line: f64,
    /// Evidence that an effect depends on a sum of it and `with`, nats; none without effects.
    absorbed: f64,
    with: usize,
    effect: usize,
    /// Whether the graph says that it is the later one of both.
    later: bool,
    /// By how much other axes in the plane of it and `beside` explain the rows worse, nats; none where it depends on no latent.
    apart: f64,
    beside: usize,
}

impl Seen {
    fn of(state: &State, latent: usize) -> Option<Self> {
        let at = |name: &str, row: usize| state.solved.get(name).map(|table| table[(row, latent)]);
        Some(Self {
            unchanged: at(UNCHANGED, 0)?,
            nonlinear: at(NONLINEAR, 0)?,
            line: at(NONLINEAR, 1)?,
            absorbed: at(ABSORBED, 0)?,
            with: at(ABSORBED, 1)? as usize,
            effect: at(ABSORBED, 2)? as usize,
            later: at(ABSORBED, 3)? > 0.0,
            apart: at(APART, 0).unwrap_or(f64::NAN),
            beside: at(APART, 1).unwrap_or(0.0) as usize,
        })
    }

    fn facts(&self, name: &str) -> [Fact; 4] {
        let fact =
            |id: &str, what: &str, value: f64| Fact::new(&format!("{id}-{name}"), &format!("{name}: {what}"), value);
        [
            fact("unchanged", "share of its mechanism that is the same in all environments", self.unchanged),
            fact("nonlinear", "evidence that its mechanism is more than linear, nats", self.nonlinear),
            fact("absorbed", "evidence that the mixing absorbed a part of it, nats", self.absorbed),
            fact(
                "apart",
                "how much worse other axes in a plane with another latent explain the rows, nats",
                self.apart,
            ),
        ]
    }

    fn is_linear(&self) -> bool {
        self.nonlinear < self.line
    }

    /// The verdict on its own mechanism and effects.
    fn verdict(&self, names: &[String]) -> (Status, String) {
        if self.unchanged > UNCHANGED_SHARE {
            let share = self.unchanged;
            return (
                Status::Violated,
                format!("{share:.2} of its mechanism is the same in all environments (limit {UNCHANGED_SHARE})"),
            );
        }
        if self.is_linear() {
            return (Status::Violated, format!("its mechanism is linear, by {:.0} nats", -self.nonlinear));
        }
        if self.absorbed > 0.0 {
            let (effect, with) = (&names[self.effect], &names[self.with]);
            let which = if self.later { "it".to_owned() } else { format!("it or {with}") };
            let finding = format!(
                "{effect} depends on a sum of it and {with}, by {:.0} nats: {which} has lost a part that is the same in all \
                 environments",
                self.absorbed
            );
            return (Status::Violated, finding);
        }
        let mut shown = Vec::new();
        if self.unchanged.is_finite() {
            shown.push(format!("{:.2} of its mechanism is the same in all environments", self.unchanged));
        }
        if self.apart.is_finite() {
            let beside = &names[self.beside];
            let way = if self.apart < 0.0 { "better" } else { "worse" };
            shown.push(format!("sums of it and {beside} explain the rows {way}, by {:.0} nats", self.apart.abs()));
        }
        if self.nonlinear.is_finite() {
            shown.push(format!("more than linear by {:.0} nats", self.nonlinear));
        }
        if self.nonlinear < 0.0 {
            let open = format!("whether its mechanism is more than linear is open ({:.0} nats)", self.nonlinear);
            return (Status::Unknown, open);
        }
        if self.absorbed.is_nan() {
            shown.push("no latent depends on it: a part that the mixing absorbed would not show".into());
            return (Status::Unknown, shown.join("; "));
        }
        shown.push(match self.absorbed.is_finite() {
            true => format!("no effect sees a sum of it and another latent ({:.0} nats)", self.absorbed),
            false => "all others follow from it: there is nothing that it could have absorbed".into(),
        });
        (Status::Ok, shown.join("; "))
    }
}

/// What a fit says of its latents.
#[derive(Debug, Default)]
pub(super) struct Identified {
    pub of: Vec<Identification>,
    pub assumptions: Vec<Assumption>,
    pub warnings: Vec<Warning>,
    pub facts: Vec<Fact>,
}

/// Latent by latent.
pub(super) fn identified(kind: Kind, environments: usize, state: &State, names: &[String]) -> Identified {
    let k = names.len();
    let likelihood_ratio = state.solved.get(UNMIXED).map_or(f64::NAN, |unmixed| unmixed[(0, 2)]);
    let seen: Vec<Option<Seen>> = (0..k).map(|i| Seen::of(state, i)).collect();
    let leads = |i: usize, j: usize| state.solved.get(EVIDENCE).is_some_and(|evidence| evidence[(i, j)] > 0.0);
    let edge = |i: usize| (0..k).any(|j| leads(i, j) || leads(j, i));
    let verdict = |i: usize| -> (Status, String) {
        if likelihood_ratio < ALIKE {
            return (Status::Violated, "the environments do not differ, and nothing else identifies latents".into());
        }
        if environments <= 2 * k {
            let least = 2 * k + 1;
            return (
                Status::Unknown,
                format!("{environments} environments for {k} latents, the theory needs at least {least}"),
            );
        }
        match seen[i] {
            None => (Status::Unknown, "the fit ended before its graph".into()),
            Some(_) if kind == Kind::None && edge(i) => {
                (Status::Violated, "it depends on other latents, which mechanisms \"none\" excludes".into())
            }
            Some(_) if kind == Kind::None => (Status::Unknown, "mechanisms \"none\" has no mechanism to check".into()),
            Some(own) => {
                let effects: Vec<usize> = (0..k).filter(|&j| leads(i, j)).collect();
                let linear = |&j: &usize| seen[j].is_some_and(|seen| seen.is_linear());
                match own.verdict(names) {
                    (status, _) if status != Status::Violated && !effects.is_empty() && effects.iter().all(linear) => {
                        (Status::Violated, "all that depends on it is linear in it".into())
                    }
                    verdict => verdict,
                }
            }
        }
    };
    let of: Vec<Identification> = (0..k)
        .map(|i| {
            let (status, finding) = verdict(i);
            Identification { latent: names[i].clone(), status, finding }
        })
        .collect();
    let facts = seen.iter().zip(names).flat_map(|(seen, name)| seen.map(|seen| seen.facts(name))).flatten().collect();
    let assumptions = [Some(told(&of)), told_apart(&seen, names)].into_iter().flatten().collect();
    Identified { assumptions, warnings: warnings(&of), of, facts }
}

/// The latents with this verdict, each with its reason.
fn with_reasons(of: &[Identification], status: Status) -> Option<String> {
    let list: Vec<String> =
        of.iter().filter(|i| i.status == status).map(|i| format!("{} ({})", i.latent, i.finding)).collect();
    (!list.is_empty()).then(|| list.join(", "))
}

fn told(of: &[Identification]) -> Assumption {
    let (named, open) = (with_reasons(of, Status::Violated), with_reasons(of, Status::Unknown));
    let status = match (&named, &open) {
        (Some(_), _) => Status::Warning,
        (None, Some(_)) => Status::Unknown,
        (None, None) => Status::Ok,
    };
    let parts = [
        named.map(|list| format!("Not identified: {list}.")),
        open.map(|list| format!("Not checked: {list}.")),
        with_reasons(of, Status::Ok).map(|list| format!("Nothing speaks against: {list}.")),
    ];
    Assumption {
        id: "whole-shift".into(),
        question: "Does every mechanism shift as a whole, and more than linearly?".into(),
        status,
        finding: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
    }
}

/// What decides for the latents that are told apart worst.
fn told_apart(seen: &[Option<Seen>], names: &[String]) -> Option<Assumption> {
    if seen.is_empty() || seen.iter().any(Option::is_none) {
        return None;
    }
    let planes = seen.iter().flatten().zip(names).filter(|(seen, _)| seen.apart.is_finite());
    let worst = planes.min_by(|(a, _), (b, _)| a.apart.total_cmp(&b.apart));
    let (status, finding) = match worst {
        None => {
            (Status::Ok, "No latent depends on another one in its environment: noise variances tell them apart.".into())
        }
        Some((seen, name)) => {
            let beside = &names[seen.beside];
            let gap = seen.apart;
            let status = if gap < TOLD_APART { Status::Violated } else { Status::Ok };
            let end = match status {
                Status::Ok => "",
                _ => {
                    " The latents may be sums of the causes: the noise shifts too little, or the mechanisms hardly bend."
                }
            };
            let way = if gap < 0.0 { "better" } else { "worse" };
            let finding = format!(
                "Sums of {name} and {beside} in their place explain the rows {way} by {:.0} nats (at least {TOLD_APART} worse is asked for).{end}",
                gap.abs()
            );
            (status, finding)
        }
    };
    let question = "Do mechanisms tell the latents from sums of them?".into();
    Some(Assumption { id: "apart".into(), question, status, finding })
}

fn warnings(of: &[Identification]) -> Vec<Warning> {
    let named = with_reasons(of, Status::Violated).map(|list| {
        Warning::new("NOT_IDENTIFIED", format!("latents that the data do not identify: {list}"))
            .hint("use the other latents; these may be mixed with earlier ones")
    });
    let open = with_reasons(of, Status::Unknown).map(|list| {
        Warning::new("IDENTIFICATION_NOT_CHECKED", format!("latents that may not be identified: {list}"))
            .hint("whether their mechanisms have a part that never changes has to be known from elsewhere")
    });
    named.into_iter().chain(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_engine::results::latent_names;

    const GOOD: Seen = Seen {
        unchanged: 0.1,
        nonlinear: 900.0,
        line: -300.0,
        absorbed: -200.0,
        with: 0,
        effect: 2,
        later: true,
        apart: 70.0,
        beside: 0,
    };

    #[test]
    fn each_number_decides_on_its_own() {
        let names = latent_names(3);
        let of = |seen: Seen| seen.verdict(&names);
        assert_eq!(of(GOOD).0, Status::Ok);
        let same = of(Seen { unchanged: 0.7, ..GOOD });
        assert!(same.0 == Status::Violated && same.1.starts_with("0.70 of its mechanism is the same"), "{}", same.1);
        assert_eq!(of(Seen { nonlinear: -40.0, ..GOOD }).0, Status::Unknown);
        let line = of(Seen { nonlinear: -340.0, ..GOOD });
        assert!(line.0 == Status::Violated && line.1.contains("linear, by 340 nats"), "{}", line.1);
        let sum = of(Seen { absorbed: 250.0, ..GOOD });
        assert!(sum.0 == Status::Violated && sum.1.contains("z3 depends on a sum of it and z1, by 250"), "{}", sum.1);
        assert!(sum.1.contains("nats: it has lost"), "{}", sum.1);
        assert!(of(Seen { absorbed: 250.0, later: false, ..GOOD }).1.contains("nats: it or z1 has lost"));
    }

    #[test]
    fn the_latents_that_are_told_apart_worst_decide() {
        let names = latent_names(3);
        let of = |gaps: [f64; 3]| told_apart(&gaps.map(|apart| Some(Seen { apart, ..GOOD })), &names).expect("checked");
        assert_eq!(of([70.0, 30.0, f64::NAN]).status, Status::Ok);
        let alike = of([70.0, 4.0, f64::NAN]);
        assert!(alike.status == Status::Violated && alike.finding.contains("worse by 4 nats"), "{}", alike.finding);
        let other = of([-60.0, 4.0, 90.0]);
        assert!(other.status == Status::Violated && other.finding.contains("better by 60 nats"), "{}", other.finding);
        // Latents that depend on no other one are in no such plane.
        assert_eq!(of([f64::NAN; 3]).status, Status::Ok);
        assert!(told_apart(&[Some(GOOD), None, None], &names).is_none());
    }

    #[test]
    fn a_latent_without_effects_is_not_checked_and_one_without_parents_can_pass() {
        let names = latent_names(3);
        assert_eq!(Seen { absorbed: f64::NAN, ..GOOD }.verdict(&names).0, Status::Unknown);
        let root =
            Seen { unchanged: f64::NAN, nonlinear: f64::NAN, line: f64::NAN, absorbed: f64::NEG_INFINITY, ..GOOD };
        assert_eq!(root.verdict(&names).0, Status::Ok);
    }
}
