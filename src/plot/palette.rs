//! A picture in few colours: charts are flat areas, lines and letters, whose smoothed edges alone have many.

use std::collections::HashMap;

/// How many colours a table holds.
const MOST: usize = 256;

/// How far a channel of a pixel may be from its colour in the table, of 255: the smallest that suffices is taken. So
/// much of the edge of a line nobody sees.
const NEARNESS: [u8; 4] = [0, 4, 8, 16];

type Colour = [u8; 3];

/// A picture's colours, red, green, blue, one after the other, and for each pixel which of them it has.
pub(super) struct Indexed {
    pub colours: Vec<u8>,
    pub pixels: Vec<u8>,
}

/// The picture in a table of colours, the most frequent ones exactly as they are; `None` where 256 do not hold
/// every pixel nearly.
pub(super) fn indexed(rgb: &[u8]) -> Option<Indexed> {
    let pixels = || rgb.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    pixels().for_each(|colour| *counts.entry(colour).or_default() += 1);
    let mut colours: Vec<(Colour, usize)> = counts.into_iter().collect();
    // Frequent ones first; equally frequent ones in an order that chance has no part in.
    colours.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let colours: Vec<Colour> = colours.into_iter().map(|(colour, _)| colour).collect();
    let table = NEARNESS.into_iter().find_map(|near| table(&colours, near))?;
    let place: HashMap<Colour, u8> =
        colours.iter().map(|colour| (*colour, nearest(&table, *colour))).collect();
    Some(Indexed {
        pixels: pixels().filter_map(|colour| place.get(&colour).copied()).collect(),
        colours: table.concat(),
    })
}

/// Colours such that each of `colours` has one within reach, taken in their order.
fn table(colours: &[Colour], near: u8) -> Option<Vec<Colour>> {
    let mut table: Vec<Colour> = Vec::new();
    for &colour in colours {
        if table.iter().all(|other| distance(*other, colour) > near) {
            if table.len() == MOST {
                return None;
            }
            table.push(colour);
        }
    }
    Some(table)
}

fn nearest(table: &[Colour], colour: Colour) -> u8 {
    let nearest = table.iter().enumerate().min_by_key(|(_, other)| distance(**other, colour));
    nearest.map_or(0, |(place, _)| place as u8)
}

/// The largest difference of a channel.
fn distance(a: Colour, b: Colour) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or_default()
}
