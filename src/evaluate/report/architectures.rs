//! Quality against cost of several networks, as a table, a figure and JSON.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::write::ReportError;
use super::{Interval, Spread};
use crate::durable::replace_file;
use crate::plot::chart::{Axis, Chart, Emphasis, Guide, Point, Series, draw_chart};

/// Processor milliseconds for a window that a ward of many beds can afford.
pub const AFFORDABLE_MS: f64 = 4.0;

/// What came of several networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchitecturesReport {
    /// The command that makes it anew.
    pub command: String,
    /// Day, `YYYY-MM-DD`.
    pub date: String,
    /// The folders.
    pub data: String,
    /// One entry for each architecture.
    pub architectures: Vec<ArchitectureReport>,
}

/// One architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchitectureReport {
    /// Its name.
    pub name: String,
    /// Whether it is the one in use.
    pub shipped: bool,
    /// Pixels, width and height.
    pub image: [u32; 2],
    /// Parameters.
    pub parameters: u64,
    /// Multiplications with addition for one image.
    pub multiplications: u64,
    /// Processor milliseconds for a window, which is looked at twice, drawing included; median over rounds of one run.
    pub window_ms: f64,
    /// Half of it: one image.
    pub image_ms: f64,
    /// AUROC of single seconds over people whom no network has seen; `None` for one that was not trained.
    pub auroc: Option<Spread>,
}

impl ArchitecturesReport {
    /// The page in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "# Networks: how well they rank seconds, and what they cost\n\n\
             Each window is drawn and looked at twice, as it is and mirrored. Processor milliseconds are the median over \
             rounds in which all networks took turns in one run. AUROC is that of single seconds of people whom no \
             network has seen; in brackets the 95 % interval of the median over people.\n\n\
             | network | image | parameters | multiplications of an image | ms for an image | ms for a window | people | AUROC median | mean |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for one in &self.architectures {
            let share = |value: f64| format!("{value:.3}");
            let interval = |interval: Option<Interval>| {
                interval
                    .map_or(String::new(), |Interval { lower, upper }| format!(" ({lower:.3} to {upper:.3})"))
            };
            let auroc = one.auroc.as_ref();
            text.push_str(&format!(
                "| {}{} | {} x {} | {} | {} M | {:.2} | {:.2} | {} | {} | {} |\n",
                one.name,
                if one.shipped { " (shipped)" } else { "" },
                one.image[0],
                one.image[1],
                one.parameters,
                one.multiplications / 1_000_000,
                one.image_ms,
                one.window_ms,
                auroc.map_or("-".into(), |spread| spread.people.to_string()),
                auroc.map_or("-".into(), |spread| format!(
                    "{}{}",
                    share(spread.median),
                    interval(spread.median_95)
                )),
                auroc.map_or("-".into(), |spread| share(spread.mean)),
            ));
        }
        text.push_str(&format!(
            "\n![AUROC against processor milliseconds for a window](architectures.png)\n\nMade on {} from {} by:\n\n```sh\n{}\n```\n",
            self.date, self.data, self.command
        ));
        text
    }

    fn chart(&self) -> Chart {
        let trained = || self.architectures.iter().filter_map(|one| Some((one, one.auroc.as_ref()?)));
        let lower = |spread: &Spread| spread.median_95.map_or(spread.median, |interval| interval.lower);
        let lowest = trained().map(|(_, spread)| lower(spread)).fold(0.9, f64::min) - 0.02;
        let guide = |name: String, at: f64| Guide { name, from: (at, lowest), to: (at, 1.0) };
        let mut guides = vec![guide(format!("{AFFORDABLE_MS} ms"), AFFORDABLE_MS)];
        let untrained = self.architectures.iter().filter(|one| one.auroc.is_none());
        guides.extend(untrained.map(|one| guide(format!("{}, not trained", one.name), one.window_ms)));
        let costs = self.architectures.iter().map(|one| one.window_ms).chain([AFFORDABLE_MS]);
        Chart {
            title: "AUROC against the cost of a window".into(),
            subtitle: "single seconds, median over people and its 95 % interval; drawing and two looks"
                .into(),
            x: Axis::logarithmic("processor milliseconds for a window", costs),
            y: Axis::linear("AUROC, median over people", lowest, 1.0),
            guides,
            series: trained()
                .enumerate()
                .map(|(style, (one, spread))| Series {
                    name: format!("{}{}", one.name, if one.shipped { " (shipped)" } else { "" }),
                    notes: vec![
                        format!("{:.1} ms", one.window_ms),
                        format!("median {:.3}, mean {:.3}", spread.median, spread.mean),
                    ],
                    style,
                    emphasis: if one.shipped { Emphasis::Strong } else { Emphasis::Plain },
                    line: Vec::new(),
                    points: vec![Point {
                        x: one.window_ms,
                        y: spread.median,
                        x_95: None,
                        y_95: spread.median_95.map(|Interval { lower, upper }| [lower, upper]),
                    }],
                })
                .collect(),
        }
    }

    /// Writes `architectures.json`, `architectures.md` and `architectures.png` into a folder, which is made if it is
    /// missing.
    ///
    /// # Errors
    /// [`ReportError`] where the folder cannot be written or the figure not drawn.
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| ReportError::Write { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        draw_chart(&self.chart())?.write_small_png(&folder.join("architectures.png"))?;
        let json = serde_json::to_vec_pretty(self)?;
        for (name, bytes) in
            [("architectures.json", json), ("architectures.md", self.markdown().into_bytes())]
        {
            let path = folder.join(name);
            replace_file(&path, |file| file.write_all(&bytes)).map_err(failed(&path))?;
        }
        Ok(())
    }
}
