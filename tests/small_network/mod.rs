//! Settings of a network that is trained in seconds.

/// A small net on small images, trained in so many passes: what `vigil train --config` reads.
pub fn settings(passes: usize) -> String {
    format!(
        r#"
[model]
version = 1
classes = "three"
architecture.strided = {{ maps = [4, 8, 8], dropout = 0.1 }}
signal = {{ version = 1, rate_hz = 256, band_hz = [1.0, 30.0], band_order = 4, mains_hz = 60, mains_width_hz = 4.0, mains_order = 2 }}
plot = {{ version = 1, width = 32, height = 36, spacing_uv = 100.0, overlap_spacings = 2.5, line_width_px = 1.0, polarity = "negative_up", order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17] }}

[training]
epochs = {passes}
batch = 8
[training.autoencoder]
epochs = 2
"#
    )
}
