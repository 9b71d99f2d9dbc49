//! The page of a report, whatever it is written in: what stands on it, in which order.

use super::figures::Figure;
use super::over_people::over_people_table;
use super::tables::{
    alarm_free_table, data_table, equipment_table, look_alikes_table, main_table, people_table, rests_table,
    trueness_table,
};
use super::words::{amount, count, figure, interval, part, percent, share};
use super::{MethodReport, ProtocolReport};
use crate::detect::{AccumulatorConfig, DEEPEST, LOWEST_LOG_ODDS};
use crate::evaluate::{AFTER_S, CONTEXT_S};

/// A page in parts.
pub(super) struct Page {
    pub title: String,
    /// What it says in a few sentences.
    pub lead: Vec<String>,
    pub blocks: Vec<Block>,
}

/// A part of a page. All text is plain: what writes it sees to its escaping.
pub(super) enum Block {
    Heading(&'static str),
    Paragraph(String),
    List(Vec<String>),
    /// Words and what they mean.
    Terms(Vec<(String, String)>),
    Table(Table),
    Figure {
        title: &'static str,
        /// The file beside the page; none where nothing is drawn.
        file: Option<&'static str>,
        reading: String,
        message: String,
    },
    Command(String),
}

/// A table whose first column names the rows.
pub(super) struct Table {
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

pub(super) struct Column {
    /// What neighbouring columns have in common. May be empty.
    pub group: &'static str,
    pub name: &'static str,
}

pub(super) struct Row {
    /// Whether the row is pointed out.
    pub marked: bool,
    pub cells: Vec<Cell>,
}

/// A figure, and what stands beside it in small print, say its interval. May be empty.
pub(super) struct Cell {
    pub text: String,
    pub beside: String,
}

impl Cell {
    pub fn of(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), beside: String::new() }
    }

    pub fn with(text: impl Into<String>, beside: impl Into<String>) -> Cell {
        Cell { text: text.into(), beside: beside.into() }
    }
}

