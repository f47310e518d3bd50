use super::flow::Flow;
use super::*;
use crate::compute::Compute;
use crate::lane_products::BLOCK;
use disentangle_data::Stream;

fn density() -> Density {
    let modalities = [(3, 2), (2, 1), (1, 1), (4, 0)].map(|(width, latents)| Modality { width, latents });
    Density::new(Shape { modalities: modalities.to_vec(), layers: 2, units: 5, mechanism_units: 4, most_causes: 2 })
}

/// Parameters away from the start, codes and sets of one block of rows.
fn case(density: &Density) -> (Vec<f64>, Vec<Vec<f64>>, Vec<u32>) {
    let mut stream = Stream::new(11, "test/density");
    let mut parameters: Vec<f64> = density.initial(&mut stream);
    parameters.iter_mut().for_each(|p| *p += 0.1 * stream.normal());
    let widths = density.shape().modalities.iter().map(|m| m.width * BLOCK);
    let codes = widths.map(|count| (0..count).map(|_| stream.normal()).collect()).collect();
    let choice = (0..density.sets().latents())
        .flat_map(|latent| (0..BLOCK).map(|_| stream.below(density.sets().of(latent).len()) as u32).collect::<Vec<_>>())
        .collect();
    (parameters, codes, choice)
}

fn loss(density: &Density, parameters: &[f64], codes: &[Vec<f64>], choice: &[u32]) -> (f64, Vec<f64>) {
    let mut workspace = density.workspace(BLOCK);
    codes.iter().enumerate().for_each(|(m, codes)| density.codes(&mut workspace, m).copy_from_slice(codes));
    let mut gradient = vec![0.0; density.len()];
    (density.loss(parameters, choice, &mut workspace, &mut gradient), gradient)
}

/// What a unit makes of a row, with its derivatives.
type Through<'a> = dyn FnMut(&[f64]) -> (Vec<f64>, Vec<f64>) + 'a;

#[test]
fn the_gradient_of_the_density_is_that_of_central_differences() {
    let density = density();
    let (mut parameters, codes, choice) = case(&density);
    let (_, gradient) = loss(&density, &parameters, &codes, &choice);
    for p in 0..parameters.len() {
        let (kept, step) = (parameters[p], 1e-6);
        let mut at = |value: f64| {
            parameters[p] = value;
            loss(&density, &parameters, &codes, &choice).0
        };
        let want = (at(kept + step) - at(kept - step)) / (2.0 * step);
        parameters[p] = kept;
        // Losses of some ten with 16 digits, over the step.
        assert!((gradient[p] - want).abs() < 1e-6 * (1.0 + want.abs()), "{p}: {} is not {want}", gradient[p]);
    }
}

