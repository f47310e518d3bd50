use super::*;

/// A PNG as the crate's own encoder writes it.
fn png(width: u32, height: u32, color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(data).expect("its pixels");
    writer.finish().expect("an end");
    bytes
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        fs::write(path, bytes).expect("a file");
    }
    dir
}

fn refused(files: &[(&str, &[u8])]) -> Failure {
    read(folder(files).path()).expect_err("it is refused")
}

const RGB: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// 8 x 8 pixels, one grey (128): a JPEG small enough to be written by hand.
fn jpeg() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    // One code in each table, `0`: no difference of the first coefficient, and no other coefficient.
    for class in [0x00, 0x10] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0b0011_1111, 0xff, 0xd9]);
    bytes
}

#[test]
fn rows_are_files_in_order_of_their_names_and_channels_come_first() {
    let a = png(2, 2, ColorType::Rgb, BitDepth::Eight, &RGB);
    let b: Vec<u8> = RGB.iter().map(|v| v + 100).collect();
    let b = png(2, 2, ColorType::Rgb, BitDepth::Eight, &b);
    let dir = folder(&[("z/b.PNG", &b), ("a.png", &a), (".hidden.png", b"x"), ("notes.txt", b"no image")]);
    let images = read(dir.path()).expect("two images");
    assert_eq!(images.files, ["a.png", "z/b.PNG"]);
    assert_eq!(images.image, Image { channels: 3, height: 2, width: 2 });
    assert_eq!(images.data[..12], [1.0, 4.0, 7.0, 10.0, 2.0, 5.0, 8.0, 11.0, 3.0, 6.0, 9.0, 12.0]);
    assert_eq!(images.data[12], 101.0);
}

#[test]
fn depths_palettes_and_an_opaque_alpha_are_read_as_they_look() {
    let only = |bytes: &[u8]| read(folder(&[("x.png", bytes)]).path()).expect("one image").data;
    assert_eq!(only(&png(2, 1, ColorType::Grayscale, BitDepth::Sixteen, &[1, 0, 255, 255])), [256.0, 65535.0]);
    assert_eq!(only(&png(2, 1, ColorType::Grayscale, BitDepth::One, &[0b1000_0000])), [255.0, 0.0]);
    assert_eq!(only(&png(2, 1, ColorType::GrayscaleAlpha, BitDepth::Eight, &[7, 255, 9, 255])), [7.0, 9.0]);
    assert_eq!(only(&jpeg()), [128.0; 64]);
}

#[test]
fn images_that_do_not_fit_together_or_are_none_name_the_file() {
    let small = png(2, 1, ColorType::Grayscale, BitDepth::Eight, &[1, 2]);
    let tall = png(1, 2, ColorType::Grayscale, BitDepth::Eight, &[1, 2]);
    let failure = refused(&[("a.png", &small), ("b.png", &tall)]);
    assert_eq!(failure.code, Code::DataShape);
    assert_eq!(
        failure.message,
        "b.png is 1 x 2 x 1 of 8 bits, a.png is 1 x 1 x 2 of 8 bits (channels x height x width)"
    );
    let deep = png(2, 1, ColorType::Grayscale, BitDepth::Sixteen, &[0, 1, 0, 2]);
    assert_eq!(refused(&[("a.png", &small), ("b.png", &deep)]).code, Code::DataShape, "other units");
    let glass = png(2, 1, ColorType::GrayscaleAlpha, BitDepth::Eight, &[7, 255, 9, 254]);
    assert_eq!(refused(&[("a.png", &glass)]).code, Code::DataUnsupported);
    let failure = refused(&[("a.png", b"hello, world")]);
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (Code::DataCorrupt, "a.png: neither PNG nor JPEG: it begins with \"hello, world\"")
    );
    assert_eq!(refused(&[]).code, Code::DataEmpty);
    assert_eq!(refused(&[("readme.txt", b"nothing")]).code, Code::DataEmpty);
}

#[test]
fn truncated_files_are_refused_wherever_they_are_cut() {
    let noise: Vec<u8> = (0..48 * 48u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let whole = png(48, 48, ColorType::Grayscale, BitDepth::Eight, &noise);
    // The last 12 bytes are the end of the file, and the last 16 hold no pixel.
    for cut in [9, 20, 40, whole.len() / 2, whole.len() - 20] {
        assert_eq!(refused(&[("a.png", &whole[..cut])]).code, Code::DataCorrupt, "cut at {cut}");
    }
    let whole = jpeg();
    for cut in [4, 30, 80, 100, whole.len() - 3, whole.len() - 1] {
        assert_eq!(refused(&[("a.jpg", &whole[..cut])]).code, Code::DataCorrupt, "cut at {cut}");
    }
}