/// The page of a report with these figures.
pub(super) fn page(report: &ProtocolReport, figures: &[Figure]) -> Page {
    let mut blocks = vec![
        Block::Heading("How it was done"),
        Block::List(report.how.clone()),
        Block::Paragraph(format!(
            "All methods share one alarm rule: {}. They are compared at one sensitivity: thresholds are chosen, \
             without the person who is scored, to find {} % of the seizures.",
            report.alarm_rule.trim_end_matches('.'),
            percent(report.target_sensitivity)
        )),
        Block::Table(data_table(report)),
        Block::Heading("The methods side by side"),
        Block::Terms(
            report.methods.iter().map(|method| (method.name.clone(), method.description.clone())).collect(),
        ),
        Block::Table(main_table(report)),
        Block::Paragraph(
            "In brackets: the 95 % interval, a span that is drawn so as to hold the true figure in 19 of 20 such \
             measurements. It takes people, seizures and alarms as independent. Those of one person are not, so that of \
             seizures and alarms is too narrow. A figure that rests on nothing is \"-\"; so is the interval of a \
             median over fewer than 6 people. Means, the worst tenth and the SzCORE columns have no interval here. \
             report.json holds every figure with all its digits."
                .into(),
        ),
    ];
    if let Some(table) = over_people_table(report) {
        blocks.push(Block::Table(table));
        blocks.push(Block::Paragraph(
            "Here the intervals draw people, with all that is theirs, in place of seizures and seconds (10,000 draws): what other \
             people like these might have shown. How far a method ranks better than another is told person by person, \
             since people differ more than methods do; where its interval holds 0, that it is better is not shown."
                .into(),
        ));
    }
    blocks.extend([alarm_free_table(report), trueness_table(report)].into_iter().flatten().map(Block::Table));
    if let Some(table) = rests_table(report) {
        blocks.push(Block::Heading("How long the detector rests after an alarm"));
        blocks.push(Block::Paragraph(
            "With the settings of the main table, but for the seconds after an alarm's end in which none is raised anew. The rest is \
             not chosen on what is scored or on other people: it covers what follows a seizure, and where recordings end soon after \
             their seizures the longest would always look best. So the last but one column tells how many of the hours \
             remain in which an alarm could have been raised at all. Rates are over all hours: where few of these remain, a low one says little."
                .into(),
        ));
        blocks.push(Block::Table(table));
    }
    if let Some(table) = equipment_table(report) {
        blocks.push(Block::Heading("If other equipment had recorded them"));
        blocks.push(Block::Paragraph(format!(
            "Every window of the people who are scored was judged once more with its signal changed: multiplied by a factor, \
             filtered, or without some electrodes. What makes alarms of it are, first, the settings of the main table, \
             chosen on other people's EEG as it was recorded, which do not know of the change; second, the same but for the \
             threshold, which follows the person's level down, as after vigil patient fit: where the median log-odds that the \
             networks give to the seizure-free seconds of the other half of their recordings, recorded in the same way, lie \
             below {LOWEST_LOG_ODDS}, it is lower by the difference, by {DEEPEST} at most. The last column has the lowest level of anybody with \
             seizures. Third, the settings of the person's own: those with which methods are compared first, made stricter or more sensitive until the \
             seizure-free seconds of other recordings of theirs, changed in the same way, have no more than one false alarm \
             an hour, one that lasts counting again each minute. Recordings are cut before each seizure, and every other piece \
             serves for those between; where it has no seizure-free second, or nothing keeps to the rate, those settings stay as they \
             are. A ward chooses so before it knows any seizure of a patient, but from hours, where here there are \
             minutes. People with a single seizure have no such figure. This is simulated: the same recordings changed, noise and all, \
             not other people or other amplifiers. Where so many derivations are missing that a second is not \
             judged, it is not scored."
        )));
        blocks.push(Block::Table(table));
    }
    if let Some(table) = look_alikes_table(report) {
        blocks.push(Block::Heading("Where something looks like a seizure"));
        blocks.push(Block::Paragraph(
            "To seizure-free stretches of the people who are scored, of 15 s and more, a pattern was added that goes on to \
             their end and does not evolve; told is in how many of them there was an alarm, with the settings of the \
             main table. Periodic discharges and rhythmic delta have 50 to 200 uV from zero to peak in the \
             derivation that shows them best, muscle, chewing and movement 60 to 400 uV before the filters. This is simulated: a \
             patient's own may look otherwise."
                .into(),
        ));
        blocks.push(Block::Table(table));
    }
    blocks.push(Block::Heading("What the words mean"));
    blocks.push(Block::Terms(glossary()));
    blocks.push(Block::Heading("Figures"));
    blocks.extend(figures.iter().map(|figure| Block::Figure {
        title: figure.title,
        file: figure.drawing.as_ref().map(|_| figure.file),
        reading: figure.reading.clone(),
        message: figure.message.clone(),
    }));
    if let Some(main) = report.main_method() {
        blocks.push(Block::Heading("Person by person"));
        blocks.push(Block::Table(people_table(main)));
    }
    blocks.push(Block::Heading("What the data cannot show"));
    blocks.push(match report.limits.as_slice() {
        [] => Block::Paragraph("Nothing was noted, which does not mean that there is nothing.".into()),
        limits => Block::List(limits.to_vec()),
    });
    blocks.push(Block::Heading("Make it anew"));
    blocks.push(Block::Paragraph(format!("Made on {} by this command:", report.date)));
    blocks.push(Block::Command(report.command.clone()));
    Page { title: report.title.clone(), lead: lead(report), blocks }
}

fn lead(report: &ProtocolReport) -> Vec<String> {
    let mut lead = vec![format!(
        "vigil reads EEG, the electrical activity of the brain, second by second and raises an alarm when it takes \
         it for an epileptic seizure. This page tells how well {} on recordings in which experts had marked the \
         seizures, by the protocol \"{}\".",
        match report.methods.len() {
            1 => "one way of doing so works".into(),
            ways => format!("{ways} ways of doing so work"),
        },
        report.protocol
    )];
    lead.extend(report.main_method().map(summary));
    lead
}