/// Rows that lack the last two of four modalities, and others: the loss is the mean over rows of what those modalities would lose alone.
#[test]
fn rows_that_lack_modalities_count_for_those_before_alone() {
    let density = density();
    let (mut parameters, codes, choice) = case(&density);
    // Half of the rows lack the modalities 2 and 3; the weights of those that have them make up for it.
    let has = |m: usize, row: usize| m < 2 || row.is_multiple_of(2);
    let weight = |m: usize, row: usize| if has(m, row) { if m < 2 { 1.0 } else { 2.0 } } else { 0.0 };
    let weighted = |parameters: &[f64], codes: &[Vec<f64>]| {
        let mut workspace = density.workspace(BLOCK);
        for (m, codes) in codes.iter().enumerate() {
            density.codes(&mut workspace, m).copy_from_slice(codes);
            let weights = density.weights(&mut workspace, m);
            weights.iter_mut().enumerate().for_each(|(row, to)| *to = weight(m, row));
        }
        let mut gradient = vec![0.0; density.len()];
        (density.loss(parameters, &choice, &mut workspace, &mut gradient), gradient)
    };
    let (value, gradient) = weighted(&parameters, &codes);
    // What is not there does not matter.
    let mut other = codes.clone();
    for (m, codes) in other.iter_mut().enumerate() {
        codes.iter_mut().enumerate().filter(|(at, _)| !has(m, at % BLOCK)).for_each(|(_, code)| *code = 7.5);
    }
    let (same, by_same) = weighted(&parameters, &other);
    assert!((value - same).abs() < 1e-12 * value.abs());
    assert!(gradient.iter().zip(&by_same).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + a.abs())));
    // The same rows in a table of their own: what is left of the modalities after those that all have is their mean.
    let apart = |rows: &[usize]| {
        let pick = |values: &[f64]| -> Vec<f64> {
            values.chunks_exact(BLOCK).flat_map(|unit| rows.iter().map(|&row| unit[row]).collect::<Vec<_>>()).collect()
        };
        let place = |unit: &[u32]| rows.iter().map(|&row| unit[row]).collect::<Vec<u32>>();
        let choice: Vec<u32> = choice.chunks_exact(BLOCK).flat_map(place).collect();
        let codes: Vec<Vec<f64>> = codes.iter().map(|codes| pick(codes)).collect();
        loss(&density, &parameters, &codes, &choice).0
    };
    let even: Vec<usize> = (0..BLOCK).map(|at| at / 2 * 2).collect();
    let odd: Vec<usize> = (0..BLOCK).map(|at| at / 2 * 2 + 1).collect();
    // Of all modalities; the first two alone are what odd rows differ in.
    let first = |rows: &[usize]| {
        let mut workspace = density.workspace(BLOCK);
        for (m, codes) in codes.iter().enumerate() {
            let to = density.codes(&mut workspace, m);
            for (unit, codes) in to.chunks_exact_mut(BLOCK).zip(codes.chunks_exact(BLOCK)) {
                unit.iter_mut().zip(rows).for_each(|(to, &row)| *to = codes[row]);
            }
            density.weights(&mut workspace, m).fill(if m < 2 { 1.0 } else { 0.0 });
        }
        let place = |unit: &[u32]| rows.iter().map(|&row| unit[row]).collect::<Vec<u32>>();
        let choice: Vec<u32> = choice.chunks_exact(BLOCK).flat_map(place).collect();
        density.loss(&parameters, &choice, &mut workspace, &mut vec![0.0; density.len()])
    };
    let want = (first(&even) + first(&odd)) / 2.0 + apart(&even) - first(&even);
    assert!((value - want).abs() < 1e-10 * (1.0 + want.abs()), "{value} is not {want}");
    for p in (0..parameters.len()).step_by(3) {
        let (kept, step) = (parameters[p], 1e-6);
        let mut at = |value: f64| {
            parameters[p] = value;
            weighted(&parameters, &codes).0
        };
        let want = (at(kept + step) - at(kept - step)) / (2.0 * step);
        parameters[p] = kept;
        // Losses of some ten with 16 digits, over the step.
        assert!((gradient[p] - want).abs() < 1e-6 * (1.0 + want.abs()), "{p}: {} is not {want}", gradient[p]);
    }
}

#[test]
fn the_density_of_the_flow_is_that_of_its_derivative_and_its_inverse_leads_back() {
    let flow = Flow::new(3, 2, 5);
    let mut stream = Stream::new(4, "test/flow");
    let mut parameters: Vec<f64> = flow.initial(&mut stream);
    parameters.iter_mut().for_each(|p| *p += 0.2 * stream.normal());
    let mut trace = flow.trace(BLOCK);
    let x: Vec<f64> = (0..3 * BLOCK).map(|_| stream.normal()).collect();
    let mut through = |x: &[f64]| {
        trace.codes(x.len()).copy_from_slice(x);
        flow.forward(&parameters, &mut trace, BLOCK);
        (trace.out(x.len()).to_vec(), trace.log_det.clone())
    };
    let (out, log_det) = through(&x);
    for row in 0..3 {
        let step = 1e-6;
        let column = |unit: usize, through: &mut Through<'_>| {
            let mut moved = x.clone();
            moved[unit * BLOCK + row] += step;
            let up = through(&moved).0;
            moved[unit * BLOCK + row] -= 2.0 * step;
            let down = through(&moved).0;
            (0..3).map(|o| (up[o * BLOCK + row] - down[o * BLOCK + row]) / (2.0 * step)).collect::<Vec<f64>>()
        };
        let columns: Vec<Vec<f64>> = (0..3).map(|unit| column(unit, &mut through)).collect();
        let derivative = disentangle_data::Matrix::from_fn(3, 3, |o, i| columns[i][o]);
        let want = crate::linalg::log_abs_det(&derivative);
        let got = log_det[row] + flow.log_det(&parameters);
        assert!((got - want).abs() < 1e-7, "{got} is not {want}");
    }
    let mut back = out.clone();
    flow.invert(&parameters, &mut back, BLOCK).expect("regular");
    assert!(back.iter().zip(&x).all(|(b, x)| (b - x).abs() < 1e-10), "the inverse leads back");
}

