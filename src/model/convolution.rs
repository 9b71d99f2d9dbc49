//! Convolutions on the processor, for networks that are asked and no longer trained.
//!
//! The maps of a place lie side by side in memory, and rows one after the other. So what one row of a kernel sees is a single
//! run of numbers, and a convolution is, for each place, a sum over few such runs: nothing is copied into another order
//! first, which is what costs most where layers are small. Sixteen maps of six places are summed at a time, as many as a
//! processor has registers for; the compiler makes vector instructions of the plain loops.

use pulp::{Arch, Simd, WithSimd};

/// Maps that are summed at a time: two registers of eight numbers.
const LANES: usize = 16;

/// Places that are summed at a time: twelve registers of sums, which leaves four of sixteen for what is multiplied.
const PLACES: usize = 6;

/// Feature maps of one image with a border of zeros.
#[derive(Debug, Clone)]
pub(super) struct Maps {
    rows: usize,
    columns: usize,
    maps: usize,
    /// Rows of zeros above and below, columns of zeros to the left and to the right.
    border: [usize; 2],
    /// `rows + 2 x border`, `columns + 2 x border`, `maps`, the last running fastest.
    values: Vec<f32>,
}

impl Maps {
    fn zeros([rows, columns]: [usize; 2], maps: usize, border: [usize; 2]) -> Maps {
        let values = vec![0.0; (rows + 2 * border[0]) * (columns + 2 * border[1]) * maps];
        Maps { rows, columns, maps, border, values }
    }

    /// One map, of `values` row by row; values that are missing are 0.
    pub(super) fn of_image(
        size: [usize; 2],
        border: [usize; 2],
        mut values: impl Iterator<Item = f32>,
    ) -> Maps {
        let mut image = Maps::zeros(size, 1, border);
        for row in 0..image.rows {
            let start = image.place(row, 0);
            let columns = image.values[start..][..image.columns].iter_mut();
            columns.zip(&mut values).for_each(|(place, value)| *place = value);
        }
        image
    }

    /// Rows and columns without the border.
    pub(super) fn size(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// All maps of one place.
    pub(super) fn at(&self, row: usize, column: usize) -> &[f32] {
        &self.values[self.place(row, column)..][..self.maps]
    }

    /// Numbers from one row to the next.
    fn stride(&self) -> usize {
        (self.columns + 2 * self.border[1]) * self.maps
    }

    /// Where the maps of a place begin.
    fn place(&self, row: usize, column: usize) -> usize {
        (row + self.border[0]) * self.stride() + (column + self.border[1]) * self.maps
    }

    /// The highest of each 2 x 2 places; a last row or column without another is left out.
    pub(super) fn halved(&self, border: [usize; 2]) -> Maps {
        let mut half = Maps::zeros([self.rows / 2, self.columns / 2], self.maps, border);
        for row in 0..half.rows {
            for column in 0..half.columns {
                let to = half.place(row, column);
                let highest = &mut half.values[to..][..self.maps];
                highest.copy_from_slice(self.at(2 * row, 2 * column));
                for (over, beside) in [(0, 1), (1, 0), (1, 1)] {
                    let others = self.at(2 * row + over, 2 * column + beside);
                    highest
                        .iter_mut()
                        .zip(others)
                        .for_each(|(highest, &other)| *highest = highest.max(other));
                }
            }
        }
        half
    }
}

/// A convolution followed by a ReLU, filled with zeros at the edges by half its kernel.
#[derive(Debug, Clone)]
pub(super) struct Convolution {
    maps_in: usize,
    maps_out: usize,
    /// Rows and columns.
    kernel: [usize; 2],
    stride: [usize; 2],
    /// For each [`LANES`] maps that come out, `[kernel rows, kernel columns, maps in]` of what each takes.
    weights: Vec<[f32; LANES]>,
    /// For each [`LANES`] maps that come out.
    biases: Vec<[f32; LANES]>,
}

impl Convolution {
    /// `weights` are `[maps_out, maps_in, rows, columns]`, as they are trained; one bias for each map that comes out.
    pub(super) fn new(
        [maps_out, maps_in, rows, columns]: [usize; 4],
        stride: [usize; 2],
        weights: &[f32],
        biases: &[f32],
    ) -> Convolution {
        let taken = rows * columns * maps_in;
        let mut packed = vec![[0.0; LANES]; maps_out.div_ceil(LANES) * taken];
        for (index, &weight) in weights.iter().enumerate() {
            let (place, rest) = (index % (rows * columns), index / (rows * columns));
            let (map_in, map_out) = (rest % maps_in, rest / maps_in);
            packed[map_out / LANES * taken + place * maps_in + map_in][map_out % LANES] = weight;
        }
        let biases = biases.chunks(LANES).map(|biases| {
            let mut lanes = [0.0; LANES];
            lanes[..biases.len()].copy_from_slice(biases);
            lanes
        });
        Convolution {
            maps_in,
            maps_out,
            kernel: [rows, columns],
            stride,
            weights: packed,
            biases: biases.collect(),
        }
    }

