//! A sheet to draw figures on: rectangles, lines, traces and text in smooth pixels.
//!
//! plotters draws on whole pixels, so the sheet is [`SCALE`] times larger than the picture and each
//! pixel of the picture is the mean of a square of its pixels. Text is set from embedded fonts, with
//! each glyph at its true place, so that no font needs to be installed and every machine draws the
//! same picture. All coordinates are pixels of the picture, as real numbers.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, DrawingArea, IntoDrawingArea, PathElement, Polygon, RGBAColor, RGBColor, Rectangle,
};
use plotters::style::{Color, ShapeStyle};

use super::error::PlotError;
use super::picture::Picture;

/// Pixels of the sheet per pixel of the picture, in both directions.
const SCALE: usize = 3;

/// Height of a capital letter in DejaVu Sans, in ems (1493 of 2048 units).
const CAPITAL_EM: f64 = 0.729;

/// The colours of Okabe and Ito (2008), which people of all colour visions tell apart, and greys.
pub(super) mod colour {
    use plotters::style::RGBColor;

    pub const BLACK: RGBColor = RGBColor(0, 0, 0);
    pub const INK: RGBColor = RGBColor(34, 34, 34);
    pub const QUIET: RGBColor = RGBColor(105, 105, 105);
    pub const FAINT: RGBColor = RGBColor(178, 178, 178);
    pub const GRID: RGBColor = RGBColor(222, 222, 222);
    pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
    pub const SKY: RGBColor = RGBColor(86, 180, 233);
    pub const GREEN: RGBColor = RGBColor(0, 158, 115);
    pub const YELLOW: RGBColor = RGBColor(240, 228, 66);
    pub const BLUE: RGBColor = RGBColor(0, 114, 178);
    pub const VERMILLION: RGBColor = RGBColor(213, 94, 0);
    pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
}

/// A rectangle, `left <= right`, `top <= bottom`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn new(left: f64, top: f64, right: f64, bottom: f64) -> Rect {
        Rect { left, top, right, bottom }
    }

    pub fn width(self) -> f64 {
        self.right - self.left
    }

    pub fn height(self) -> f64 {
        self.bottom - self.top
    }
}

/// Where a text lies relative to its point, across its reading direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// How a text is set; the point is on the baseline unless `centred`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    /// Pixels of an em.
    pub size: f64,
    pub bold: bool,
    pub colour: RGBColor,
    pub align: Align,
    /// Whether the point is half a capital's height above the baseline.
    pub centred: bool,
    /// Whether the text reads from bottom to top.
    pub upwards: bool,
}

impl Face {
    pub fn new(size: f64, colour: RGBColor) -> Face {
        Face { size, bold: false, colour, align: Align::Start, centred: false, upwards: false }
    }

    pub fn bold(self) -> Face {
        Face { bold: true, ..self }
    }

    pub fn align(self, align: Align) -> Face {
        Face { align, ..self }
    }

    pub fn centred(self) -> Face {
        Face { centred: true, ..self }
    }

    pub fn upwards(self) -> Face {
        Face { upwards: true, ..self }
    }
}

/// The sheet.
pub(super) struct Canvas<'a> {
    area: DrawingArea<BitMapBackend<'a>, Shift>,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// Draws a figure of `width` x `height` pixels on white.