#[test]
fn the_objective_is_the_loss_with_the_best_sets_and_the_price_of_their_causes() {
    let density = density();
    let (parameters, codes, _) = case(&density);
    let found = evaluate(&density, &parameters, &codes, 0..BLOCK, 0.05);
    let causes: u32 = found.best.iter().enumerate().map(|(i, &b)| density.sets().of(i)[b].count_ones()).sum();
    let choice: Vec<u32> = found.best.iter().flat_map(|&best| std::iter::repeat_n(best as u32, BLOCK)).collect();
    let (value, _) = loss(&density, &parameters, &codes, &choice);
    assert!((found.objective - (value + 0.05 * f64::from(causes))).abs() < 1e-10);
    for latent in 0..density.sets().latents() {
        for place in 0..density.sets().of(latent).len() {
            let mut other = choice.clone();
            other[latent * BLOCK..(latent + 1) * BLOCK].fill(place as u32);
            let (more, _) = loss(&density, &parameters, &codes, &other);
            let want = found.costs[latent][place] - found.costs[latent][found.best[latent]];
            assert!((more - value - want).abs() < 1e-10, "latent {latent}, set {place}");
        }
    }
}

#[test]
fn rows_are_evaluated_alike_whatever_chunk_they_stand_in() {
    let density = density();
    let (parameters, _, _) = case(&density);
    let mut stream = Stream::new(12, "test/chunks");
    let n = 700;
    let widths = density.shape().modalities.iter().map(|m| m.width);
    let codes: Vec<Vec<f64>> = widths.map(|w| (0..w * n).map(|_| stream.normal()).collect()).collect();
    let all = latents(&density, &parameters, &codes, 0..n);
    let some = latents(&density, &parameters, &codes, 301..600);
    for (all, some) in all.iter().zip(&some) {
        for (unit, values) in some.chunks_exact(299).enumerate() {
            assert_eq!(values, &all[unit * n + 301..unit * n + 600]);
        }
    }
    let parts =
        [evaluate(&density, &parameters, &codes, 0..300, 0.0), evaluate(&density, &parameters, &codes, 300..n, 0.0)];
    let whole = evaluate(&density, &parameters, &codes, 0..n, 0.0);
    for (latent, costs) in whole.costs.iter().enumerate() {
        for (place, cost) in costs.iter().enumerate() {
            let want = (300.0 * parts[0].costs[latent][place] + 400.0 * parts[1].costs[latent][place]) / 700.0;
            assert!((cost - want).abs() < 1e-12 * (1.0 + want.abs()));
        }
    }
}

