//! Folders of images, PNG and JPEG: one row per file, in order of their names, channel first, in the units of the files.

use super::{open, unreadable};
use crate::failure::{Code, Failure, Result};
use crate::memory;
use crate::views::Image;
use png::{BitDepth, ColorType, Transformations};
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The images of a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    /// The files below the folder, with forward slashes, in byte order.
    pub files: Vec<String>,
    /// The shape of each image.
    pub image: Image,
    /// One image after the other, channel first: 0 to 255, of 16-bit images 0 to 65,535.
    pub data: Vec<f32>,
}

/// Larger than any image that is learnt from: what claims more is damaged, or made to fill the memory.
const MOST_PIXELS: usize = 1 << 26;

/// Reads all images of a folder and of its folders. Files that are hidden or have another ending are left alone.
///
/// # Errors
/// `DATA_NOT_FOUND`, `DATA_EMPTY` (no image), `DATA_CORRUPT` (not an image, truncated, damaged), `DATA_UNSUPPORTED`
/// (transparent), `DATA_SHAPE` (another size, number of channels or depth than the first).
pub fn read(folder: &Path) -> Result<Images> {
    let files = files_of(folder)?;
    if files.is_empty() {
        return Err(Failure::new(Code::DataEmpty, format!("{} holds no .png, .jpg or .jpeg file", folder.display()))
            .at(folder.display().to_string())
            .hint("name the folder that the images lie in"));
    }
    let mut images: Option<(Pixels, Vec<f32>)> = None;
    for file in &files {
        let path = folder.join(file);
        let at = |failure: Failure| failure.at(path.display().to_string());
        let mut bytes = Vec::new();
        open(&path)?.read_to_end(&mut bytes).map_err(|error| unreadable(&path, &error))?;
        let pixels = decode(&bytes).map_err(|failure| at(named(file, failure)))?;
        let (first, data) = images.get_or_insert_with(|| (Pixels { values: Vec::new(), ..pixels }, Vec::new()));
        if (pixels.image, pixels.depth) != (first.image, first.depth) {
            return Err(at(unlike(file, &pixels, &files[0], first)));
        }
        memory::reserve(data, pixels.values.len(), "reading the images").map_err(at)?;
        data.extend_from_slice(&pixels.values);
    }
    let (first, data) = images.expect("there is a first file");
    Ok(Images { files, image: first.image, data })
}

/// One image, channel first.
struct Pixels {
    image: Image,
    depth: u8,
    values: Vec<f32>,
}

fn named(file: &str, failure: Failure) -> Failure {
    Failure { message: format!("{file}: {}", failure.message), ..failure }
}

fn unlike(file: &str, got: &Pixels, first_file: &str, first: &Pixels) -> Failure {
    let shape = |pixels: &Pixels| format!("{} of {} bits", pixels.image, pixels.depth);
    let message = format!("{file} is {}, {first_file} is {} (channels x height x width)", shape(got), shape(first));
    Failure::new(Code::DataShape, message)
        .hint("bring all images to one size, depth and number of channels, or leave the others out of the folder")
        .with("got", got.image.to_string())
        .with("expected", first.image.to_string())
}

fn decode(bytes: &[u8]) -> Result<Pixels> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return decode_png(bytes);
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return decode_jpeg(bytes);
    }
    let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(12)]).into_owned();
    Err(Failure::new(Code::DataCorrupt, format!("neither PNG nor JPEG: it begins with {begin:?}"))
        .hint("the file is damaged, or has the ending of another format"))
}

fn damaged(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::DataCorrupt, format!("the image is damaged or truncated: {error}"))
        .hint("copy or write the file again, or leave it out of the folder")
}

fn decode_png(bytes: &[u8]) -> Result<Pixels> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    // Palettes become colours and one to four bits eight; 16 bits stay.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (color, depth) = reader.output_color_type();
    let (height, width) = (reader.info().height as usize, reader.info().width as usize);
    refuse_size(height, width)?;
    let size = reader.output_buffer_size().ok_or_else(|| damaged("it is too large"))?;
    let mut buffer = memory::filled(0, size, DECODING)?;
    reader.next_frame(&mut buffer).map_err(damaged)?;
    let (channels, alpha) = match color {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb => (3, false),
        ColorType::Rgba => (3, true),
        ColorType::Indexed => return Err(damaged("its palette is missing")),
    };
    let (depth, most) = if depth == BitDepth::Sixteen { (16, 65_535.0) } else { (8, 255.0) };
    let value = |place: usize| match depth {
        16 => f32::from(u16::from_be_bytes([buffer[2 * place], buffer[2 * place + 1]])),
        _ => f32::from(buffer[place]),
    };
    let samples = channels + usize::from(alpha);
    // An opaque image says nothing by its alpha channel; of another one the colour behind it is not known.
    if alpha && (0..height * width).any(|pixel| value(pixel * samples + channels) != most) {
        return Err(Failure::new(Code::DataUnsupported, "the image has transparent pixels")
            .hint("put it on a background before: magick mogrify -background black -alpha remove *.png"));
    }
    Ok(channel_first(Image { channels, height, width }, depth, samples, value))
}

fn decode_jpeg(bytes: &[u8]) -> Result<Pixels> {
    // The decoder fills what is missing with grey: without an end of image after its last scan, the file was cut.
    let marker = |second: u8| bytes.windows(2).rposition(|pair| pair == [0xff, second]);
    if marker(0xd9) <= marker(0xda) {
        return Err(damaged("it has no end"));
    }
    let options = DecoderOptions::default().set_max_width(1 << 16).set_max_height(1 << 16);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| damaged("it has no header"))?;
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    refuse_size(height, width)?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let (space, channels) = if grey { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    let options = options.jpeg_set_out_colorspace(space);
    let buffer = JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().map_err(damaged)?;
    if buffer.len() != channels * height * width {
        return Err(damaged(format!("{} values for {channels} x {height} x {width}", buffer.len())));
    }
    Ok(channel_first(Image { channels, height, width }, 8, channels, |place| f32::from(buffer[place])))
}

/// What asks for memory, in messages.
const DECODING: &str = "decoding the image";

fn refuse_size(height: usize, width: usize) -> Result<()> {
    let pixels = height.saturating_mul(width);
    if pixels <= MOST_PIXELS {
        // Four samples of 16 bits as they come, three of 32 bits as they are kept.
        return memory::claim(20 * pixels as u64, DECODING);
    }
    Err(Failure::new(Code::DataUnsupported, format!("an image of {height} x {width} pixels, at most {MOST_PIXELS}"))
        .hint("scale the images down"))
}

fn channel_first(image: Image, depth: u8, samples: usize, value: impl Fn(usize) -> f32) -> Pixels {
    let pixels = image.height * image.width;
    let values = (0..image.channels).flat_map(|c| (0..pixels).map(move |pixel| pixel * samples + c));
    Pixels { image, depth, values: values.map(value).collect() }
}

fn files_of(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((here, prefix)) = waiting.pop() {
        let entries = fs::read_dir(&here).map_err(|error| unreadable(&here, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&here, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
            // Links to folders are not followed: they may lead in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push((entry.path(), format!("{prefix}{name}/")));
            } else if matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg")) {
                files.push(format!("{prefix}{name}"));
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests;
