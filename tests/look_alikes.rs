//! Simulated look-alikes of seizures are what their names say: they keep their pace, do not evolve and stay in their place.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use vigil::eeg::DERIVATIONS;
use vigil::signal::SignalConfig;
use vigil::train::simulated::{Extent, LookAlike, Pace, Simulator};

const RATE: usize = 256;
const SECONDS: usize = 30;

fn draw(look_alike: LookAlike, seed: u64) -> Vec<f32> {
    let simulator = Simulator::new(&SignalConfig::default()).expect("a simulator");
    simulator.look_alike(look_alike, SECONDS, &mut ChaCha8Rng::seed_from_u64(seed))
}

fn power(trace: &[f32]) -> f32 {
    trace.iter().map(|value| value * value).sum::<f32>() / trace.len() as f32
}

/// The traces, strongest first.
fn traces(signal: &[f32]) -> Vec<&[f32]> {
    let mut traces: Vec<&[f32]> = signal.chunks_exact(signal.len() / DERIVATIONS).collect();
    traces.sort_by(|a, b| power(b).total_cmp(&power(a)));
    traces
}

/// How often in a second a trace comes again: by the first peak of its autocorrelation from 0.3 to 2.5 s that is nearly as
/// high as any, for what comes again after one period does so after two.
fn pace_hz(trace: &[f32]) -> f64 {
    let alike = |lag: usize| {
        let pairs = trace.iter().zip(&trace[lag..]);
        pairs.map(|(a, b)| f64::from(a * b)).sum::<f64>() / (trace.len() - lag) as f64
    };
    let lags = RATE * 3 / 10..=RATE * 5 / 2;
    let alike: Vec<(usize, f64)> = lags.map(|lag| (lag, alike(lag))).collect();
    let highest = alike.iter().map(|(_, alike)| *alike).fold(0.0, f64::max);
    let peak = alike
        .windows(3)
        .find(|three| three[1].1 >= three[0].1 && three[1].1 > three[2].1 && three[1].1 > 0.75 * highest);
    RATE as f64 / peak.map_or(1, |three| three[1].0) as f64
}

#[test]
fn patterns_come_again_as_often_as_they_say() {
    for extent in [Extent::Generalised, Extent::Lateralised] {
        for (pace, low, high) in [(Pace::Slow, 0.5, 1.5), (Pace::Fast, 1.5, 2.5)] {
            for look_alike in [LookAlike::Periodic(pace, extent), LookAlike::RhythmicDelta(pace, extent)] {
                // Distances are not quite even, so that now and then another one fits better.
                let within = |seed: &u64| {
                    let hz = pace_hz(traces(&draw(look_alike, *seed))[0]);
                    (0.9 * low..=1.1 * high).contains(&hz)
                };
                let right = (0..20).filter(within).count();
                assert!(right >= 16, "{}: {right} of 20", look_alike.name());
            }
        }
    }
}

#[test]
fn they_do_not_evolve() {
    for look_alike in LookAlike::ALL {
        let mut ratios: Vec<f32> = (0..20)
            .map(|seed| {
                let signal = draw(look_alike, seed);
                let strongest = traces(&signal)[0];
                power(&strongest[20 * RATE..]) / power(&strongest[..10 * RATE])
            })
            .collect();
        ratios.sort_by(f32::total_cmp);
        assert!((0.75..1.33).contains(&ratios[10]), "{}: {ratios:?}", look_alike.name());
        assert!(ratios[1] > 0.4 && ratios[18] < 2.5, "{}: {ratios:?}", look_alike.name());
    }
}

#[test]
fn the_lateralised_ones_leave_most_of_the_head_alone() {
    let seen = |look_alike| {
        let of = |seed| {
            let signal = draw(look_alike, seed);
            let traces = traces(&signal);
            traces.iter().filter(|trace| power(trace) > 0.1 * power(traces[0])).count()
        };
        (0..20).map(of).sum::<usize>()
    };
    for kind in [LookAlike::Periodic, LookAlike::RhythmicDelta] {
        let (wide, narrow) =
            (seen(kind(Pace::Slow, Extent::Generalised)), seen(kind(Pace::Slow, Extent::Lateralised)));
        assert!(narrow < wide, "{narrow} derivations of {wide}");
    }
}

#[test]
fn they_are_of_real_size_within_the_band_and_follow_from_their_seed() {
    for look_alike in LookAlike::ALL {
        for seed in 0..10 {
            let signal = draw(look_alike, seed);
            assert_eq!(signal.len(), DERIVATIONS * SECONDS * RATE);
            assert_eq!(signal, draw(look_alike, seed));
            assert_ne!(signal, draw(look_alike, seed + 1000));
            let strongest = traces(&signal)[0];
            let peak = strongest.iter().fold(0.0f32, |peak, value| peak.max(value.abs()));
            // The filters take most of what is slower than 1 Hz, and let a little more than the peak pass elsewhere.
            let sizes = match look_alike {
                LookAlike::Periodic(..) | LookAlike::RhythmicDelta(Pace::Fast, _) => 20.0..250.0,
                LookAlike::RhythmicDelta(Pace::Slow, _) => 2.0..250.0,
                LookAlike::Muscle | LookAlike::Chewing | LookAlike::Movement => 20.0..4000.0,
            };
            assert!(sizes.contains(&peak), "{}, seed {seed}: {peak} uV", look_alike.name());
        }
    }
}

#[test]
fn each_has_a_name_of_its_own() {
    let mut names: Vec<String> = LookAlike::ALL.iter().map(|look_alike| look_alike.name()).collect();
    assert_eq!(names[1], "generalised periodic discharges, 1.5 to 2.5 Hz");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), LookAlike::ALL.len());
}
