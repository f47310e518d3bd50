use super::*;

fn insert(params: &mut Params, name: &str, init: &Init) -> Vec<f32> {
    params.insert(name, &[40, 5], init, 9).and_then(|v| v.flatten_all()?.to_vec1()).expect("a fresh name")
}

#[test]
fn initial_values_depend_on_the_name_and_not_on_the_order() {
    let init = Init::Uniform { fan_in: 4 };
    let (mut one, mut two) = (Params::new(&Device::Cpu), Params::new(&Device::Cpu));
    let (a, b) = (insert(&mut one, "a", &init), insert(&mut one, "b", &init));
    let (b2, a2) = (insert(&mut two, "b", &init), insert(&mut two, "a", &init));
    assert_eq!((&a, &b), (&a2, &b2));
    assert_ne!(a, b);
    assert!(a.iter().all(|v| v.abs() <= 0.5) && a.iter().any(|v| v.abs() > 0.45));
    assert_eq!(two.iter().map(Param::name).collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn normal_and_constant_beginnings_are_what_they_say() {
    let mut params = Params::new(&Device::Cpu);
    let normal = insert(&mut params, "n", &Init::Normal { sd: 0.1 });
    let sd = (normal.iter().map(|v| v * v).sum::<f32>() / 200.0).sqrt();
    // The standard error of an sd of 200 draws is 5 %; four of them.
    assert!((sd - 0.1).abs() < 0.02, "{sd}");
    assert!(insert(&mut params, "c", &Init::Constant(0.25)).iter().all(|&v| v == 0.25));
    assert!((params.norm().expect("on the CPU") - (200.0 * f64::from(sd * sd) + 200.0 / 16.0).sqrt()).abs() < 1e-4);
}

#[test]
fn names_are_unique_and_given_values_fill_the_shape() {
    let mut params = Params::new(&Device::Cpu);
    params.insert("a", &[2], &Init::ZEROS, 0).expect("a fresh name");
    assert!(params.insert("a", &[2], &Init::ZEROS, 0).is_err());
    assert!(params.insert("b", &[2], &Init::Values(vec![1.0]), 0).is_err());
    assert!(params.get("b").is_err());
    assert_eq!(params.len(), 1);
}

#[test]
fn export_and_import_are_inverse_and_refuse_another_model() {
    let (mut one, mut two, mut other) =
        (Params::new(&Device::Cpu), Params::new(&Device::Cpu), Params::new(&Device::Cpu));
    insert(&mut one, "a", &Init::Normal { sd: 1.0 });
    insert(&mut two, "a", &Init::ZEROS);
    insert(&mut other, "z", &Init::ZEROS);
    let values = one.export().expect("on the CPU");
    two.import(&values).expect("the same names and shapes");
    assert_eq!(two.export().expect("on the CPU"), values);
    let message = other.import(&values).expect_err("another name").to_string();
    assert!(message.contains("[a [40, 5]]") && message.contains("[z [40, 5]]"), "{message}");
}

#[test]
fn gradients_of_two_passes_do_not_add_up_and_live_on_their_own() -> Result<()> {
    let mut params = Params::new(&Device::Cpu);
    let net = crate::Mlp::new(&mut params, "net", &[2, 3, 1], crate::Activation::Tanh, crate::Activation::Identity, 1)?;
    let x = Tensor::new(&[[1f32, 2.0], [0.5, -1.0]], &Device::Cpu)?;
    let first = params.gradients(&net.forward(&x)?.sum_all()?)?;
    let before = first.norm()?;
    let second = params.gradients(&(net.forward(&x)?.sum_all()? * 3.0)?)?;
    assert_eq!(first.norm()?, before);
    assert!((second.norm()? / before - 3.0).abs() < 1e-6);
    drop((first, second));
    assert_eq!(params.gradients(&net.forward(&x)?.sum_all()?)?.norm()?, before);
    Ok(())
}

#[test]
fn glorots_bound_counts_inputs_and_outputs() {
    let mut params = Params::new(&Device::Cpu);
    let values = insert(&mut params, "g", &Init::Glorot { fan_in: 40, fan_out: 5 });
    let bound = (6f32 / 45.0).sqrt();
    assert!(values.iter().all(|v| v.abs() <= bound) && values.iter().any(|v| v.abs() > 0.95 * bound));
}
