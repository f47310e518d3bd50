//! PNG files to begin from: every kind of pixels that the format has.

/// The chunks of a PNG with checksums that fit them: damage is to reach what is behind.
pub fn checked(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 8;
    while let Some(length) = out.get(at..at + 4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let Some(end) =
            at.checked_add(8).and_then(|begin| begin.checked_add(length)).filter(|&end| end + 4 <= out.len())
        else {
            break;
        };
        let sum = crc32(&out[at + 4..end]).to_be_bytes();
        out[end..end + 4].copy_from_slice(&sum);
        at = end + 4;
    }
    out
}

/// CRC-32 of PNG, <https://www.w3.org/TR/png-3/#D-CRCAppendix>.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Where the pixels of `written` begin: behind the signature, the header, and what stands before them in their own chunk.
const HEADER: std::ops::Range<usize> = 16..29;
const PIXELS: usize = 48;

/// Types of colour, the depths that each has, and its channels.
const KINDS: [(u8, &[u8], usize); 5] =
    [(0, &[1, 2, 4, 8, 16], 1), (2, &[8, 16], 3), (3, &[1, 2, 4, 8], 1), (4, &[8, 16], 2), (6, &[8, 16], 4)];
/// Columns and rows at which each pass of an interlaced picture begins, and their distances.
const PASSES: [[usize; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// 5 x 3 pixels of each kind, in order and interlaced.
pub fn seeds() -> Vec<Vec<u8>> {
    let (width, height) = (5, 3);
    let mut all = Vec::new();
    for (colour, depths, channels) in KINDS {
        for &depth in depths {
            for interlaced in [0, 1] {
                let whole: &[[usize; 4]] = &[[0, 0, 1, 1]];
                let mut pixels = Vec::new();
                for [left, top, right, down] in if interlaced == 1 { &PASSES } else { whole } {
                    let columns = (width - left.min(&width)).div_ceil(*right);
                    let rows = if columns == 0 { 0 } else { (height - top.min(&height)).div_ceil(*down) };
                    for row in 0..rows {
                        // Each row says how it differs from the one above.
                        pixels.push((row % 5) as u8);
                        let bytes = (columns * channels * usize::from(depth)).div_ceil(8);
                        pixels.extend((0..bytes).map(|i| (37 * i + 11 * row) as u8));
                    }
                }
                let header = [0, 0, 0, width as u8, 0, 0, 0, height as u8, depth, colour, 0, 0, interlaced];
                all.push(written(&header, &pixels));
            }
        }
    }
    all
}

/// The header and the pixels that stand in damaged bytes, in a file that holds together: damage is to reach what is behind.
pub fn framed(bytes: &[u8]) -> Vec<u8> {
    written(bytes.get(HEADER).unwrap_or_default(), bytes.get(PIXELS..).unwrap_or_default())
}

fn written(header: &[u8], pixels: &[u8]) -> Vec<u8> {
    let pixels = &pixels[..pixels.len().min(usize::from(u16::MAX))];
    let length = (pixels.len() as u16).to_le_bytes();
    let stored =
        [&[0x78, 1, 1], &length[..], &length.map(|byte| !byte), pixels, &adler32(pixels).to_be_bytes()].concat();
    let palette: Vec<u8> = (0..48).map(|i| 5 * i).collect();
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, b"IHDR", header);
    if header.get(9) == Some(&3) {
        chunk(&mut out, b"PLTE", &palette);
    }
    chunk(&mut out, b"IDAT", &stored);
    chunk(&mut out, b"IEND", b"");
    checked(&out)
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    out.extend((content.len() as u32).to_be_bytes());
    out.extend(name);
    out.extend(content);
    out.extend([0; 4]);
}

/// Adler-32 of zlib, RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    b << 16 | a
}
