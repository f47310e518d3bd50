//! What a list of methods consists of: an entry for each, with what the method is and how it is made.

use crate::method::Method;
use disentangle_data::config;
use disentangle_data::nearest::nearest;
use disentangle_data::split::SplitConfig;
use disentangle_data::{Code, Failure, Result};
use disentangle_metrics::cards::Invariance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a method is, for people and for programs that choose one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MethodInfo {
    /// The name users give.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Roles the data must have; `target or environment` where one of the two is enough.
    pub needs: &'static [&'static str],
    /// What the fit gives.
    pub gives: &'static [&'static str],
    /// Up to what the latents are identified, and when.
    pub identifies: &'static str,
    /// What the method leaves open: a metric that notices it is stricter than the guarantee.
    pub left_open: &'static [Invariance],
    /// Where it was published.
    pub reference: Reference,
    /// The method it is a baseline of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_of: Option<&'static str>,
}

/// A publication.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// Title.
    pub title: &'static str,
    /// Authors.
    pub authors: &'static str,
    /// Year.
    pub year: u16,
    /// Where to read it.
    pub url: &'static str,
}

/// What each method file supplies besides the method itself: its configuration type and its description.
pub trait Specification: Method + Sized + 'static {
    /// The options of the method; doc comments, defaults and bounds are its documentation and its schema.
    type Config: JsonSchema + for<'a> Deserialize<'a>;
    /// What the method is.
    const INFO: MethodInfo;

    /// The method with every open default settled.
    fn new(config: Self::Config) -> Self;

    /// How rows are split where the user does not say: a method that chooses nothing by validation rows has no use for any.
    fn split() -> SplitConfig {
        SplitConfig::default()
    }
}

/// One entry of the list.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What the method is.
    pub info: MethodInfo,
    /// JSON Schema of its own options.
    pub schema: fn() -> Value,
    /// From checked options to the method.
    pub build: fn(Value) -> Result<Box<dyn Method>>,
    /// Its default of `split`.
    pub split: fn() -> SplitConfig,
}

impl Entry {
    /// The entry of a method.
    pub const fn of<S: Specification>() -> Self {
        Self {
            info: S::INFO,
            schema: config::schema_of::<S::Config>,
            build: |options| Ok(Box::new(S::new(config::from_checked(options)?))),
            split: S::split,
        }
    }
}

/// The entry of a method in a list of them.
///
/// # Errors
/// `CONFIG_UNKNOWN_METHOD` with the nearest name.
pub fn find(methods: &'static [Entry], name: &str) -> Result<&'static Entry> {
    let names: Vec<&str> = methods.iter().map(|m| m.info.name).collect();
    methods.iter().find(|m| m.info.name == name).ok_or_else(|| {
        let failure =
            Failure::new(Code::ConfigUnknownMethod, format!("method: there is no method {name:?}")).at("method");
        match nearest(name, &names) {
            Some(near) => failure.hint(format!("did you mean {near:?}?")),
            None => failure.hint(format!("methods: {}", names.join(", "))),
        }
    })
}
