//! Charts of a back-test, as SVG.

use std::ops::Range;

use anyhow::Result;
use domain::backtest::Score;
use engines::evaluation::Bin;
use plotters::{
    chart::{ChartContext, SeriesAnno},
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
};

const SIZE: (u32, u32) = (900, 600);
const FONT: &str = "sans-serif";
const GREY: RGBColor = RGBColor(150, 150, 150);
/// Colours that are told apart without seeing red and green apart (Okabe and Ito).
const COLOURS: [RGBColor; 8] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(125, 125, 0),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Series<'a> = SeriesAnno<'a, SVGBackend<'a>>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Forecast chances to win beside how often they came about; larger dots are more entrants.
pub fn calibration(scores: &[Score], subject: &str) -> Result<String> {
    drawn(|area| {
        let title = format!("Calibration of chances to win: {subject}");
        let mut chart = chart(area, &title, 0.0..1.0, 0.0..1.0)?;
        let percent = |share: &f64| format!("{:.0} %", share * 100.0);
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .label_style((FONT, 13))
            .axis_desc_style((FONT, 14))
            .x_desc("mean forecast chance of the entrants in a bin (the larger the dot, the more entrants)")
            .y_desc("share of them that won")
            .x_labels(11)
            .y_labels(11)
            .x_label_formatter(&percent)
            .y_label_formatter(&percent)
            .draw()?;
        chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], GREY))?;
        for (score, colour) in scores.iter().zip(COLOURS.iter().cycle()) {
            let point = |bin: &Bin| Some((bin.forecast?, bin.frequency?, bin.entrants));
            let points: Vec<_> = score.calibration.bins.iter().filter_map(point).collect();
            let line = points.iter().map(|(x, y, _)| (*x, *y));
            let line = chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            name(line, score, *colour);
            let dots = points.iter().map(|(x, y, entrants)| {
                // From 1 entrant to 2,600 the dots grow from 3 to 8.
                let size = entrants.checked_ilog2().unwrap_or(0) / 2 + 3;
                Circle::new((*x, *y), size, colour.filled())
            });
            chart.draw_series(dots)?;
        }
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    })
}

/// Winner log-loss of each season.
pub fn log_loss(scores: &[Score], subject: &str) -> Result<String> {
    let years = scores.iter().flat_map(|score| &score.by_season);
    let years = years.map(|(year, _)| f64::from(*year));
    let first = years.clone().fold(f64::INFINITY, f64::min);
    let last = years.fold(f64::NEG_INFINITY, f64::max);
    let losses = scores.iter().flat_map(|score| &score.by_season);
    let most = losses
        .map(|(_, season)| season.winner_log_loss)
        .fold(0.0, f64::max);
    drawn(|area| {
        let title = format!("Winner log-loss by season: {subject}");
        let mut chart = chart(area, &title, first - 0.4..last + 1.6, 0.0..most * 1.1)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .label_style((FONT, 13))
            .axis_desc_style((FONT, 14))
            .y_desc("mean of −ln of the chance given to the winner; lower is better")
            .x_labels(12)
            .x_label_formatter(&|year| {
                // To the right of the last season stands the legend.
                let whole = year.fract() == 0.0 && *year <= last;
                if whole {
                    format!("{year:.0}")
                } else {
                    String::new()
                }
            })
            .y_label_formatter(&|loss| format!("{loss:.1}"))
            .draw()?;
        for (score, colour) in scores.iter().zip(COLOURS.iter().cycle()) {
            let season = |(year, season): &(i32, engines::evaluation::Summary)| {
                (f64::from(*year), season.winner_log_loss)
            };
            let points: Vec<_> = score.by_season.iter().map(season).collect();
            let line = LineSeries::new(points, colour.stroke_width(2)).point_size(3);
            name(chart.draw_series(line)?, score, *colour);
        }
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

/// Draws on a white page and gives the SVG.
fn drawn(draw: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(text)
}

fn chart<'a>(area: &Area<'a>, title: &str, x: Range<f64>, y: Range<f64>) -> Result<Chart<'a>> {
    let chart = ChartBuilder::on(area)
        .caption(title, (FONT, 18))
        .margin(12)
        .margin_right(28)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    Ok(chart)
}

fn name(series: &mut Series<'_>, score: &Score, colour: RGBColor) {
    let mark = move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(3));
    series.label(score.engine.as_str()).legend(mark);
}

fn legend(chart: &mut Chart<'_>, position: SeriesLabelPosition) -> Result<()> {
    chart
        .configure_series_labels()
        .position(position)
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.9))
        .border_style(GREY)
        .draw()?;
    Ok(())
}