pub(super) fn paint(
    width: u32,
    height: u32,
    draw: impl FnOnce(&Canvas<'_>) -> Result<(), PlotError>,
) -> Result<Picture, PlotError> {
    let (wide, high) = (width as usize * SCALE, height as usize * SCALE);
    let mut sheet = vec![u8::MAX; wide * high * 3];
    {
        let canvas = Canvas {
            area: BitMapBackend::with_buffer(&mut sheet, (wide as u32, high as u32)).into_drawing_area(),
            regular: font(include_bytes!("font/DejaVuSans.ttf"))?,
            bold: font(include_bytes!("font/DejaVuSans-Bold.ttf"))?,
        };
        draw(&canvas)?;
        canvas.area.present().map_err(failed)?;
    }
    Ok(Picture { width, height, rgb: shrink(&sheet, wide, high) })
}

impl Canvas<'_> {
    /// Fills a rectangle; one that is thinner than the sheet's pixels is drawn one of them thick.
    pub fn fill(&self, rect: Rect, colour: impl Color) -> Result<(), PlotError> {
        let (left, top) = sheet((rect.left, rect.top));
        let (right, bottom) = sheet((rect.right, rect.bottom));
        // plotters' filled rectangle ends before its lower right corner.
        let corners = [(left, top), (right.max(left + 1), bottom.max(top + 1))];
        self.area.draw(&Rectangle::new(corners, colour.filled())).map_err(failed)
    }

    /// Draws the outline of a rectangle, its thickness inside.
    pub fn frame(&self, rect: Rect, thickness: f64, colour: RGBColor) -> Result<(), PlotError> {
        let Rect { left, top, right, bottom } = rect;
        self.fill(Rect::new(left, top, right, top + thickness), colour)?;
        self.fill(Rect::new(left, bottom - thickness, right, bottom), colour)?;
        self.fill(Rect::new(left, top, left + thickness, bottom), colour)?;
        self.fill(Rect::new(right - thickness, top, right, bottom), colour)
    }

    /// A straight line.
    pub fn line(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        thickness: f64,
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        let half = thickness / 2.0;
        if from.0 == to.0 || from.1 == to.1 {
            let (left, right) = (from.0.min(to.0), from.0.max(to.0));
            let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
            let (across, along) = if from.0 == to.0 { (half, 0.0) } else { (0.0, half) };
            return self.fill(Rect::new(left - across, top - along, right + across, bottom + along), colour);
        }
        let style = ShapeStyle {
            color: colour.to_rgba(),
            filled: false,
            stroke_width: (thickness * SCALE as f64).round() as u32,
        };
        self.area.draw(&PathElement::new(vec![sheet(from), sheet(to)], style)).map_err(failed)
    }

    /// A filled polygon.
    pub fn polygon(&self, corners: &[(f64, f64)], colour: impl Color) -> Result<(), PlotError> {
        let corners: Vec<_> = corners.iter().copied().map(sheet).collect();
        self.area.draw(&Polygon::new(corners, colour.filled())).map_err(failed)
    }

    /// A curve through points of ascending `x`, inside `clip`; a point with `y` that is no number
    /// breaks it. Each column of the sheet is covered from the curve's lowest to its highest point.
    pub fn curve(
        &self,
        points: impl Iterator<Item = (f64, f64)>,
        clip: Rect,
        thickness: f64,
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        let scale = SCALE as f64;
        let (left, right) = (clip.left * scale, clip.right * scale);
        if !(left.is_finite() && right.is_finite()) {
            return Ok(());
        }
        let first = left.floor() as i64;
        let columns = (right.ceil() as i64 - first).max(0) as usize;
        let mut extents = vec![(f64::INFINITY, f64::NEG_INFINITY); columns];
        let mut widen = |column: i64, y: f64| {
            if let Some(extent) = usize::try_from(column - first).ok().and_then(|at| extents.get_mut(at)) {
                *extent = (extent.0.min(y), extent.1.max(y));
            }
        };
        let mut previous: Option<(f64, f64)> = None;
        for (x, y) in points {
            let (x, y) = (x * scale, y.clamp(clip.top, clip.bottom) * scale);
            if !(x.is_finite() && y.is_finite()) {
                previous = None;
                continue;
            }
            if (left..=right).contains(&x) {
                widen(x.floor() as i64, y);
            }
            if let Some((px, py)) = previous
                && x > px
            {
                // Where the line crosses from column to column it belongs to both.
                let last = x.min(right).floor() as i64;
                for column in (px.max(left).floor() as i64 + 1)..=last {
                    let crossing = py + (y - py) * (column as f64 - px) / (x - px);
                    widen(column - 1, crossing);
                    widen(column, crossing);
                }
            }
            previous = Some((x, y));
        }
        let half = thickness * scale / 2.0;
        // A pen is as wide as it is high: a column's extent reaches half a pen to either side.
        let reach = half.floor() as usize;
        let colour = colour.to_rgba();
        for column in 0..columns {
            let near = &extents[column.saturating_sub(reach)..(column + reach + 1).min(columns)];
            let (top, bottom) = near.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |all, extent| {
                (all.0.min(extent.0), all.1.max(extent.1))
            });
            if top <= bottom {
                let (top, bottom) = ((top - half).round() as i32, (bottom + half).round() as i32);
                let x = (first + column as i64) as i32;
                let corners = [(x, top), (x + 1, bottom.max(top + 1))];
                self.area.draw(&Rectangle::new(corners, colour.filled())).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// A text in one line.
    pub fn text(&self, text: &str, at: (f64, f64), face: Face) -> Result<(), PlotError> {
        let scale = SCALE as f64;
        let font = self.font(face);
        let scaled = font.as_scaled(px_scale(font, face.size * scale));
        let width = self.text_width(text, face) * scale;
        let mut along = match face.align {
            Align::Start => 0.0,
            Align::Middle => -width / 2.0,
            Align::End => -width,
        };
        let across = if face.centred { face.size * scale * CAPITAL_EM / 2.0 } else { 0.0 };
        let (x, y) = (at.0 * scale, at.1 * scale);
        for letter in text.chars() {
            let id = scaled.glyph_id(letter);
            // A rotated glyph is set upright and turned pixel by pixel, so it stands at the origin.
            let glyph = id.with_scale_and_position(scaled.scale(), point(along as f32, across as f32));
            along += f64::from(scaled.h_advance(id));
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut failure = None;
            outline.draw(|column, row, coverage| {
                let (dx, dy) =
                    (f64::from(corner.x) + f64::from(column), f64::from(corner.y) + f64::from(row));
                let (dx, dy) = if face.upwards { (dy, -dx) } else { (dx, dy) };
                let colour: RGBAColor = face.colour.mix(f64::from(coverage.clamp(0.0, 1.0)));
                let place = ((x + dx).round() as i32, (y + dy).round() as i32);
                if coverage > 0.0
                    && self.contains(place)
                    && let Err(error) = self.area.draw_pixel(place, &colour)
                {
                    failure = Some(failed(error));
                }
            });
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Pixels that a text takes in its reading direction.
    pub fn text_width(&self, text: &str, face: Face) -> f64 {
        let font = self.font(face);
        let scaled = font.as_scaled(px_scale(font, face.size));
        text.chars().map(|letter| f64::from(scaled.h_advance(scaled.glyph_id(letter)))).sum()
    }

    /// A text, cut with an ellipsis where it would be longer than `width`.
    pub fn fitted(&self, text: &str, face: Face, width: f64) -> String {
        if self.text_width(text, face) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = Vec::new();
        let mut taken = self.text_width("…", face);
        for letter in text.chars() {
            taken += self.text_width(letter.encode_utf8(&mut [0; 4]), face);
            if taken > width {
                break;
            }
            kept.push(letter);
        }
        kept.iter().collect::<String>().trim_end().to_owned() + "…"
    }

    fn contains(&self, place: (i32, i32)) -> bool {
        let (width, height) = self.area.dim_in_pixel();
        (0..width as i32).contains(&place.0) && (0..height as i32).contains(&place.1)
    }

    fn font(&self, face: Face) -> &FontRef<'static> {
        if face.bold { &self.bold } else { &self.regular }
    }
}

/// A colour that lets through what is below it.
pub(super) fn tint(colour: RGBColor, strength: f64) -> RGBAColor {
    colour.mix(strength)
}

/// The grey of an image's pixel: 0 is black.
pub(super) fn grey(pixel: u8) -> RGBColor {
    RGBColor(pixel, pixel, pixel)
}

fn font(bytes: &'static [u8]) -> Result<FontRef<'static>, PlotError> {
    FontRef::try_from_slice(bytes).map_err(failed)
}

/// The scale at which an em has this many pixels.
fn px_scale(font: &FontRef<'static>, em: f64) -> PxScale {
    let units = f64::from(font.units_per_em().unwrap_or(2048.0));
    PxScale::from((em * f64::from(font.height_unscaled()) / units) as f32)
}

/// A place on the sheet; the limits keep what is far outside from overflowing.
fn sheet((x, y): (f64, f64)) -> (i32, i32) {
    let place = |value: f64| (value * SCALE as f64).round().clamp(-1e6, 1e6) as i32;
    (place(x), place(y))
}

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError::Drawing(error.to_string())
}

/// The mean of each square of `SCALE` x `SCALE` pixels.
fn shrink(sheet: &[u8], wide: usize, high: usize) -> Vec<u8> {
    let (width, height) = (wide / SCALE, high / SCALE);
    let mut rgb = Vec::with_capacity(width * height * 3);
    let mut sums = vec![0_u16; width * 3];
    for rows in sheet.chunks_exact(wide * 3 * SCALE) {
        sums.fill(0);
        for row in rows.chunks_exact(wide * 3) {
            for (sum, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(3 * SCALE)) {
                for pixel in square.chunks_exact(3) {
                    for (sum, &value) in sum.iter_mut().zip(pixel) {
                        *sum += u16::from(value);
                    }
                }
            }
        }
        let squares = (SCALE * SCALE) as u16;
        rgb.extend(sums.iter().map(|sum| ((sum + squares / 2) / squares) as u8));
    }
    rgb
}
