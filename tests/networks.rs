//! A network is built as its configuration says, or the setting that forbids it is named.

use std::sync::Arc;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use tempfile::TempDir;
use vigil::model::{
    Architecture, Classes, Classifier, CnnConfig, CnnNet, ModelError, Seen, Viewer, compute_device,
    images_to_tensor, read_weights,
};
use vigil::plot::PlotConfig;

fn config(architecture: Architecture, classes: Classes, width: u32, height: u32) -> CnnConfig {
    CnnConfig {
        architecture,
        classes,
        plot: PlotConfig { width, height, ..PlotConfig::default() },
        ..CnnConfig::default()
    }
}

#[test]
fn the_compact_default_has_fewer_than_400_000_parameters() {
    let net = CnnNet::new(&CnnConfig::default(), &compute_device()).expect("a network");
    assert!((200_000..400_000).contains(&net.num_params()), "{} parameters", net.num_params());
}

#[test]
fn vgg16_stands_behind_the_same_configuration() {
    let config = config(Architecture::Vgg16, Classes::Two, 32, 32);
    let device = compute_device();
    let net = CnnNet::new(&config, &device).expect("a network").valid();
    // 13 convolutions without bias, their normalisations (scale, shift, running mean and variance of
    // each map), and three dense layers on 7 x 7 x 512.
    let convolutions =
        [(1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512)];
    let deep = 5 * 512 * 512 * 9;
    let convolutions: usize = convolutions.iter().map(|(i, o)| i * o * 9).sum::<usize>() + deep;
    let norms = 4 * (2 * 64 + 2 * 128 + 3 * 256 + 6 * 512);
    let dense = (512 * 49 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 2;
    assert_eq!(net.num_params(), convolutions + norms + dense);
    let logits = net.forward(Tensor::zeros([1, 1, 32, 32], &device));
    assert_eq!(logits.dims(), [1, 2]);
}

#[test]
fn a_network_that_cannot_be_built_names_the_setting() {
    let device = compute_device();
    for (architecture, width, expected) in [
        (Architecture::Strided { maps: vec![], dropout: 0.4 }, 128, "maps []"),
        (Architecture::Strided { maps: vec![16, 0], dropout: 0.4 }, 128, "maps [16, 0]"),
        (Architecture::Strided { maps: vec![8], dropout: 1.0 }, 128, "dropout 1"),
        (Architecture::Strided { maps: vec![8; 9], dropout: 0.0 }, 128, "cannot be halved 9 times"),
        (Architecture::Vgg16, 16, "vgg16"),
    ] {
        let refused = CnnNet::new(&config(architecture, Classes::Three, width, 160), &device).map(|_| ());
        let message = refused.expect_err(expected).to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_saved_network_says_the_same_of_a_window_and_names_the_people_it_has_seen() {
    let config = config(Architecture::Strided { maps: vec![4, 8, 8], dropout: 0.1 }, Classes::Three, 64, 54);
    let net = CnnNet::new(&config, &compute_device()).expect("a network");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    Classifier::save(
        &path,
        &config,
        &Seen { people: vec!["a".into(), "b".into()], amplitudes_uv: Some([12.0, 64.0]) },
        &net,
    )
    .expect("a file");
    let read = Classifier::load(&path).expect("the same file");
    assert_eq!(read.config(), &config);
    assert_eq!(read.people(), ["a", "b"]);
    let image: Vec<u8> = (0..config.plot.pixels()).map(|i| (i * 37 % 256) as u8).collect();
    let said = read.probabilities(&image).expect("probabilities");
    assert_eq!(
        said,
        Classifier::of_net(&config, &net)
            .expect("a classifier")
            .probabilities(&image)
            .expect("probabilities")
    );
    assert!(said.len() == 1 && (said[0].iter().sum::<f32>() - 1.0).abs() < 1e-5, "{said:?}");
    assert!(matches!(read.probabilities(&image[1..]), Err(ModelError::Shape { .. })));
}

/// Makes every number of a network one that is none.
struct Ruined;

impl ModuleMapper for Ruined {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weights| weights * f32::NAN)
    }
}

#[test]
fn a_network_whose_weights_are_no_numbers_is_refused_by_the_name_of_its_file() {
    let config = config(Architecture::Strided { maps: vec![4, 8], dropout: 0.0 }, Classes::Three, 32, 36);
    let net = CnnNet::new(&config, &compute_device()).expect("a network").map(&mut Ruined);
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    Classifier::save(&path, &config, &Seen::default(), &net).expect("a file");
    let message = Classifier::load(&path).map(|_| ()).expect_err("no network").to_string();
    assert!(
        message.contains("weights.safetensors") && message.contains("one of its weights is NaN"),
        "{message}"
    );
    assert!(message.contains("expected finite weights"), "{message}");
}

#[test]
fn a_two_class_network_never_says_abnormal() {
    let config = config(Architecture::Strided { maps: vec![4], dropout: 0.0 }, Classes::Two, 32, 36);
    let net = CnnNet::new(&config, &compute_device()).expect("a network");
    let said = Classifier::of_net(&config, &net)
        .expect("a classifier")
        .probabilities(&vec![90; config.plot.pixels()])
        .expect("probabilities");
    assert_eq!(said[0][1], 0.0);
}

#[test]
fn a_window_and_its_mirror_image_are_judged_alike() {
    use vigil::eeg::{DERIVATIONS, mirror_window};
    let config = config(Architecture::Strided { maps: vec![4, 8], dropout: 0.0 }, Classes::Three, 32, 36);
    let net = CnnNet::new(&config, &compute_device()).expect("a network");
    let mut viewer =
        Viewer::new(Arc::new(Classifier::of_net(&config, &net).expect("a classifier"))).expect("a viewer");
    let length = config.signal.rate_hz as usize;
    let samples: Vec<f32> =
        (0..DERIVATIONS * length).map(|i| 60.0 * ((i * i % 977) as f32 / 977.0 - 0.5)).collect();
    let mut present = [true; DERIVATIONS];
    present[2] = false;
    let mut mirrored = Vec::new();
    let mirrored_present = mirror_window(&samples, &present, &mut mirrored);
    assert!(mirrored != samples && mirrored_present != present, "left and right differ");
    let plain = viewer.probabilities(&samples, &present).expect("probabilities");
    assert_eq!(viewer.probabilities(&mirrored, &mirrored_present).expect("probabilities"), plain);
    assert!((plain.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{plain:?}");
    let mut back = Vec::new();
    assert_eq!(mirror_window(&mirrored, &mirrored_present, &mut back), present);
    assert_eq!(back, samples, "mirrored twice is as it was");
}

/// Two images that no network says the same of: the first full of ink, the second nearly empty.
fn ink(pixels: usize) -> Vec<u8> {
    let full = (0..pixels).map(|i| (i * i % 251) as u8);
    full.chain((0..pixels).map(|i| if i % 97 == 0 { 200 } else { 0 })).collect()
}

/// Holds a classifier, whose layers are arranged to be quick, to the layers as they are trained.
fn must_say_the_same(name: &str, classifier: &Classifier, net: &CnnNet) {
    let plot = &classifier.config().plot;
    let images = ink(plot.pixels());
    let tensor = images_to_tensor(&images, plot.width as usize, plot.rows() as usize, &compute_device());
    let logits = net.valid().forward(tensor.expect("two images"));
    let trained = burn::tensor::activation::softmax(logits, 1).into_data().try_into_vec::<f32>();
    let said = classifier.probabilities(&images).expect("probabilities").concat();
    // The classes stand in another order in a network than in an answer.
    let sorted = |mut shares: Vec<f32>| {
        shares.chunks_mut(3).for_each(|three| three.sort_by(f32::total_cmp));
        shares
    };
    let (said, trained) = (sorted(said), sorted(trained.expect("numbers")));
    let apart = said[..3].iter().zip(&said[3..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart > 1e-3, "{name}: two images, two answers: {said:?}");
    assert!(said.iter().zip(&trained).all(|(a, b)| (a - b).abs() < 1e-4), "{name}: {said:?}, {trained:?}");
}

#[test]
fn a_classifier_says_what_the_trained_layers_say() {
    for name in ["fold-1", "traces-1"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
        let path = path.join("weights.safetensors");
        let classifier = Classifier::load(&path).expect("a committed network");
        let mut net = CnnNet::new(classifier.config(), &compute_device()).expect("its layers");
        read_weights(&path).expect("its file").load_into(&mut net).expect("its weights");
        must_say_the_same(name, &classifier, &net);
    }
}

/// Makes all that is learnt larger, so that images matter more than biases in a network that nobody has trained.
struct Larger;

impl ModuleMapper for Larger {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weights| weights * 1.8)
    }
}

#[test]
fn a_vgg16_says_what_its_trained_layers_say() {
    let config = config(Architecture::Vgg16, Classes::Three, 48, 48);
    let net = CnnNet::new(&config, &compute_device()).expect("a network").map(&mut Larger);
    must_say_the_same("vgg16", &Classifier::of_net(&config, &net).expect("a classifier"), &net);
}

#[test]
fn a_classifier_says_what_the_trained_layers_say_whatever_the_size_of_an_image_and_the_number_of_maps() {
    let device = compute_device();
    for (width, height, maps) in [(64, 80, 16), (65, 80, 16), (64, 81, 8), (67, 83, 3), (64, 80, 20)] {
        let architecture = Architecture::Strided { maps: vec![maps, 8], dropout: 0.0 };
        let config = config(architecture, Classes::Three, width, height);
        let net = CnnNet::new(&config, &device).expect("a network").map(&mut Larger);
        let classifier = Classifier::of_net(&config, &net).expect("a classifier");
        must_say_the_same(&format!("{width}x{height}"), &classifier, &net);
    }
}
