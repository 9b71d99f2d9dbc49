//! Pixels in a file: the network's image as it is, and finished figures.

use std::io;
use std::path::Path;

use super::config::PlotConfig;
use super::error::PlotError;
use super::palette::{Indexed, indexed};
use crate::durable::replace_file;

/// The most pixels that are written to one file, or drawn in one figure.
const MAX_PIXELS: u64 = 1 << 28;

/// A finished figure in colour.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `height` x `width` x 3 bytes, rows from the top, red, green, blue.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Puts pictures of one width below each other.
    pub(super) fn stacked(parts: Vec<Picture>) -> Picture {
        let width = parts.first().map_or(0, |part| part.width);
        let mut whole = Picture { width, height: 0, rgb: Vec::new() };
        for part in parts {
            debug_assert_eq!(part.width, width);
            whole.height += part.height;
            whole.rgb.extend(part.rgb);
        }
        whole
    }

    /// Writes the figure as a PNG file; the old file stays as it was until the new one is whole.
    ///
    /// # Errors
    /// [`PlotError::Write`] with what the operating system says.
    pub fn write_png(&self, path: &Path) -> Result<(), PlotError> {
        write_png(path, self.width, self.height, png::ColorType::Rgb, None, &self.rgb)
    }

    /// The same in a third of the bytes, where 256 colours hold every pixel so nearly that nobody sees a difference;
    /// those that cover most of the picture stay exactly as they are.
    ///
    /// # Errors
    /// [`PlotError::Write`] with what the operating system says.
    pub fn write_small_png(&self, path: &Path) -> Result<(), PlotError> {
        match indexed(&self.rgb) {
            Some(Indexed { colours, pixels }) => {
                write_png(path, self.width, self.height, png::ColorType::Indexed, Some(colours), &pixels)
            }
            None => self.write_png(path),
        }
    }
}

/// Writes the image that the network sees as an 8-bit grey PNG file.
///
/// `image`: what [`super::Rasteriser::draw`] drew under `config`. Each pixel becomes a square of
/// `enlargement` x `enlargement` equal ones: nothing is smoothed.
///
/// # Errors
/// [`PlotError::ImageSize`] where the image is not one of `config`, [`PlotError::Enlargement`] where
/// nothing or too much would come out, [`PlotError::Write`] with what the operating system says.
pub fn write_image(
    path: &Path,
    image: &[u8],
    config: &PlotConfig,
    enlargement: u32,
) -> Result<(), PlotError> {
    check_image(image, config)?;
    let side = u64::from(enlargement);
    let too_large = (image.len() as u64).checked_mul(side * side).is_none_or(|pixels| pixels > MAX_PIXELS);
    if enlargement == 0 || enlargement > PlotConfig::MAX_SIDE || too_large {
        return Err(PlotError::Enlargement {
            width: config.width,
            height: config.height,
            enlargement,
            max_pixels: MAX_PIXELS,
        });
    }
    let each = enlargement as usize;
    let mut enlarged = Vec::with_capacity(image.len() * each * each);
    for row in image.chunks_exact(config.width as usize) {
        for _ in 0..each {
            enlarged.extend(row.iter().flat_map(|&pixel| std::iter::repeat_n(pixel, each)));
        }
    }
    let (width, height) = (config.width * enlargement, config.rows() * enlargement);
    write_png(path, width, height, png::ColorType::Grayscale, None, &enlarged)
}

/// Checks that an image has the size that its configuration says.
pub(super) fn check_image(image: &[u8], config: &PlotConfig) -> Result<(), PlotError> {
    config.validate()?;
    if image.len() == config.pixels() {
        return Ok(());
    }
    Err(PlotError::ImageSize { found: image.len(), width: config.width, height: config.rows() })
}

fn write_png(
    path: &Path,
    width: u32,
    height: u32,
    color: png::ColorType,
    colours: Option<Vec<u8>>,
    pixels: &[u8],
) -> Result<(), PlotError> {
    replace_file(path, |file| -> io::Result<()> {
        let mut encoder = png::Encoder::new(file, width, height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        if let Some(colours) = &colours {
            encoder.set_palette(colours.as_slice());
        }
        // Figures are mostly even areas: slower packing makes a quarter of the file.
        encoder.set_compression(png::Compression::Best);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(pixels)?;
        Ok(writer.finish()?)
    })
    .map_err(|source| PlotError::Write { path: path.to_path_buf(), source })
}
