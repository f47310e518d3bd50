use super::*;
use crate::compute::Compute;
use disentangle_data::Stream;
use serde_json::Value;

struct Case {
    shape: FlowShape,
    mechanisms: MechanismShape,
    softness: f64,
    inputs: Vec<f64>,
    groups: Vec<(usize, Vec<u32>)>,
    flow: [Vec<f64>; 3],
    axes: Vec<f64>,
    tables: [Vec<f64>; 7],
}

const TABLES: [&str; 7] = ["scales", "second", "first.weight", "first.bias", "hidden.weight", "hidden.bias", "out"];

impl Case {
    fn density(&self, full: bool) -> Density<'_, f64> {
        let [weights, shifts, slopes] = &self.flow;
        let flow = Flow { shape: self.shape, weights, shifts, slopes, softness: self.softness };
        let values = std::array::from_fn(|p| &self.tables[p][..]);
        let head = Head::Mechanisms(Mechanisms { shape: self.mechanisms, values });
        Density {
            latents: self.shape.size,
            flow: Some(flow),
            axes: (!full).then_some(&self.axes[..]),
            head: if full { Head::Full } else { head },
        }
    }

    fn evaluate(&self, full: bool, asked: Asked, threads: usize) -> Evaluated {
        let rows = GroupedRows { values: &self.inputs, groups: &self.groups };
        evaluate(&[self.density(full)], rows, asked, Compute::with_threads(threads)).remove(0)
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../golden/latent_anm.json")).expect("JSON")
}

/// The case of a head, with what its tables are called in the golden file.
fn case(golden: &Value, head: &str) -> (Case, [String; 7]) {
    let size = |name: &str| golden[name].as_u64().expect("a size") as usize;
    let kind: Kind = match head {
        "full" => Kind::None,
        name => serde_json::from_value(name.into()).expect("a kind"),
    };
    let mechanisms =
        MechanismShape { kind, latents: size("latents"), environments: size("environments"), hidden: size("hidden") };
    let second = if kind == Kind::Polynomial { "quadratic" } else { "gains" };
    let names = TABLES.map(|name| if name == "second" { second.to_owned() } else { name.to_owned() });
    let sizes = mechanisms.sizes();
    let parameter = |name: &str| numbers(&golden["parameters"][name]);
    let mut groups = vec![Vec::new(); mechanisms.environments];
    numbers(&golden["nodes"]).iter().enumerate().for_each(|(row, &u)| groups[u as usize].push(row as u32));
    let case = Case {
        shape: FlowShape { size: size("latents"), bends: size("bends") },
        mechanisms,
        softness: golden["softness"].as_f64().expect("a number"),
        inputs: numbers(&golden["inputs"]),
        groups: groups.into_iter().enumerate().collect(),
        flow: ["weights", "shifts", "slopes"].map(parameter),
        axes: parameter("axes"),
        tables: std::array::from_fn(|p| if sizes[p] > 0 { parameter(&names[p]) } else { Vec::new() }),
    };
    (case, names)
}

