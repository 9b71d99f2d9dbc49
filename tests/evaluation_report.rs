//! A report says what was measured, in every form the same, and nothing that was not.

use std::fs;
use std::path::Path;

use vigil::detect::AccumulatorConfig;
use vigil::evaluate::report::{
    CalibrationBin, CurvePoint, DataSummary, EquipmentReport, LookAlikeReport, MethodReport, PersonReport,
    ProtocolReport, ReportError, RestReport, Spread, Trueness, WardFigures, write_report,
};
use vigil::evaluate::{Interval, Measures, clopper_pearson, garwood};

/// A number with no more digits than any reader of JSON keeps.
fn short(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn short_interval(interval: Option<Interval>) -> Option<Interval> {
    interval.map(|Interval { lower, upper }| Interval { lower: short(lower), upper: short(upper) })
}

fn median(rising: &[f64]) -> Option<f64> {
    let n = rising.len();
    Some((rising.get(n.checked_sub(1)? / 2)? + rising.get(n / 2)?) / 2.0)
}

/// AUROC, seizures, seizures found and false alarms of each person.
type Facts = [(&'static str, f64, u64, u64, u64)];

const GOOD: [(&str, f64, u64, u64, u64); 8] = [
    ("chb01", 0.973, 5, 5, 0),
    ("chb02", 0.912, 3, 3, 0),
    ("chb03", 0.941, 7, 6, 1),
    ("chb05", 0.988, 5, 5, 0),
    ("chb08", 0.874, 5, 4, 0),
    ("chb13", 0.536, 8, 3, 2),
    ("chb20", 0.791, 6, 5, 0),
    ("sub-042", 0.9963, 1, 1, 0),
];

fn person(facts: &(&str, f64, u64, u64, u64)) -> PersonReport {
    let &(name, auroc, seizures, detected, false_alarms) = facts;
    PersonReport {
        person: name.into(),
        model: "fold-2".into(),
        seizure_s: seizures as usize * 52,
        other_s: 3100,
        auroc: Some(auroc),
        auroc_context: Some(short((auroc * 1.03).min(0.999))),
        threshold: 0.6123,
        seizures,
        detected,
        false_alarms,
        hours: 0.8,
        strictly_false: false_alarms,
        strict_hours: 0.85,
        accumulator: AccumulatorConfig::default(),
        median_latency_s: (detected > 0).then_some(9.5),
    }
}

/// A method that was scored on these people; `skill` above 1 bends its curves away from guessing.
fn method(name: &str, skill: f64, facts: &Facts) -> MethodReport {
    let people: Vec<PersonReport> = facts.iter().map(person).collect();
    let sum = |of: fn(&PersonReport) -> u64| people.iter().map(of).sum::<u64>();
    let (seizures, detected) = (sum(|p| p.seizures), sum(|p| p.detected));
    let false_alarms = sum(|p| p.false_alarms);
    let hours = short(people.iter().map(|person| person.hours).sum());
    let spread = |of: fn(&PersonReport) -> Option<f64>| {
        let values: Vec<(&str, f64)> =
            people.iter().filter_map(|p| Some((p.person.as_str(), of(p)?))).collect();
        Spread::of(&values).map(|spread| Spread {
            median: short(spread.median),
            mean: short(spread.mean),
            worst_tenth_mean: short(spread.worst_tenth_mean),
            ..spread
        })
    };
    let part = |step: u32| f64::from(step) / 40.0;
    let latencies_s: Vec<f64> =
        (0..detected).map(|i| short(4.0 + (i as f64).powf(1.4 / skill.sqrt()))).collect();
    let rate = |count: u64| short(count as f64 / hours);
    let ward = WardFigures {
        seizures,
        detected,
        sensitivity: (seizures > 0).then(|| short(detected as f64 / seizures as f64)),
        sensitivity_95: short_interval(clopper_pearson(detected, seizures)),
        false_alarms,
        hours,
        false_alarms_per_hour: (hours > 0.0).then(|| rate(false_alarms)),
        false_alarms_per_hour_95: short_interval(garwood(false_alarms, hours)),
        median_latency_s: median(&latencies_s),
    };
    MethodReport {
        name: name.into(),
        description: format!("what {name} is, in a sentence"),
        on_trial: false,
        auroc: spread(|person| person.auroc),
        auroc_context: spread(|person| person.auroc_context),
        roc: (0..=40).map(|step| [part(step), short(part(step).powf(1.0 / skill))]).collect(),
        precision_recall: (1..=40)
            .map(|step| [part(step), short(1.0 - 0.9 * part(step).powf(skill / 2.0))])
            .collect(),
        trueness: Some(Trueness {
            brier: 0.0813,
            brier_of_share: 0.162,
            calibration_error: 0.0417,
            seconds: 19_000,
        }),
        calibration: (0..10)
            .map(|bin| {
                let hits = (120.0 * (0.05 + 0.1 * bin as f64).powf(4.0 / skill)) as u64;
                CalibrationBin {
                    predicted: short(0.05 + 0.1 * bin as f64),
                    observed: short(hits as f64 / 120.0),
                    observed_95: short_interval(clopper_pearson(hits, 120)),
                    seconds: 120,
                }
            })
            .collect(),
        curve: if seizures == 0 || hours == 0.0 {
            vec![]
        } else {
            (0..40)
                .map(|step| {
                    let count = (60.0 * (1.0 - part(step)).powf(1.5 * skill)).floor() as u64;
                    CurvePoint {
                        threshold: part(step),
                        sensitivity: short(1.0 - part(step).powf(skill)),
                        false_alarms_per_hour: rate(count),
                        false_alarms_per_hour_95: short_interval(garwood(count, hours)).unwrap(),
                        median_latency_s: Some(8.0),
                    }
                })
                .collect()
        },
        matched: (detected > 1).then(|| CurvePoint {
            threshold: 0.7,
            sensitivity: 0.75,
            false_alarms_per_hour: 1.25,
            false_alarms_per_hour_95: short_interval(garwood(8, 6.4)).unwrap(),
            median_latency_s: Some(8.0),
        }),
        strict: ward,
        rests: vec![],
        equipment: vec![],
        look_alikes: vec![],
        alarm_free: None,
        ward,
        event: Measures {
            sensitivity: (seizures > 0).then_some(0.807),
            precision: (seizures > 0).then_some(0.914),
            f1: (seizures > 0).then_some(0.857),
            fp_per_24h: (hours > 0.0).then_some(11.25),
            tp: detected,
            fp: false_alarms,
            refs: seizures,
        },
        sample: Measures {
            sensitivity: None,
            precision: None,
            f1: None,
            fp_per_24h: None,
            tp: 0,
            fp: 0,
            refs: 0,
        },
        latencies_s,
        people,
    }
}

fn report(methods: Vec<MethodReport>) -> ProtocolReport {
    ProtocolReport {
        protocol: "cross-person".into(),
        title: "People whom no network has seen".into(),
        how: vec![
            "People are dealt into 4 folds; everybody is judged by a network that saw none of their fold."
                .into(),
            "Each method's threshold is the highest at which enough seizures of other people are found."
                .into(),
        ],
        command: "vigil evaluate cross-person --data recordings --three-class fold-1,fold-2".into(),
        date: "2026-02-03".into(),
        data: vec![DataSummary {
            path: "recordings".into(),
            people: 8,
            people_with_seizures: 8,
            recordings: 61,
            hours: 7.47,
            seizure_hours: 0.578,
            seizures: 40,
        }],
        alarm_rule: "an alarm rises where the accumulator reaches 6".into(),
        target_sensitivity: 0.75,
        methods,
        about: None,
        over_people: vec![],
        limits: vec!["No stretch is longer than 600 s: a rate of a day does not follow from it.".into()],
    }
}

/// A method that was asked with other equipment too, with which it finds less.
fn with_equipment(method: MethodReport) -> MethodReport {
    let less = |recorded: &str, factor: f32| {
        let found = GOOD.map(|(name, auroc, seizures, found, wrong)| {
            (name, short(auroc * 0.97), seizures, (found as f32 * factor) as u64, wrong)
        });
        let MethodReport { auroc, strict, .. } = self::method("less", 6.0, &found);
        let followed =
            self::method("followed", 6.0, &GOOD.map(|(name, auroc, n, _, wrong)| (name, auroc, n, 1, wrong)))
                .strict;
        EquipmentReport {
            recorded: recorded.into(),
            auroc,
            strict,
            lowest_level: Some(-3.25),
            followed,
            own: method.strict,
        }
    };
    let own = self::method("own", 6.0, &GOOD.map(|(name, auroc, n, found, _)| (name, auroc, n, found, 1)));
    let (recorded, auroc) = (EquipmentReport::AS_IT_WAS.into(), method.auroc.clone());
    let (strict, followed) = (method.strict, method.strict);
    let as_it_was =
        EquipmentReport { recorded, auroc, strict, lowest_level: None, followed, own: own.strict };
    let equipment = vec![as_it_was, less("multiplied by 0.25", 0.25), less("without T7 | T8", 0.7)];
    MethodReport { equipment, ..method }
}

/// A method that was told with two rests after an alarm.
fn with_rests(method: MethodReport) -> MethodReport {
    let rest = |rest_s, ready_hours| RestReport { rest_s, strict: method.strict, ready_hours };
    MethodReport { rests: vec![rest(30, 4.25), rest(60, 2.75)], ..method }
}

/// A method that was asked about look-alikes too, one of which it takes for a seizure now and then.
fn with_look_alikes(method: MethodReport) -> MethodReport {
    let of = |name: &str, with_alarm: u64| LookAlikeReport {
        look_alike: name.into(),
        stretches: 87,
        with_alarm,
        share: Some(short(with_alarm as f64 / 87.0)),
        share_95: short_interval(clopper_pearson(with_alarm, 87)),
        hours: 1.13,
    };
    let look_alikes = vec![of(LookAlikeReport::NOTHING_ADDED, 2), of("muscle", 5), of("a | pattern", 31)];
    MethodReport { look_alikes, ..method }
}

/// Three methods on eight people; the main one stands in the middle, and was asked with other equipment.
fn three_methods() -> ProtocolReport {
    let worse: Vec<_> =
        GOOD.iter().map(|&(p, a, s, d, f)| (p, short(a * 0.94), s, d.min(3), f + 1)).collect();
    let worst: Vec<_> = GOOD.iter().map(|&(p, a, s, d, _)| (p, short(a * 0.7), s, d.min(1), 0)).collect();
    report(vec![
        method("two-class", 3.0, &worse),
        with_rests(with_look_alikes(with_equipment(method("three-class", 6.0, &GOOD)))),
        MethodReport { calibration: vec![], trueness: None, ..method("line length", 1.6, &worst) },
    ])
}

fn written(report: &ProtocolReport) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_report(folder.path(), report).unwrap();
    if std::env::var("KEEP").is_ok() {
        let name = std::thread::current().name().unwrap().to_string();
        write_report(&Path::new("/tmp/look").join(name), report).unwrap();
    }
    folder
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

struct Image {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Image {
    fn read(path: &Path) -> Image {
        let file = std::io::BufReader::new(fs::File::open(path).unwrap());
        let mut decoder = png::Decoder::new(file);
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Image { width: info.width as usize, height: info.height as usize, rgb }
    }

    /// Pixels of a colour in a part of the image.
    fn count(&self, colour: [u8; 3], columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> usize {
        let pixels = rows.flat_map(|row| columns.clone().map(move |column| (row * self.width + column) * 3));
        pixels.filter(|&at| self.rgb[at..at + 3] == colour).count()
    }
}

const BLUE: [u8; 3] = [0, 114, 178];
const VERMILLION: [u8; 3] = [213, 94, 0];
const GREEN: [u8; 3] = [0, 158, 115];
/// Of lines on trial.
const FAINT: [u8; 3] = [178, 178, 178];

/// The panel of a chart of two axes, in pixels.
const PANEL: (std::ops::Range<usize>, std::ops::Range<usize>) = (158..914, 132..792);

/// The cells of the row of the Markdown table that begins with this name.
fn row(markdown: &str, name: &str) -> Vec<String> {
    let line = markdown.lines().find(|line| {
        line.starts_with(&format!("| {name} |")) || line.starts_with(&format!("| **{name}** |"))
    });
    let cells = line.unwrap_or_else(|| panic!("no row {name}")).trim_matches('|').split(" | ");
    cells.map(|cell| cell.replace("**", "").trim().to_string()).collect()
}

/// All numbers in a text, with how many decimals they are told.
fn numbers(text: &str) -> Vec<(f64, usize)> {
    text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .filter(|word| word.chars().any(|letter| letter.is_ascii_digit()))
        .map(|word| (word.parse().unwrap(), word.split_once('.').map_or(0, |(_, decimals)| decimals.len())))
        .collect()
}

fn assert_tells(cell: &str, expected: &[f64]) {
    let told = numbers(cell);
    assert_eq!(told.len(), expected.len(), "{cell:?} against {expected:?}");
    for ((told, decimals), expected) in told.into_iter().zip(expected) {
        let half = 0.5 * 10f64.powi(-(decimals as i32)) * (1.0 + 1e-9);
        assert!((told - expected).abs() <= half, "{cell:?} against {expected}");
    }
}

#[test]
fn the_json_read_again_is_the_same_report() {
    let report = three_methods();
    let folder = written(&report);
    let read: ProtocolReport = serde_json::from_str(&text(folder.path(), "report.json")).unwrap();
    // Without printing all of both.
    assert!(read == report);
}

#[test]
fn every_number_of_the_main_table_is_that_of_the_json() {
    let folder = written(&three_methods());
    let read: ProtocolReport = serde_json::from_str(&text(folder.path(), "report.json")).unwrap();
    let markdown = text(folder.path(), "report.md");
    for method in &read.methods {
        let cells = row(&markdown, &method.name);
        let ends =
            |interval: Option<Interval>| interval.map(|Interval { lower, upper }| [lower, upper]).unwrap();
        let (auroc, context) = (method.auroc.as_ref().unwrap(), method.auroc_context.as_ref().unwrap());
        let [low, high] = ends(auroc.median_95);
        assert_tells(&cells[1], &[auroc.people as f64]);
        assert_tells(&cells[2], &[auroc.median, low, high]);
        assert_tells(&cells[3], &[auroc.mean]);
        assert_tells(&cells[4], &[auroc.worst_tenth_mean]);
        let [low, high] = ends(context.median_95);
        assert_tells(&cells[5], &[context.median, low, high]);
        assert_tells(&cells[6], &[context.mean]);
        let ward = &method.ward;
        let [low, high] = ends(ward.sensitivity_95);
        assert_tells(&cells[7], &[ward.detected as f64, ward.seizures as f64, 100.0 * low, 100.0 * high]);
        let [low, high] = ends(ward.false_alarms_per_hour_95);
        assert_tells(&cells[8], &[ward.false_alarms_per_hour.unwrap(), low, high]);
        assert_tells(&cells[9], &[ward.false_alarms as f64]);
        assert_tells(&cells[10], &[ward.hours]);
        assert_tells(&cells[11], &[ward.median_latency_s.unwrap()]);
        let strict = &method.strict;
        assert_tells(&cells[14], &[strict.false_alarms as f64]);
        assert_tells(&cells[15], &[strict.hours]);
        match &method.matched {
            Some(CurvePoint {
                false_alarms_per_hour: rate,
                false_alarms_per_hour_95: Interval { lower, upper },
                ..
            }) => {
                assert_tells(&cells[16], &[*rate, *lower, *upper]);
            }
            None => assert_eq!(cells[16], "-"),
        }
        let event = &method.event;
        let szcore = [event.sensitivity, event.precision, event.f1, event.fp_per_24h];
        for (cell, expected) in cells[17..].iter().zip(szcore) {
            assert_tells(cell, &[expected.unwrap()]);
        }
        assert_eq!(cells.len(), 21);
    }
}

#[test]
fn every_number_over_people_is_that_of_the_json() {
    let folder = written(&three_methods().with_people_drawn());
    let read: ProtocolReport = serde_json::from_str(&text(folder.path(), "report.json")).unwrap();
    let (markdown, html) = (text(folder.path(), "report.md"), text(folder.path(), "report.html"));
    let table = markdown.split("**If other people had been scored**").nth(1).expect("the table");
    let words = "draw people, with all that is theirs, in place of seizures";
    assert!(table.contains(words) && html.contains(words), "{table}");
    for (method, over) in read.methods.iter().zip(&read.over_people) {
        let cells = row(table, &method.name);
        let found = over.sensitivity_95.expect("eight people with seizures");
        let ward = &method.ward;
        let percent = [100.0 * found.lower, 100.0 * found.upper];
        assert_tells(&cells[1], &[ward.detected as f64, ward.seizures as f64, percent[0], percent[1]]);
        match over.false_alarms {
            0 => assert_eq!(cells[2], "0"),
            alarms => assert_tells(&cells[2], &[alarms as f64, over.people_with_false_alarms as f64]),
        }
        for (difference, first) in [(over.auroc, 3), (over.auroc_context, 5)] {
            let Some(difference) = difference else {
                assert_eq!(
                    (method.name.as_str(), &cells[first..first + 2]),
                    ("three-class", &["-".to_string(), "-".into()][..])
                );
                continue;
            };
            let ends = difference.mean_95.expect("eight people");
            assert_tells(&cells[first], &[difference.mean, ends.lower, ends.upper].map(f64::abs));
            assert!(cells[first].starts_with('+'), "the main method is the better one: {}", cells[first]);
            assert_tells(&cells[first + 1], &[difference.better as f64, difference.worse as f64]);
        }
    }
    // By hand: two of the eight people have a false alarm, and the main method ranks better for each of them.
    let [two_class, main, line_length] = &read.over_people[..] else { panic!("three methods") };
    assert_eq!((main.false_alarms, main.people_with_false_alarms), (3, 2));
    assert_eq!(two_class.people_with_false_alarms, 8);
    assert_eq!(line_length.people_with_false_alarms, 0);
    let better = line_length.auroc.unwrap();
    assert_eq!((better.people, better.better, better.worse), (8, 8, 0));
    let mean = GOOD.iter().map(|(_, auroc, ..)| auroc - short(auroc * 0.7)).sum::<f64>() / 8.0;
    assert!((better.mean - mean).abs() < 1e-9, "{} for {mean}", better.mean);

    // A handful of people tells nothing of others.
    let few = written(&report(vec![method("three-class", 6.0, &GOOD[..5])]).with_people_drawn());
    assert!(!text(few.path(), "report.md").contains("If other people had been scored"));
}

#[test]
fn every_number_of_other_equipment_is_that_of_the_json() {
    let folder = written(&three_methods());
    let read: ProtocolReport = serde_json::from_str(&text(folder.path(), "report.json")).unwrap();
    let (markdown, html) = (text(folder.path(), "report.md"), text(folder.path(), "report.html"));
    let section = markdown.split("## If other equipment had recorded them").nth(1).unwrap();
    let (words, table) = section.split_once("**Methods with EEG").unwrap();
    assert!(words.contains("simulated") && words.contains("not other people"), "{words}");
    assert!(words.contains("chosen on other people's EEG as it was recorded"), "{words}");
    assert!(html.contains("<h2>If other equipment had recorded them</h2>"));
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.contains("three-class"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .take(3)
        .collect();
    for (cells, equipment) in rows.iter().zip(&read.methods[1].equipment) {
        let cell = |index: usize| cells[index].replace("**", "");
        let ends = |interval: Option<Interval>| interval.map_or([0.0; 2], |ends| [ends.lower, ends.upper]);
        assert_eq!(cells.len(), 15);
        let auroc = equipment.auroc.as_ref().unwrap();
        let [low, high] = ends(auroc.median_95);
        assert_tells(&cell(2), &[auroc.median, low, high]);
        assert_tells(&cell(3), &[auroc.mean]);
        for (alarms, first) in [(&equipment.strict, 4), (&equipment.followed, 7), (&equipment.own, 10)] {
            let [low, high] = ends(alarms.sensitivity_95);
            let found = [alarms.detected as f64, alarms.seizures as f64, 100.0 * low, 100.0 * high];
            assert_tells(&cell(first), &found);
            let [low, high] = ends(alarms.false_alarms_per_hour_95);
            assert_tells(&cell(first + 1), &[alarms.false_alarms_per_hour.unwrap(), low, high]);
            assert_tells(&cell(first + 2), &[alarms.false_alarms as f64]);
        }
        assert_tells(&cell(13), &[equipment.strict.hours]);
        assert_eq!(cell(14), equipment.lowest_level.map_or("-".to_string(), |level| format!("{level:.2}")));
        assert!(html.contains(&format!("<td>{}</td>", cell(3))));
    }
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0][1], "**as it was**");
    assert!(table.contains("multiplied by 0.25") && html.contains("<td>without T7 | T8</td>"), "{table}");

    // Where nobody asked, nothing is said.
    let folder = written(&report(vec![method("three-class", 6.0, &GOOD)]));
    for file in ["report.md", "report.html"] {
        assert!(!text(folder.path(), file).contains("other equipment"), "{file}");
    }
}

#[test]
fn every_look_alike_stands_in_a_row_with_its_count_and_interval() {
    let folder = written(&three_methods());
    let (markdown, html) = (text(folder.path(), "report.md"), text(folder.path(), "report.html"));
    let section = markdown.split("## Where something looks like a seizure").nth(1).unwrap();
    let (words, table) = section.split_once("**Methods with look-alikes").unwrap();
    assert!(words.contains("simulated") && words.contains("settings of the main table"), "{words}");
    assert!(html.contains("<h2>Where something looks like a seizure</h2>"));
    let rows: Vec<&str> = table.lines().filter(|line| line.contains("three-class")).take(3).collect();
    for (row, (name, count, low, high)) in rows.iter().zip([
        ("**nothing added**", "**2 of 87**", 0.27962, 8.05859),
        ("muscle", "5 of 87", 1.89219, 12.90425),
        ("a \\| pattern", "31 of 87", 25.64933, 46.62363),
    ]) {
        assert!(row.contains(name) && row.contains(count), "{row}");
        let interval = row.split('(').nth(1).and_then(|rest| rest.split(" %").next()).unwrap();
        assert_tells(interval, &[low, high]);
        assert!(row.contains("1.1"), "{row}");
    }
    assert_eq!(rows.len(), 3);

    // Where nobody asked, nothing is said.
    let folder = written(&report(vec![method("three-class", 6.0, &GOOD)]));
    for file in ["report.md", "report.html"] {
        assert!(!text(folder.path(), file).contains("looks like a seizure"), "{file}");
    }
}

#[test]
fn every_rest_stands_in_a_row_with_the_hours_that_its_rate_rests_on() {
    let folder = written(&three_methods());
    let (markdown, html) = (text(folder.path(), "report.md"), text(folder.path(), "report.html"));
    let section = markdown.split("## How long the detector rests after an alarm").nth(1).unwrap();
    let (words, table) = section.split_once("**Methods with other rests").unwrap();
    assert!(words.contains("not chosen") && words.contains("settings of the main table"), "{words}");
    assert!(html.contains("<h2>How long the detector rests after an alarm</h2>"));
    assert!(markdown.contains("resting for 60 s after an alarm") && markdown.contains("only in 2.8 h"));
    let rows: Vec<&str> = table.lines().filter(|line| line.contains("three-class")).take(2).collect();
    assert!(rows[0].contains("| 30 |") && rows[0].contains("| 4.2 |"), "{}", rows[0]);
    assert!(rows[1].contains("**60** (default)") && rows[1].contains("| **2.8** |"), "{}", rows[1]);

    // Where nothing was told, nothing is said.
    let folder = written(&report(vec![method("three-class", 6.0, &GOOD)]));
    for file in ["report.md", "report.html"] {
        assert!(!text(folder.path(), file).contains("rests after an alarm"), "{file}");
    }
}

#[test]
fn markdown_and_html_tell_the_same_table() {
    let folder = written(&three_methods());
    let (markdown, html) = (text(folder.path(), "report.md"), text(folder.path(), "report.html"));
    for name in ["two-class", "three-class", "line length"] {
        for cell in row(&markdown, name) {
            let first = cell.split(" (").next().unwrap();
            assert!(
                html.contains(&format!(">{first}<")) || html.contains(&format!(">{first} <small>")),
                "{cell}"
            );
        }
    }
    for head in ["scope=\"col\"", "scope=\"colgroup\"", "scope=\"row\"", "<caption>", "lang=\"en\""] {
        assert!(html.contains(head), "{head}");
    }
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"));
}

#[test]
fn people_are_told_worst_first_and_the_worst_tenth_by_name() {
    let folder = written(&three_methods());
    let markdown = text(folder.path(), "report.md");
    let table = markdown.split("## Person by person").nth(1).unwrap();
    let place = |person: &str| table.find(person).unwrap();
    assert!(place("chb13") < place("chb20") && place("chb20") < place("chb05"));
    assert!(table.contains("| **chb13** (worst tenth) |"));
    assert!(markdown.contains("The worst tenth: chb13 (mean 0.54)"));
    // The best person's 0.9963 is not rounded to certainty.
    assert_eq!(row(&markdown, "sub-042")[4], "0.996");
}

#[test]
fn a_report_is_about_the_method_that_was_named() {
    let folder = written(&ProtocolReport { about: Some("line length".into()), ..three_methods() });
    let markdown = text(folder.path(), "report.md");
    let pointed_out = |name: &str| markdown.lines().any(|line| line.starts_with(&format!("| **{name}**")));
    assert!(pointed_out("line length") && markdown.contains("line length: found "));
    let main_table =
        markdown.split("**Methods on the same data").nth(1).unwrap().split("**Methods with").next();
    assert!(!main_table.unwrap().contains("| **three-class**"));
}

#[test]
fn every_figure_is_on_the_page_with_its_message_in_words() {
    let folder = written(&three_methods());
    let html = text(folder.path(), "report.html");
    let images: Vec<String> =
        files(folder.path()).into_iter().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(images.len(), 6);
    for image in images {
        let after = html.split(&format!("<img src=\"{image}\" alt=\"")).nth(1).unwrap();
        let alt = after.split('"').next().unwrap();
        assert!(alt.len() > 60 && alt.contains("three-class"), "{image}: {alt}");
        assert!(text(folder.path(), "report.md").contains(&format!("]({image})")));
    }
}

#[test]
fn curves_are_drawn_where_their_points_are() {
    let folder = written(&three_methods());
    for name in ["roc", "precision_recall", "false_alarms", "latency", "calibration"] {
        let image = Image::read(&folder.path().join(format!("{name}.png")));
        assert_eq!((image.width, image.height), (1400, 900), "{name}");
        let (columns, rows) = PANEL;
        let drawn = |colour| image.count(colour, columns.clone(), rows.clone());
        assert!(drawn(BLUE) > 1500, "{name}: {}", drawn(BLUE));
        assert!(drawn(VERMILLION) > 900, "{name}: {}", drawn(VERMILLION));
        // The third method has no probabilities.
        assert_eq!(drawn(GREEN) > 300, name != "calibration", "{name}: {}", drawn(GREEN));
        // And all of them in the legend.
        assert!(image.count(BLUE, 940..1100, 100..400) > 100, "{name}");
    }
    // The main method's ROC curve goes through (0.5, 0.5 to the power of a sixth).
    let image = Image::read(&folder.path().join("roc.png"));
    let (x, y) = ((158 + 914) / 2, 792.0 - 660.0 * 0.5_f64.powf(1.0 / 6.0));
    assert!(image.count(BLUE, x - 1..x + 2, y as usize - 4..y as usize + 5) > 6);
}

#[test]
fn what_is_on_trial_stays_in_the_tables_and_is_pale_in_the_figures() {
    let mut report = three_methods();
    for method in report.methods.iter_mut().filter(|method| method.name != "three-class") {
        method.on_trial = true;
    }
    let folder = written(&report);
    for name in ["roc", "precision_recall", "false_alarms", "latency", "calibration"] {
        let image = Image::read(&folder.path().join(format!("{name}.png")));
        let (columns, rows) = PANEL;
        assert!(image.count(BLUE, columns.clone(), rows.clone()) > 1500, "{name}");
        assert!(image.count(FAINT, columns.clone(), rows.clone()) > 300, "{name}");
        assert_eq!(image.count(VERMILLION, 0..1400, 0..900), 0, "{name}");
        assert_eq!(image.count(GREEN, 0..1400, 0..900), 0, "{name}");
        // One line of the legend stands for both.
        assert!(image.count(FAINT, 940..1100, 100..400) > 60, "{name}");
    }
    let image = Image::read(&folder.path().join("people.png"));
    assert_eq!(image.count(VERMILLION, 0..1400, 0..image.height), 0);
    let markdown = text(folder.path(), "report.md");
    assert_eq!(row(&markdown, "two-class")[0], "two-class");
}

#[test]
fn the_figure_of_people_has_a_bar_for_each() {
    let folder = written(&three_methods());
    let image = Image::read(&folder.path().join("people.png"));
    assert_eq!(image.width, 1400);
    // Eight people and their median, 40 rows each.
    assert!(image.height > 9 * 40 + 200 && image.height < 9 * 40 + 400, "{}", image.height);
    // Only the worst tenth is dark: one bar below the median's.
    assert!(image.count(BLUE, 280..1060, 160..200) > 100);
    assert_eq!(image.count(BLUE, 280..1060, 200..480), 0);
    // The marks of the other two.
    assert!(image.count(VERMILLION, 280..1060, 160..480) > 8 * 60);
    assert!(image.count(GREEN, 280..1060, 160..480) > 8 * 60);
}

#[test]
fn no_false_alarm_stands_at_the_left_edge_with_its_upper_bound() {
    let quiet: Vec<_> = GOOD.iter().map(|&(p, a, s, d, _)| (p, a, s, d, 0)).collect();
    let folder = written(&report(vec![method("three-class", 6.0, &quiet)]));
    let image = Image::read(&folder.path().join("false_alarms.png"));
    let y = (792.0 - 660.0 * 32.0 / 40.0) as usize;
    // The mark in the place for zero, and the bar from there to the right.
    assert!(image.count(BLUE, 180..232, y - 12..y + 13) > 200);
    assert!(image.count(BLUE, 256..282, y - 3..y + 4) > 20);
    let markdown = text(folder.path(), "report.md");
    // 3.689 over 6.4 hours.
    assert_eq!(row(&markdown, "three-class")[8], "0 (0 to 0.58)");
    assert!(markdown.contains("0 false alarms in 6.4 h: 0 an hour (95 % interval 0 to 0.58)"));
}

#[test]
fn without_seizures_there_is_no_share_and_no_figure_of_it() {
    let healthy: Vec<PersonReport> = GOOD
        .iter()
        .map(|facts| PersonReport {
            auroc: None,
            auroc_context: None,
            ..person(&(facts.0, 0.0, 0, 0, facts.4))
        })
        .collect();
    let nothing: Vec<_> = GOOD.iter().map(|&(p, _, _, _, f)| (p, 0.0, 0, 0, f)).collect();
    let method = MethodReport {
        people: healthy,
        auroc: None,
        auroc_context: None,
        roc: vec![],
        precision_recall: vec![],
        ..method("three-class", 6.0, &nothing)
    };
    let folder = written(&report(vec![method]));
    let markdown = text(folder.path(), "report.md");
    let cells = row(&markdown, "three-class");
    for index in [1, 2, 3, 4, 5, 6, 7, 11, 12, 17, 18, 19] {
        assert_eq!(cells[index], "-", "column {index}");
    }
    assert_tells(&cells[8], &[3.0 / 6.4, 0.0966, 1.37]);
    assert_eq!(files(folder.path()), ["calibration.png", "report.html", "report.json", "report.md"]);
    assert_eq!(markdown.matches("Not drawn").count(), 5);
    assert!(markdown.contains("there were no seizures to find"));
}

#[test]
fn without_hours_outside_seizures_nothing_is_known_of_false_alarms() {
    let people: Vec<PersonReport> =
        GOOD.iter().map(|facts| PersonReport { hours: 0.0, ..person(facts) }).collect();
    let mut method = method("three-class", 6.0, &GOOD);
    method.people = people;
    method.curve.clear();
    method.event.fp_per_24h = None;
    let none = WardFigures {
        hours: 0.0,
        false_alarms: 0,
        false_alarms_per_hour: None,
        false_alarms_per_hour_95: None,
        ..method.ward
    };
    let folder = written(&report(vec![MethodReport { ward: none, strict: none, ..method }]));
    let cells = row(&text(folder.path(), "report.md"), "three-class");
    assert_eq!([&cells[8], &cells[9], &cells[10], &cells[20]], ["-", "0", "0", "-"]);
    assert!(!folder.path().join("false_alarms.png").exists());
    assert!(text(folder.path(), "report.html").contains("nothing is known of false alarms"));
}

#[test]
fn one_person_has_no_interval() {
    let folder = written(&report(vec![method("three-class", 6.0, &GOOD[..1])]));
    let markdown = text(folder.path(), "report.md");
    assert_eq!(row(&markdown, "three-class")[2], "0.97 (-)");
    assert!(folder.path().join("people.png").exists());
    assert!(markdown.contains("1 person: from 0.97 (chb01) to 0.97 (chb01)"));
}

#[test]
fn a_report_without_methods_or_data_is_a_page_that_says_so() {
    let folder = written(&ProtocolReport { data: vec![], how: vec![], limits: vec![], ..report(vec![]) });
    assert_eq!(files(folder.path()), ["report.html", "report.json", "report.md"]);
    assert_eq!(text(folder.path(), "report.html").matches("Not drawn").count(), 6);
}

#[test]
fn what_comes_from_data_is_text_and_never_markup() {
    let evil = "<script>alert(1)</script>|`*&\"'";
    let mut report = three_methods();
    for method in &mut report.methods {
        method.people[5].person = evil.into();
        method.auroc.as_mut().unwrap().worst_tenth = vec![evil.into()];
        method.description = evil.into();
    }
    report.title = evil.into();
    report.command = format!("vigil {evil}\n```\n# not a heading");
    report.how.push(format!("a\n\n# {evil}"));
    report.limits.push(evil.into());
    report.data[0].path = evil.into();
    report.alarm_rule = evil.into();
    report.protocol = evil.into();
    report.methods[0].name = evil.into();
    let folder = written(&report);
    let html = text(folder.path(), "report.html");
    assert!(
        !html.contains("<script")
            && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;|`*&amp;&quot;&#39;")
    );
    let markdown = text(folder.path(), "report.md");
    let (page, command) = markdown.split_once("````sh\n").unwrap();
    assert!(
        !page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\|\\`\\*&amp;")
    );
    assert!(command.contains("# not a heading\n````"));
    // A name with a bar in it makes no column of its own.
    let widths: Vec<usize> = page
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.replace("\\|", "").matches('|').count())
        .collect();
    assert!(widths.iter().all(|width| [5, 6, 8, 9, 14, 16, 22].contains(width)), "{widths:?}");
}

#[test]
fn numbers_that_are_none_are_neither_drawn_nor_told() {
    let mut report = three_methods();
    for method in &mut report.methods {
        method.roc.push([f64::NAN, f64::INFINITY]);
        method.precision_recall[3] = [f64::NAN; 2];
        method.calibration.truncate(1);
        method.latencies_s.push(f64::INFINITY);
        for point in &mut method.curve[..3] {
            (point.false_alarms_per_hour, point.sensitivity) = (f64::NAN, f64::INFINITY);
        }
        method.people[0].auroc = Some(f64::NAN);
        method.ward.false_alarms_per_hour = Some(f64::NEG_INFINITY);
        method.ward.median_latency_s = Some(f64::NAN);
    }
    report.target_sensitivity = f64::NAN;
    let folder = written(&report);
    for file in ["report.md", "report.html"] {
        let page = text(folder.path(), file);
        assert!(!page.contains("NaN") && !page.contains("inf "), "{file}");
    }
}

#[test]
fn as_many_methods_and_people_as_there_are_have_room() {
    let names: Vec<String> = (0..60).map(|number| format!("person {number:02}")).collect();
    let methods = (0..12)
        .map(|number| {
            let mut method = method(&format!("method {number}"), 1.0 + f64::from(number), &GOOD);
            let person = method.people[0].clone();
            method.people = names
                .iter()
                .enumerate()
                .map(|(at, name)| PersonReport {
                    person: name.clone(),
                    auroc: Some(short(0.4 + at as f64 / 100.0)),
                    ..person.clone()
                })
                .collect();
            method
        })
        .collect();
    let folder = written(&report(methods));
    let image = Image::read(&folder.path().join("people.png"));
    assert!(image.height > 61 * 40, "{}", image.height);
    let image = Image::read(&folder.path().join("false_alarms.png"));
    assert!(image.height > 12 * 120, "{}", image.height);
}

#[test]
fn a_second_report_replaces_the_first_and_leaves_other_files_alone() {
    let folder = written(&three_methods());
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let first = fs::read(folder.path().join("roc.png")).unwrap();
    let second =
        MethodReport { calibration: vec![], trueness: None, ..method("three-class", 2.0, &GOOD[..7]) };
    write_report(folder.path(), &report(vec![second])).unwrap();
    assert_ne!(fs::read(folder.path().join("roc.png")).unwrap(), first);
    // The old calibration curve would be another run's.
    assert_eq!(
        files(folder.path()),
        [
            "false_alarms.png",
            "latency.png",
            "notes.txt",
            "people.png",
            "precision_recall.png",
            "report.html",
            "report.json",
            "report.md",
            "roc.png"
        ]
    );
    assert!(!text(folder.path(), "report.md").contains("two-class"));
}

#[test]
fn the_same_report_is_written_the_same() {
    let (first, second) = (written(&three_methods()), written(&three_methods()));
    for file in files(first.path()) {
        assert_eq!(fs::read(first.path().join(&file)).unwrap(), fs::read(second.path().join(&file)).unwrap());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    fs::write(&file, "a file").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = write_report(&path, &three_methods()).unwrap_err();
        assert!(matches!(error, ReportError::Write { .. }), "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"a file");
    // One file that cannot take its place: a folder has its name.
    let folder = written(&three_methods());
    fs::remove_file(folder.path().join("report.html")).unwrap();
    fs::create_dir(folder.path().join("report.html")).unwrap();
    let error = write_report(folder.path(), &three_methods()).unwrap_err();
    assert!(error.to_string().contains("report.html"), "{error}");
    assert!(files(folder.path()).iter().all(|name| !name.ends_with(".part")));
}