    /// The border of zeros that it needs around what it is given.
    pub(super) fn border(&self) -> [usize; 2] {
        self.kernel.map(|side| side / 2)
    }

    /// What comes out of `maps`, with a border of zeros for what comes next.
    ///
    /// # Panics
    /// If `maps` are not as many as it takes or have another border than it needs.
    pub(super) fn forward(&self, maps: &Maps, border: [usize; 2]) -> Maps {
        assert_eq!((maps.maps, maps.border), (self.maps_in, self.border()), "the layer's own input");
        let sides = maps.size();
        let size = std::array::from_fn(|side| {
            let beyond_one = (sides[side] + 2 * maps.border[side]).saturating_sub(self.kernel[side]);
            beyond_one / self.stride[side] + 1
        });
        let mut out = Maps::zeros(size, self.maps_out, border);
        match Arch::new() {
            // Without an instruction that multiplies and adds, that operation is a slow call.
            Arch::Scalar => self.pass::<false>(maps, &mut out),
            vectors => vectors.dispatch(Pass { layer: self, maps, out: &mut out }),
        }
        out
    }

    /// What [`Convolution::forward`] does; into whatever it is inlined, that one's instructions are used.
    #[inline(always)]
    fn pass<const FUSED: bool>(&self, maps: &Maps, out: &mut Maps) {
        let (run, stride) = (self.kernel[1] * self.maps_in, maps.stride());
        let taken = self.kernel[0] * run;
        let places = out.rows * out.columns;
        for first in (0..places).step_by(PLACES) {
            let count = PLACES.min(places - first);
            let (mut from, mut to) = ([0; PLACES], [0; PLACES]);
            for (index, (from, to)) in from.iter_mut().zip(&mut to).enumerate() {
                // Beyond the last place, the last is summed again.
                let place = first + index.min(count - 1);
                let (row, column) = (place / out.columns, place % out.columns);
                *from = row * self.stride[0] * stride + column * self.stride[1] * self.maps_in;
                *to = out.place(row, column);
            }
            for (block, (weights, &biases)) in self.weights.chunks_exact(taken).zip(&self.biases).enumerate()
            {
                let mut sums = [biases; PLACES];
                for (row, weights) in weights.chunks_exact(run).enumerate() {
                    let seen = from.map(|from| &maps.values[from + row * stride..][..run]);
                    add::<FUSED>(&mut sums, seen, weights);
                }
                let lanes = LANES.min(self.maps_out - block * LANES);
                for (sums, to) in sums.iter().zip(to).take(count) {
                    let out = &mut out.values[to + block * LANES..][..lanes];
                    out.iter_mut().zip(sums).for_each(|(out, &sum)| *out = sum.max(0.0));
                }
            }
        }
    }
}

/// Adds to the sums of each place what it sees, times the weights.
#[inline(always)]
fn add<const FUSED: bool>(
    sums: &mut [[f32; LANES]; PLACES],
    seen: [&[f32]; PLACES],
    weights: &[[f32; LANES]],
) {
    let seen = seen.map(|seen| &seen[..weights.len()]);
    // A copy lives in registers; what is lent does not.
    let mut own = *sums;
    for (k, weights) in weights.iter().enumerate() {
        for (sums, seen) in own.iter_mut().zip(&seen) {
            let seen = seen[k];
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = if FUSED { seen.mul_add(weight, *sum) } else { *sum + seen * weight };
            }
        }
    }
    *sums = own;
}

/// One pass with the widest instructions of the processor that it runs on.
struct Pass<'a> {
    layer: &'a Convolution,
    maps: &'a Maps,
    out: &'a mut Maps,
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.layer.pass::<true>(self.maps, self.out);
    }
}
