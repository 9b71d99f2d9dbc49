//! `vigil explain` says what the detector's own answer rests on, and nothing that it did not ask.

mod recordings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use recordings::{REFERENTIAL, background, refusal, repository, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::detect::{Detector, Judge, Label, LabelRule};
use vigil::eeg::RecordingFormat;
use vigil::eeg::{CHAINS, DERIVATIONS, DOUBLE_BANANA, mirror_indices, mirror_window};
use vigil::explain::{Explanation, Moment, explain_recording, in_words};
use vigil::format::edf::{EdfWriter, WriterSignal, WriterSpec};
use vigil::model::{Classifier, Occlusion, SLICES, Viewer};
use vigil::plot::explanation::{ExplanationFigure, draw_explanation_figure};
use vigil::plot::{PlotConfig, Rasteriser};
use vigil::replay::{Speed, in_time_order, replay};
use vigil::signal::{SignalConfig, StreamItem, Window, WindowStream};
use vigil::source::RecordingSource;

const START: &str = "2024-05-06T07:08:09";

fn demo(run: &str) -> PathBuf {
    let name = format!("sub-chb03_ses-01_task-szMonitoring_run-{run}_eeg.edf");
    repository("patients/chb03/recordings").join(name)
}

fn classifier() -> Arc<Classifier> {
    Arc::new(Classifier::load(&repository("models/cnn/weights.safetensors")).expect("the CNN"))
}

fn signal(classifier: &Classifier) -> SignalConfig {
    classifier.config().signal.clone()
}

fn windows(path: &Path, signal: &SignalConfig) -> Vec<Window> {
    let source = RecordingSource::open(path).expect("a recording");
    let mut stream = WindowStream::new(source, signal).expect("EEG");
    let mut windows = Vec::new();
    while let Some(item) = stream.next_item().expect("signal") {
        if let StreamItem::Window(window) = item {
            windows.push(window);
        }
    }
    windows
}

fn explained(path: &Path, second: f64) -> Explanation {
    let classifier = classifier();
    let signal = signal(&classifier);
    let mut judge = Judge::new(classifier, None).expect("a judge");
    let at = Moment::Seconds(second);
    explain_recording(path, &signal, &mut judge, LabelRule::default(), at, None).expect("an explanation")
}

/// Runs `vigil explain` with JSON in a folder with the demo patient.
fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = vigil(folder, &[&["explain", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    folder
}

#[test]
fn the_explained_probabilities_are_bit_for_bit_those_of_the_replay() {
    let classifier = classifier();
    let signal = signal(&classifier);
    let mut judge = Judge::new(classifier, None).expect("a judge");
    let plans = in_time_order(&[demo("09")]).expect("a plan");
    let detector = Detector::new(LabelRule::default(), Default::default()).expect("a detector");
    let replayed = replay(plans, &judge, detector, &signal, Speed::Max, &mut |_| {}).expect("a replay");
    let verdicts: BTreeMap<u64, _> = replayed.recordings[0].verdicts.iter().copied().collect();
    for second in [0, 2, 8, 14, 60, 123] {
        let at = Moment::Seconds(second as f64 + 0.7);
        let explanation = explain_recording(&demo("09"), &signal, &mut judge, LabelRule::default(), at, None)
            .expect("an explanation");
        assert_eq!(explanation.seen.second, second);
        let verdict = &verdicts[&second];
        assert_eq!(Some(explanation.occlusion.whole), verdict.probabilities, "second {second}");
        assert_eq!(Some(explanation.opinion.probabilities), verdict.probabilities);
        assert_eq!(Some(explanation.label), verdict.label);
        for ((onset_s, _), before) in explanation.seen.before.iter().zip(&explanation.before) {
            assert_eq!(*before, verdicts[&(*onset_s as u64)].probabilities, "{onset_s} s");
        }
        assert_eq!(explanation.seen.before.len(), second.min(9) as usize);
    }
}

#[test]
fn the_command_prints_what_stands_in_the_table_of_verdicts() {
    let folder = folder();
    let recording = demo("09").to_string_lossy().into_owned();
    let output = vigil(folder.path(), &["replay", &recording, "--patient", "chb03", "--no-copies"]);
    assert!(output.status.success());
    let text = std::fs::read_to_string(folder.path().join("out/verdicts.tsv")).expect("verdicts");
    for second in [8, 22] {
        let row: Vec<&str> = text.lines().nth(1 + second).expect("a row").split('\t').collect();
        // By its number and by its wall time, as they stand in the table.
        for at in [row[1], row[2]] {
            let explained = json(folder.path(), &[&recording, "--at", at, "--patient", "chb03"]);
            assert_eq!(explained["second"], second);
            for (member, cell) in [("seizure", row[5]), ("abnormal", row[6]), ("non_seizure", row[7])] {
                let probability = explained["probabilities"][member].as_f64().expect("a number");
                assert_eq!(format!("{probability:.4}"), cell, "second {second}, {member}");
            }
            assert_eq!(explained["label"], row[8]);
            let error = explained["ae_error"].as_f64().expect("a number");
            assert_eq!(format!("{error:.4}"), row[3]);
            assert_eq!(explained["ae_flag"], row[4] == "1");
        }
    }
}

/// What a CNN says of images that are drawn and emptied here, column by column: the mean of both views.
struct ByHand {
    classifier: Arc<Classifier>,
    rasteriser: Rasteriser,
}

impl ByHand {
    fn new() -> ByHand {
        let classifier = classifier();
        let rasteriser = Rasteriser::new(&classifier.config().plot, 256).expect("a rasteriser");
        ByHand { classifier, rasteriser }
    }

    /// `left_out` says of which derivations and columns nothing may be drawn.
    fn without(&mut self, window: &Window, left_out: impl Fn(usize, usize) -> bool) -> [f32; 3] {
        let config = self.classifier.config().plot.clone();
        let (width, pixels) = (config.width as usize, config.pixels());
        let mut images = Vec::new();
        let mut mirrored = Vec::new();
        let mirrored_present = mirror_window(&window.samples, &window.present, &mut mirrored);
        let mirror = mirror_indices();
        for (samples, present, side) in [
            (&window.samples, window.present, std::array::from_fn(|d| d)),
            (&mirrored, mirrored_present, mirror),
        ] {
            let mut image = vec![0; pixels];
            for column in 0..width {
                let mut drawn = vec![0; pixels];
                let there: [bool; DERIVATIONS] =
                    std::array::from_fn(|d| present[d] && !left_out(side[d], column));
                self.rasteriser.draw(samples, &there, &mut drawn);
                for row in 0..config.rows() as usize {
                    image[row * width + column] = drawn[row * width + column];
                }
            }
            images.extend(image);
        }
        let [plain, mirror] = self.classifier.both_ways(&images).expect("probabilities");
        std::array::from_fn(|class| (plain[class] + mirror[class]) / 2.0)
    }
}

#[test]
fn each_number_is_the_answer_to_images_in_which_nothing_else_is_left_out() {
    let mut by_hand = ByHand::new();
    let explanation = explained(&demo("09"), 14.0);
    let (window, occlusion) = (&explanation.seen.window, &explanation.occlusion);
    let slice_of = |column: usize| column / (128 / SLICES);
    assert_eq!(occlusion.whole, by_hand.without(window, |_, _| false));
    for d in [1, 10, 17] {
        let without = occlusion.derivations[d].expect("present");
        assert_eq!(without.everywhere, by_hand.without(window, |left_out, _| left_out == d));
        for slice in [0, 7] {
            let expected =
                by_hand.without(window, |left_out, column| left_out == d && slice_of(column) == slice);
            assert_eq!(without.in_slice[slice], expected, "derivation {d} in slice {slice}");
        }
    }
    for (chain, without) in CHAINS.iter().zip(occlusion.chains) {
        assert_eq!(without, Some(by_hand.without(window, |d, _| chain.holds(d))), "{}", chain.name);
    }
    for (slice, without) in occlusion.slices.iter().enumerate() {
        assert_eq!(*without, by_hand.without(window, |_, column| slice_of(column) == slice));
    }
}

#[test]
fn a_window_with_left_and_right_exchanged_is_explained_with_left_and_right_exchanged() {
    let classifier = classifier();
    let window = &windows(&demo("09"), &signal(&classifier))[14];
    let mut viewer = Viewer::new(classifier).expect("a viewer");
    let plain = Occlusion::of(&mut viewer, &window.samples, &window.present).expect("an answer");
    let mut mirrored = Vec::new();
    let present = mirror_window(&window.samples, &window.present, &mut mirrored);
    let mirror = Occlusion::of(&mut viewer, &mirrored, &present).expect("an answer");
    // The traces are asked of the window as it is given, so the last digits may differ.
    let alike = |one: [f32; 3], other: [f32; 3]| one.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(alike(plain.whole, mirror.whole));
    assert!(plain.slices.iter().zip(mirror.slices).all(|(one, other)| alike(*one, other)));
    for (d, other) in mirror_indices().into_iter().enumerate() {
        let (Some(one), Some(other)) = (plain.derivations[d], mirror.derivations[other]) else {
            assert_eq!(plain.derivations[d], mirror.derivations[other], "{}", DOUBLE_BANANA[d]);
            continue;
        };
        assert!(alike(one.everywhere, other.everywhere), "{}", DOUBLE_BANANA[d]);
        let slices = one.in_slice.iter().zip(other.in_slice);
        assert!(slices.into_iter().all(|(one, other)| alike(*one, other)), "{}", DOUBLE_BANANA[d]);
    }
    for class in 0..3 {
        let (plain, mirror) = (plain.company_drops(class), mirror.company_drops(class));
        for (d, other) in mirror_indices().into_iter().enumerate() {
            // The same answers, added up in another order.
            let apart = plain[d].unwrap_or_default() - mirror[other].unwrap_or_default();
            assert!(apart.abs() < 1e-6 && plain[d].is_some() == mirror[other].is_some());
        }
    }
    let [a, b, c, d, midline] = plain.chains.map(|chain| chain.expect("asked"));
    let mirrored = mirror.chains.map(|chain| chain.expect("asked"));
    assert!([d, c, b, a, midline].into_iter().zip(mirrored).all(|(one, other)| alike(one, other)));
}

/// Quiet EEG into which a seizure's traces are put on one side. Where the network then says seizure, the
/// chains of that side weigh more than those of the other, and so do most of its derivations in company.
/// Derivations left out alone need not: what they show, others show too.
#[test]
fn the_answer_rests_on_the_side_of_the_head_into_which_a_seizure_was_put() {
    let classifier = classifier();
    let signal = signal(&classifier);
    let mut viewer = Viewer::new(classifier).expect("a viewer");
    let mut chosen = |run: &str, wanted: fn(f32) -> bool| -> Vec<Window> {
        let mut windows = windows(&demo(run), &signal);
        windows.retain(|window| {
            let p = viewer.probabilities(&window.samples, &window.present).expect("an answer");
            window.absent() == 0 && wanted(p[0])
        });
        windows
    };
    let quiet: Vec<Window> = ["02", "06"].iter().flat_map(|run| chosen(run, |p| p < 0.2)).collect();
    let seizure: Vec<Window> = ["01", "05"].iter().flat_map(|run| chosen(run, |p| p > 0.6)).collect();
    assert!(quiet.len() >= 10 && seizure.len() >= 10, "{} quiet, {} seizure", quiet.len(), seizure.len());
    let (mut called, mut explained, mut company, mut chains_outweigh) = (0, 0, 0, 0);
    let pairs = quiet.iter().flat_map(|quiet| seizure.iter().map(move |seizure| (quiet, seizure)));
    for (quiet, seizure) in pairs {
        for side in [0..8, 8..16] {
            let mut mixed = quiet.samples.clone();
            let put_in = side.start * 256..side.end * 256;
            mixed[put_in.clone()].copy_from_slice(&seizure.samples[put_in]);
            let whole = viewer.probabilities(&mixed, &quiet.present).expect("an answer");
            if whole[0] < 0.6 {
                continue;
            }
            called += 1;
            if called % 2 != 0 {
                continue;
            }
            let occlusion = Occlusion::of(&mut viewer, &mixed, &quiet.present).expect("an answer");
            let in_company = occlusion.company_drops(0).map(|drop| drop.expect("present"));
            let chains = occlusion.chain_drops(0).map(|drop| drop.expect("present"));
            let more = |left: f32, right: f32| {
                usize::from(if side.start == 0 { left > right } else { right > left })
            };
            explained += 1;
            company += more(in_company[..8].iter().sum(), in_company[8..16].iter().sum());
            chains_outweigh += more(chains[0] + chains[1], chains[2] + chains[3]);
        }
    }
    assert!(explained >= 10, "only {called} windows were called seizure");
    assert_eq!(chains_outweigh, explained);
    assert!(company * 10 >= explained * 9, "in company {company} of {explained}");
}

#[test]
fn an_absent_derivation_has_no_figure() {
    let folder = folder();
    let explained = json(folder.path(), &[&demo("09").to_string_lossy(), "--at", "14", "--patient", "chb03"]);
    let absent = ["Fp2-F4", "F4-C4", "Fp2-F8"];
    let derivations = explained["derivations"].as_array().expect("derivations");
    assert_eq!(derivations.len(), DERIVATIONS);
    for of in derivations {
        let is_absent = absent.contains(&of["derivation"].as_str().expect("a name"));
        assert_eq!(of["present"], !is_absent, "{of}");
        for member in ["drop", "without", "label_without", "in_slice"] {
            assert_eq!(of[member].is_null(), is_absent, "{member} of {of}");
        }
    }
    let chain = &explained["chains"][2];
    assert_eq!(chain["chain"], "right parasagittal");
    assert_eq!(chain["derivations"], serde_json::json!(["C4-P4", "P4-O2"]));
}

#[test]
fn a_drop_is_the_whole_less_what_is_left_and_of_the_class_that_is_named() {
    let folder = folder();
    let recording = demo("09").to_string_lossy().into_owned();
    for (class, member) in [("seizure", "seizure"), ("abnormal", "abnormal"), ("non-seizure", "non_seizure")]
    {
        let explained = json(folder.path(), &[&recording, "--at", "2", "--model", "cnn", "--class", class]);
        assert_eq!(explained["explained"], class);
        let whole = explained["probabilities"][member].as_f64().expect("a number") as f32;
        let lists = [&explained["derivations"], &explained["chains"], &explained["slices"]];
        for of in lists.into_iter().flat_map(|list| list.as_array().expect("a list")) {
            if of["drop"].is_null() {
                continue;
            }
            let left = of["without"][member].as_f64().expect("a number") as f32;
            assert_eq!(of["drop"].as_f64().expect("a number") as f32, whole - left, "{of}");
        }
        let words = explained["words"].to_string();
        assert!(words.contains(&format!("{class} probability")), "{words}");
        assert!(words.contains("not labelled seizure but non-seizure"), "{words}");
    }
    let by_itself = json(folder.path(), &[&recording, "--at", "2", "--model", "cnn"]);
    assert_eq!(
        (&by_itself["label"], &by_itself["explained"]),
        (&"non-seizure".into(), &"non-seizure".into())
    );
}

#[test]
fn the_table_names_the_derivation_that_matters_most_first() {
    let folder = folder();
    let recording = demo("09").to_string_lossy().into_owned();
    let output = vigil(folder.path(), &["explain", &recording, "--at", "14", "--patient", "chb03"]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("C4-P4: without it the seizure probability falls from 0.69 to"), "{text}");
    let rows: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("rank  derivation")).collect();
    assert!(rows[1].contains("1  C4-P4"), "{text}");
    assert!(rows[16..19].iter().all(|row| row.ends_with("absent")), "{text}");
    let drops: Vec<f64> =
        rows[1..16].iter().filter_map(|row| row.split_whitespace().nth(2)?.parse().ok()).collect();
    assert_eq!(drops.len(), 15, "{text}");
    assert!(drops.is_sorted_by(|a, b| a >= b), "{drops:?}");
}

#[test]
fn the_same_second_is_explained_the_same_twice() {
    let folder = folder();
    let recording = demo("09").to_string_lossy().into_owned();
    let run = |png: &str| {
        let arguments = ["explain", "--json", &recording, "--at", "14", "--patient", "chb03", "--png", png];
        let output = vigil(folder.path(), &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (output.stdout, std::fs::read(folder.path().join(png)).expect("a picture"))
    };
    assert!(run("a.png") == run("b.png"));
}

#[test]
fn the_picture_is_readable_whether_the_second_is_the_first_or_has_nine_before_it() {
    let folder = folder();
    let recording = demo("09").to_string_lossy().into_owned();
    for at in ["0", "1", "14"] {
        let output = vigil(
            folder.path(),
            &["explain", &recording, "--at", at, "--patient", "chb03", "--png", "new/explained.png"],
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let path = folder.path().join("new/explained.png");
        let file = std::io::BufReader::new(std::fs::File::open(&path).expect("a picture"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG file");
        let mut pixels = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        assert_eq!(info.color_type, png::ColorType::Rgb);
        assert_eq!(info.width, 1702);
        // Each sentence has a line above the panels.
        let words = json(folder.path(), &[&recording, "--at", at, "--patient", "chb03"])["words"].clone();
        let lines = words.as_array().expect("sentences").len() as u32;
        assert!((5..=7).contains(&lines), "{words}");
        assert_eq!(info.height, 975 + 18 * lines, "{words}");
        assert!(pixels.iter().any(|value| *value < 40), "ink");
        // Nothing half-written stays beside it.
        assert_eq!(std::fs::read_dir(path.parent().expect("a folder")).expect("files").count(), 1);
    }
}

#[test]
fn the_picture_has_room_for_every_sentence_that_there_can_be() {
    let explanation = explained(&demo("09"), 14.0);
    let (start_s, samples) = explanation.seen.eeg(256);
    let parts: Vec<Vec<f32>> = vec![Vec::new(); DERIVATIONS];
    let drawn = |sentences: &[String]| {
        let figure = ExplanationFigure {
            title: "title",
            subtitle: "",
            sentences,
            samples: &samples,
            present: explanation.seen.window.present,
            rate_hz: 256.0,
            start_s,
            recording_start: None,
            window_start_s: explanation.seen.onset_s,
            window_s: 1.0,
            config: &PlotConfig::default(),
            quantity: "seizure probability",
            course: &[],
            derivations: explanation.occlusion.derivation_drops(0),
            slices: &explanation.occlusion.slice_drops(0),
            parts: &parts,
        };
        draw_explanation_figure(&figure).expect("a picture")
    };
    // Five that there always are, and one for each label that the second does not have.
    let mut sentences = vec!["A sentence.".to_string(); 7];
    let seven = drawn(&sentences);
    assert_eq!(seven.height, 975 + 18 * 7);
    sentences[6].clear();
    let without_the_last = drawn(&sentences);
    assert!(seven.rgb != without_the_last.rgb, "the seventh sentence is drawn");
}

#[test]
fn a_seizure_that_stays_below_the_threshold_is_explained_as_one_that_does() {
    let classifier = classifier();
    let signal = signal(&classifier);
    let mut judge = Judge::new(classifier, None).expect("a judge");
    let mut explain = |threshold: f32, class: Option<Label>| {
        let rule = LabelRule { seizure_probability: threshold, ..LabelRule::default() };
        explain_recording(&demo("09"), &signal, &mut judge, rule, Moment::Seconds(14.0), class)
            .expect("an explanation")
    };
    // 0.69 is seizure to most patients, and here likelier than all else, but not enough.
    let below = explain(0.8, None);
    assert_ne!(below.label, Label::Seizure);
    assert_eq!(below.explained, Label::Seizure);
    let words = in_words(&below);
    assert!(words[0].contains("although seizure is the likeliest"), "{}", words[0]);
    assert!(words[0].contains("of 0.69 is below the threshold of 0.80"), "{}", words[0]);
    assert!(words[0].contains("about its seizure probability, which is 0.69"), "{}", words[0]);
    // Two decimals would say that a number is below itself.
    let just = below.opinion.probabilities[0] + 1e-4;
    let words = in_words(&explain(just, None));
    assert!(words[0].contains(&format!("below the threshold of {just:.4}")), "{}", words[0]);
    // Who asks for a class gets it.
    let asked = explain(0.8, Some(Label::NonSeizure));
    assert_eq!(asked.explained, Label::NonSeizure);
    assert!(in_words(&asked)[0].contains("about its non-seizure probability"), "{:?}", in_words(&asked));
    assert_eq!(explain(0.6, None).label, Label::Seizure);
}

/// Seconds of signal with gaps between them; the first is at 0 s.
fn with_gaps(path: &Path, start: &str, onsets_s: impl IntoIterator<Item = f64>) {
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusD,
        start: start.parse().expect("a time"),
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s: 1.0,
        annotation_bytes: 128,
        signals: REFERENTIAL
            .iter()
            .map(|label| WriterSignal {
                label: (*label).into(),
                unit: "uV".into(),
                samples_per_record: 256,
                physical_range: (-3276.8, 3276.7),
                digital_range: (-32768, 32767),
                prefilter: String::new(),
            })
            .collect(),
    };
    let mut writer = EdfWriter::create(path, &spec).expect("a file");
    for onset_s in onsets_s {
        let record: Vec<Vec<i16>> = (0..REFERENTIAL.len())
            .map(|channel| {
                let time = |i: i32| onset_s + f64::from(i) / 256.0;
                (0..256).map(|i| (10.0 * background(channel, time(i))).round() as i16).collect()
            })
            .collect();
        writer.write_record(onset_s, &record, &[]).expect("a record");
    }
    writer.finish().expect("a finished file");
}

#[test]
fn behind_a_gap_a_second_is_named_as_the_table_of_verdicts_names_it() {
    let folder = folder();
    with_gaps(&folder.path().join("gap.edf"), START, [0.0, 1.0, 100.25, 101.25]);
    let message = refusal(folder.path(), &["explain", "gap.edf", "--at", "50", "--patient", "chb03"], 5);
    assert!(message.contains("gap.edf: second 50") && message.contains("from 2 to 100.25 s"), "{message}");
    let output = vigil(folder.path(), &["replay", "gap.edf", "--patient", "chb03", "--no-copies"]);
    assert!(output.status.success());
    let text = std::fs::read_to_string(folder.path().join("out/verdicts.tsv")).expect("verdicts");
    for row in text.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>()) {
        let explained = json(folder.path(), &["gap.edf", "--at", row[1], "--patient", "chb03"]);
        let seizure = explained["probabilities"]["seizure"].as_f64().expect("a number");
        assert_eq!(format!("{seizure:.4}"), row[5], "second {}", row[1]);
    }
    let first = json(folder.path(), &["gap.edf", "--at", "100", "--patient", "chb03"]);
    assert_eq!(first["onset_s"], 100.25);
    assert_eq!(first["slices"][0]["to_s"], 100.375);
}

#[test]
fn a_second_has_one_wall_time_wherever_the_recording_and_what_follows_a_gap_start() {
    let folder = folder();
    // Seven tenths into a second, and 0.35 s into one: the second behind the gap starts at 10:00:21.05.
    let behind = (0..10).map(|second| 20.35 + f64::from(second));
    with_gaps(&folder.path().join("gap.edf"), "2024-05-06T10:00:00.7", [0.0, 1.0].into_iter().chain(behind));
    let output = vigil(folder.path(), &["replay", "gap.edf", "--patient", "chb03", "--no-copies"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(folder.path().join("out/verdicts.tsv")).expect("verdicts");
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|row| row.split('\t').collect()).collect();
    for second in ["1", "20", "29"] {
        let row = rows.iter().find(|row| row[1] == second).expect("a verdict");
        for at in [row[1], row[2]] {
            let explained = json(folder.path(), &["gap.edf", "--at", at, "--patient", "chb03"]);
            assert_eq!(explained["second"].to_string(), second, "--at {at}");
            assert_eq!(explained["date_time"], row[2], "--at {at}");
        }
    }
    // The last second ends a part of a sample behind the recording, and nothing begins after its end.
    let message = refusal(folder.path(), &["explain", "gap.edf", "--at", "30.1", "--patient", "chb03"], 5);
    assert!(message.contains("second 30") && message.contains("to 30.35"), "{message}");
    assert!(!message.contains("30.3515625"), "{message}");
}

#[test]
fn a_moment_outside_the_recording_is_refused_with_the_range_that_it_has() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 5, START, background);
    for at in ["5", "-1", "1e9", "2024-05-06 07:08:08", "2024-05-06 07:08:14", "2031-01-01T00:00:00"] {
        let message = refusal(folder.path(), &["explain", "r.edf", "--at", at, "--patient", "chb03"], 2);
        assert!(
            message.contains("r.edf: ") && message.contains("expected from 0 to below 5"),
            "{at}: {message}"
        );
        assert!(message.contains("2024-05-06 07:08:09 to 2024-05-06 07:08:14"), "{at}: {message}");
    }
}

#[test]
fn a_moment_that_is_none_is_refused_with_an_example() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    for at in ["noon", "nan", "inf", "", "2024-05-06", "2024-05-06T07:08:10Z", "2024-05-06T07:08:10+02:00"] {
        let message = refusal(folder.path(), &["explain", "r.edf", "--at", at, "--patient", "chb03"], 2);
        assert!(message.contains("2075-09-05 03:35:22"), "{at}: {message}");
    }
}

#[test]
fn a_second_with_too_few_derivations_is_refused_with_those_that_are_absent() {
    let folder = folder();
    let flat = |channel: usize, t: f64| if channel < 8 { 0.0 } else { background(channel, t) };
    write_recording(&folder.path().join("flat.edf"), &REFERENTIAL, 256, 3, START, flat);
    let message = refusal(folder.path(), &["explain", "flat.edf", "--at", "1", "--patient", "chb03"], 5);
    assert!(message.contains("second 1 is not judged"), "{message}");
    assert!(message.contains("Fp1-F7: flat") && message.contains("6 may be"), "{message}");
}

#[test]
fn what_is_missing_or_cannot_be_written_has_its_own_exit_code() {
    let folder = folder();
    let path = folder.path();
    write_recording(&path.join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    write_recording(&path.join("slow.edf"), &REFERENTIAL, 100, 3, START, background);
    std::fs::write(path.join("text.edf"), "no recording").expect("a file");
    std::fs::write(path.join("file"), "in the way").expect("a file");
    let explain = |recording: &str, arguments: &[&str], code: i32| {
        refusal(path, &[&["explain", recording, "--at", "1"], arguments].concat(), code)
    };
    explain("r.edf", &[], 2);
    explain("r.edf", &["--patient", "chb03", "--model", "cnn"], 2);
    explain("r.edf", &["--patient", "chb03", "--class", "odd"], 2);
    explain("nowhere.edf", &["--patient", "chb03"], 3);
    explain("text.edf", &["--patient", "chb03"], 4);
    explain("slow.edf", &["--patient", "chb03"], 5);
    let message = explain("r.edf", &["--model", "none"], 6);
    assert!(message.contains("no model at models/none"), "{message}");
    explain("r.edf", &["--patient", "chb99"], 8);
    let message = explain("r.edf", &["--patient", "chb03", "--png", "file/out.png"], 9);
    assert!(message.contains("out.png"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_explanation_is_drawn_or_refused(
        samples in 0usize..300,
        amplitude in any::<f32>(),
        rate_hz in 0.01f64..5000.0,
        (start_s, window_start_s, window_s) in (any::<f64>(), any::<f64>(), any::<f64>()),
        present in any::<[bool; DERIVATIONS]>(),
        drops in proptest::collection::vec(any::<f32>(), 0..12),
        title in any::<String>(),
    ) {
        let config = PlotConfig::default();
        let samples: Vec<f32> =
            (0..samples * DERIVATIONS).map(|place| amplitude * (place % 7) as f32).collect();
        let parts: Vec<Vec<f32>> =
            present.iter().map(|there| if *there { drops.clone() } else { Vec::new() }).collect();
        let first = drops.first().copied();
        let figure = ExplanationFigure {
            title: &title,
            subtitle: &title,
            sentences: std::slice::from_ref(&title),
            samples: &samples,
            present,
            rate_hz,
            start_s,
            recording_start: None,
            window_start_s,
            window_s,
            config: &config,
            quantity: &title,
            course: &[(start_s, None), (window_start_s, first)],
            derivations: present.map(|there| first.filter(|_| there)),
            slices: &drops,
            parts: &parts,
        };
        let sound = !drops.is_empty() && !samples.is_empty();
        let _ = draw_explanation_figure(&figure);
        let near = ExplanationFigure { start_s: 0.0, window_start_s: 0.0, window_s: 1.0, ..figure };
        // A single sample is no trace.
        prop_assert_eq!(draw_explanation_figure(&near).is_ok(), sound && samples.len() > DERIVATIONS);
    }
}