#[test]
fn starts_end_at_the_same_bits_with_any_number_of_threads() {
    let density = density();
    let mut stream = Stream::new(13, "test/starts");
    let n = 200;
    let widths = density.shape().modalities.iter().map(|m| m.width);
    let codes: Vec<Vec<f32>> = widths.map(|w| (0..w * n).map(|_| stream.normal() as f32).collect()).collect();
    let run = |threads: usize| {
        let descent = Descent::new((1, "test/rows"), n, (64, 50), 5e-3, 0.05);
        let mut starts: Vec<Start<f32>> = (0..5)
            .map(|start| {
                let parameters = density.initial(&mut Stream::new(1, "test/initial").at(start));
                Start::new(&density, parameters, (1, &format!("test/sets/{start}")), 64)
            })
            .collect();
        let mut told = Vec::new();
        let after = |steps: usize, _: &[Start<f32>]| {
            told.push(steps);
            true
        };
        assert!(advance(&density, &descent, &codes, &mut starts, 0..50, Compute::with_threads(threads), after));
        assert_eq!(told, [20, 40, 50]);
        starts.iter().map(|start| start.parameters().to_vec()).collect::<Vec<_>>()
    };
    let one = run(1);
    assert_ne!(one[0], one[1]);
    assert!([2, 3, 4].into_iter().all(|threads| run(threads) == one));
}

#[test]
fn a_turned_copy_gives_what_the_flow_gave_but_for_a_rotation_of_each_modality() {
    let density = density();
    let (parameters, codes, _) = case(&density);
    let copies = turned(&density, &parameters, 2, (3, "test/turned"), BLOCK);
    let of = |parameters: &[f64]| latents(&density, parameters, &codes, 0..BLOCK);
    let (before, same, moved) = (of(&parameters), of(copies[0].parameters()), of(copies[1].parameters()));
    assert_eq!(before, same);
    for ((before, moved), modality) in before.iter().zip(&moved).zip(&density.shape().modalities) {
        let length = |values: &[f64], row: usize| -> f64 {
            (0..modality.width).map(|unit| values[unit * BLOCK + row].powi(2)).sum::<f64>().sqrt()
        };
        assert!((0..BLOCK).all(|row| (length(before, row) - length(moved, row)).abs() < 1e-10));
        assert!(modality.width == 1 || before != moved);
    }
}

#[test]
fn density_and_autoencoder_are_those_of_an_independent_implementation() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../../../golden/multimodal.json")).expect("JSON");
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    let size = |name: &str| golden[name].as_u64().expect("a size") as usize;
    let modalities = golden["modalities"].as_array().expect("a list").iter().map(|pair| {
        let pair = numbers(pair);
        Modality { width: pair[0] as usize, latents: pair[1] as usize }
    });
    let density = Density::new(Shape {
        modalities: modalities.collect(),
        layers: size("layers"),
        units: size("units"),
        mechanism_units: size("mechanismUnits"),
        most_causes: size("mostCauses"),
    });
    let parameters = numbers(&golden["parameters"]);
    assert_eq!(parameters.len(), density.len());
    let mut workspace = density.workspace(size("rows"));
    for (m, codes) in golden["codes"].as_array().expect("a list").iter().enumerate() {
        density.codes(&mut workspace, m).copy_from_slice(&numbers(codes));
    }
    let choice: Vec<u32> = numbers(&golden["choice"]).into_iter().map(|place| place as u32).collect();
    let value = density.loss(&parameters, &choice, &mut workspace, &mut vec![0.0; density.len()]);
    // Some ten operations on numbers of order ten, in double precision.
    assert!((value - golden["value"].as_f64().expect("a number")).abs() < 1e-11, "{value}");
    for (got, want) in workspace.losses.iter().zip(numbers(&golden["losses"])) {
        assert!((got - want).abs() < 1e-10 * (1.0 + want.abs()), "{got} is not {want}");
    }

    let golden = &golden["autoencoder"];
    let whitening = disentangle_data::Matrix::new(2, 5, numbers(&golden["whitening"])).expect("2 x 5");
    let autoencoder = Autoencoder::<f64>::new(
        &whitening,
        &numbers(&golden["variances"]),
        golden["units"].as_u64().expect("6") as usize,
    );
    let (parameters, inputs) = (numbers(&golden["parameters"]), numbers(&golden["inputs"]));
    for (got, want) in autoencoder.encode(&parameters, &inputs).iter().zip(numbers(&golden["codes"])) {
        assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    }
    let left = errors(&autoencoder, &parameters, &inputs);
    assert!((left - golden["left"].as_f64().expect("a number")).abs() < 1e-12);
}