#[test]
fn values_and_gradients_are_those_of_automatic_differentiation() {
    let golden = golden();
    let cases = golden["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 5);
    for want in cases {
        let head = want["head"].as_str().expect("a name");
        let (case, names) = case(&golden, head);
        let got = case.evaluate(head == "full", Asked::Gradient, 1);
        let value = want["value"].as_f64().expect("a number");
        // Both in double precision; the vectorised logarithm of 1 + x is the plain one there.
        assert!((got.value - value).abs() < 1e-10, "{head}: {} is not {value}", got.value);
        assert_eq!(case.evaluate(head == "full", Asked::Value, 1).value, got.value);
        let flow = ["weights", "shifts", "slopes"].into_iter().zip(&got.flow);
        let axes = (head != "full").then_some(("axes", &got.axes));
        let tables = names.iter().map(String::as_str).zip(&got.mechanisms).filter(|(_, g)| !g.is_empty());
        for (name, gradient) in flow.chain(axes).chain(tables) {
            let expected = numbers(&want["gradient"][name]);
            assert_eq!(gradient.len(), expected.len(), "{head} {name}");
            for (got, want) in gradient.iter().zip(expected) {
                assert!((got - want).abs() < 1e-9 * (1.0 + want.abs()), "{head} {name}: {got} is not {want}");
            }
        }
    }
}

/// Rows, the environments in them, the shape of a flow and its parameters, layer by layer.
type RandomCase = (Vec<f32>, Vec<(usize, Vec<u32>)>, FlowShape, [Vec<Vec<f32>>; 3]);

/// A case of random numbers in single precision.
fn random(environments: usize, rows: usize, starts: usize) -> RandomCase {
    let mut stream = Stream::new(3, "laws");
    let shape = FlowShape { size: 4, bends: 3 };
    let mut normals =
        |count: usize, sd: f64| -> Vec<f32> { (0..count).map(|_| (sd * stream.normal()) as f32).collect() };
    let inputs = normals(environments * rows * shape.size, 1.0);
    let groups = (0..environments).map(|u| (u, (0..rows).map(|i| (u * rows + i) as u32).collect())).collect();
    let mut flow = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..starts {
        flow[0].push(normals(shape.weights(), 0.6));
        flow[1].push(normals(shape.shifts(), 0.3));
        flow[2].push(normals(shape.slopes(), 0.5));
    }
    (inputs, groups, shape, flow)
}

#[test]
fn threads_and_other_starts_change_no_bit() {
    let (inputs, groups, shape, flow) = random(7, 33, 3);
    let of = |s: usize| Density {
        latents: 4,
        flow: Some(Flow { shape, weights: &flow[0][s], shifts: &flow[1][s], slopes: &flow[2][s], softness: 0.2 }),
        axes: None,
        head: Head::Full,
    };
    let rows = GroupedRows { values: &inputs, groups: &groups };
    let all = [of(0), of(1), of(2)];
    let one = evaluate(&all, rows, Asked::Gradient, Compute::SINGLE);
    assert_eq!(evaluate(&all, rows, Asked::Gradient, Compute::with_threads(2)), one);
    assert_eq!(evaluate(&all[1..2], rows, Asked::Gradient, Compute::SINGLE)[0], one[1]);
    assert!(one.iter().all(|found| found.value.is_finite()));
}

#[test]
fn rows_in_another_order_have_the_same_likelihood() {
    let golden = golden();
    let (mut case, _) = case(&golden, "mlp");
    let before = case.evaluate(false, Asked::Value, 1).value;
    case.groups.iter_mut().for_each(|(_, rows)| rows.reverse());
    case.groups.reverse();
    // Sums in another order.
    assert!((case.evaluate(false, Asked::Value, 1).value - before).abs() < 1e-12);
}

#[test]
fn codes_are_those_of_the_density_for_any_number_of_rows() {
    let (inputs, _, shape, flow) = random(2, 150, 1);
    let flow = Flow { shape, weights: &flow[0][0], shifts: &flow[1][0], slopes: &flow[2][0], softness: 0.2 };
    let axes: Vec<f32> = (0..16).map(|e| f32::from(u8::from(e % 5 == 0))).collect();
    let all = transform(&flow, &axes, &inputs);
    for rows in [1, 2, 255, 256, 257] {
        assert_eq!(transform(&flow, &axes, &inputs[..rows * 4]), all[..rows * 4]);
    }
    assert!(transform(&flow, &axes, &[f32::NAN; 4]).iter().any(|v| v.is_nan()));
}

#[test]
fn what_has_no_volume_has_no_likelihood() {
    let golden = golden();
    let (mut case, _) = case(&golden, "full");
    case.flow[0][..9].fill(0.0);
    assert!(!case.evaluate(true, Asked::Gradient, 1).value.is_finite());
}
