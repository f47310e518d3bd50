//! Plans of all methods.

use disentangle_data::Code;
use disentangle_engine::plan::{Plan, schema_of};
use disentangle_methods::METHODS;
use serde_json::json;

#[test]
fn every_method_has_a_default_plan_that_checks_again_as_itself() {
    for entry in METHODS {
        let plan = Plan::check(METHODS, &json!({ "method": entry.info.name })).expect("defaults are valid");
        let canonical = plan.canonical();
        let again = Plan::check(METHODS, &canonical).expect("what is written out is valid");
        assert_eq!(again.canonical(), canonical, "{}", entry.info.name);
    }
}

#[test]
fn every_option_of_every_method_is_documented_and_every_number_is_bounded() {
    for entry in METHODS {
        let schema = schema_of(entry);
        for (key, property) in schema["properties"].as_object().expect("an object schema") {
            let place = format!("{}.{key}", entry.info.name);
            assert!(property["description"].as_str().is_some_and(|d| d.len() > 10), "{place}: no documentation");
            let types = property["type"].as_array().cloned().unwrap_or_else(|| vec![property["type"].clone()]);
            if types.iter().any(|t| t == "integer" || t == "number") {
                let low = property.get("minimum").or(property.get("exclusiveMinimum")).is_some();
                assert!(low && property.get("maximum").is_some(), "{place}: no bounds: {property}");
            }
        }
    }
}

#[test]
fn mistakes_of_both_parts_are_told_at_once_with_their_paths() {
    let failure = Plan::check(METHODS, &json!({"method": "tbr", "latentdim": 3, "seed": -1, "split": {"trian": 0.5}}))
        .expect_err("three mistakes");
    let list = failure.context["failures"].as_array().expect("a list").clone();
    let mut paths: Vec<&str> = list.iter().filter_map(|f| f["path"].as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["latentdim", "seed", "split.trian"]);
}

#[test]
fn a_method_without_an_oracle_is_shown_no_truth() {
    for entry in METHODS {
        let config = json!({ "method": entry.info.name, "oracle": ["its own shadow"] });
        let failure = Plan::check(METHODS, &config).expect_err("no method has such an oracle");
        assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigConflict, Some("oracle")));
        assert!(failure.hint.is_some(), "{}", entry.info.name);
    }
}

#[test]
fn an_unknown_method_is_refused_with_the_nearest() {
    let failure = Plan::check(METHODS, &json!({"method": "tbrr"})).expect_err("unknown");
    assert_eq!(failure.code, Code::ConfigUnknownMethod);
    assert_eq!(failure.hint.as_deref(), Some("did you mean \"tbr\"?"));
}