/// The main method in a few sentences.
fn summary(method: &MethodReport) -> String {
    let ward = &method.ward;
    let found = match (ward.seizures, ward.median_latency_s) {
        (0, _) => "there were no seizures to find".into(),
        (_, None) => format!("found none of {}", count(ward.seizures, "seizure", "seizures")),
        (_, Some(median)) => format!(
            "found {} seizures (95 % interval {} %), half of these within {} s of the onset",
            part(ward.detected, ward.seizures),
            interval(ward.sensitivity_95, percent),
            amount(median)
        ),
    };
    let alarms = match ward.false_alarms_per_hour {
        None => {
            "there were no hours in which an alarm would have been false, so nothing is known of false alarms"
                .into()
        }
        Some(rate) => format!(
            "{} in {} h: {} an hour (95 % interval {})",
            count(ward.false_alarms, "false alarm", "false alarms"),
            amount(ward.hours),
            amount(rate),
            interval(ward.false_alarms_per_hour_95, amount)
        ),
    };
    let strictly = match method.strict.false_alarms_per_hour {
        None => String::new(),
        Some(rate) => format!(
            ", and counted strictly {} of {} with {} in {} h: {} an hour ({})",
            method.strict.detected,
            method.strict.seizures,
            count(method.strict.false_alarms, "false alarm", "false alarms"),
            amount(method.strict.hours),
            amount(rate),
            interval(method.strict.false_alarms_per_hour_95, amount)
        ),
    };
    let usual_s = AccumulatorConfig::default().refractory_s;
    let rested = method.rests.iter().find(|rest| rest.rest_s == usual_s).map_or_else(String::new, |rest| {
        format!(
            "; resting for {usual_s} s after an alarm, as a ward's detector does by default, {} of {} with {}, though only in {} h of \
             these one could rise",
            rest.strict.detected,
            rest.strict.seizures,
            count(rest.strict.false_alarms, "false alarm", "false alarms"),
            amount(rest.ready_hours)
        )
    });
    let ranked = method.auroc.as_ref().map_or_else(
        || "an AUROC there is for nobody".into(),
        |spread| {
            format!(
                "the median AUROC of single seconds over {} is {} (95 % interval {}), on the worst tenth {}",
                count(spread.people as u64, "person", "people"),
                share(spread.median),
                interval(spread.median_95, share),
                share(spread.worst_tenth_mean)
            )
        },
    );
    format!("{}: {found}; {alarms}{strictly}{rested}; {ranked}.", method.name)
}

fn glossary() -> Vec<(String, String)> {
    let terms = [
        (
            "AUROC",
            "Take a seizure second and another one of the same person at random: the chance that the method \
             ranks the seizure second higher. 1 is perfect, 0.5 is guessing. It is computed for each person; the table \
             gives median and mean over people."
                .to_string(),
        ),
        (
            "AUROC in context",
            format!(
                "The same of the mean over a second and those before it, whose weight fades to a third in {CONTEXT_S:.1} s: the \
                 seconds of this mean are as old, on average, as those of a plain mean of ten."
            ),
        ),
        (
            "worst tenth",
            "The tenth of the people, at least one, on whom the method ranks worst: the mean of their AUROC.".into(),
        ),
        (
            "seizures found",
            format!("Those with an alarm from the onset that experts marked to {AFTER_S} s after the end."),
        ),
        (
            "false alarms",
            "All other alarms. The hours are those in which an alarm would have been false: a rate bears no more \
             than they do."
                .into(),
        ),
        (
            "counted strictly",
            format!(
                "The {AFTER_S} s after a seizure are time without seizure like any other: an alarm whose whole run of \
                 seconds lies after the end finds nothing and is false. On recordings that end soon after their \
                 seizures most of the time without seizure is of this kind, and it is the hardest."
            ),
        ),
        (
            "at the wanted sensitivity",
            "The fewest false alarms in an hour, over all settings that were tried, with which the wanted share of \
             everybody's seizures is found, half of them in time where any setting does that. The setting is chosen on what is scored: it compares methods at one \
             sensitivity and promises nothing. Where no setting finds so many there is no figure."
                .into(),
        ),
        (
            "Brier score",
            "The mean squared distance of the probability of seizure from the truth, second by second; 0 is perfect. The column beside it gives that of a method that says one share for every second. The calibration error is the mean distance between what was said and how often it was so. Both hold for recordings with as many seizures as these alone."
                .into(),
        ),
        (
            "negative predictive value",
            "Observed time, person by person in its order, is cut into blocks: the share of the blocks without an alarm in which there was indeed no second of a seizure. A block has an alarm also where that for its seizure came in \
             another. Its interval takes blocks as independent."
                .into(),
        ),
        ("latency", "Seconds from the marked onset to the alarm, over the seizures that were found.".into()),
        (
            "SzCORE",
            "A public standard of scoring seizure detectors, here by event: sensitivity is the share of the seizures \
             that an event touches, precision the share of the events that touch a seizure, F1 the harmonic mean of \
             the two, and false positives are counted in 24 hours. Means over people."
                .into(),
        ),
    ];
    terms.into_iter().map(|(word, meaning)| (word.to_string(), meaning)).collect()
}

/// The first figure that there is, as words.
pub(super) fn figure_of(value: Option<f64>, word: fn(f64) -> String, beside: String) -> Cell {
    Cell::with(figure(value, word), if value.is_some() { beside } else { String::new() })
}
