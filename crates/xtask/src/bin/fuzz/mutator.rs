//! Damage: bytes overwritten, bits turned, parts removed, doubled, moved from elsewhere, numbers at their limits, then perhaps cut short.

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Bytes that formats give a meaning to.
const WORDS: [&[u8]; 24] = [
    b"\"",
    b"'",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r\n",
    b"#",
    b"(",
    b")",
    b":",
    b"nan",
    b"-inf",
    b"1e999",
    b"-",
    b".",
    b" ",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80",
    b"\xef\xbb\xbf",
    b"99999999999999999999",
    b"[",
];
/// No input grows beyond this.
const LONGEST: usize = 1 << 14;

/// A damaged copy of `original`; `other` lends parts.
pub fn mutated(original: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..1 + random.below(6) {
        let at = random.below(bytes.len() + 1);
        let length = (1 + random.below(8)).min(bytes.len() - at);
        match random.below(8) {
            0 if at < bytes.len() && original.is_ascii() => bytes[at] = b' ' + random.below(95) as u8,
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at..at + length].fill(if random.below(2) == 0 { 0 } else { 255 }),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let part = bytes[at..at + length].to_vec();
                drop(bytes.splice(at..at, part));
            }
            5 => {
                let word = WORDS[random.below(WORDS.len())];
                let replaced = if random.below(2) == 0 { 0 } else { word.len().min(bytes.len() - at) };
                drop(bytes.splice(at..at + replaced, word.iter().copied()));
            }
            6 if !other.is_empty() => {
                let from = random.below(other.len());
                let to = (from + 1 + random.below(32)).min(other.len());
                drop(bytes.splice(at..at + length, other[from..to].iter().copied()));
            }
            _ if at < bytes.len() && bytes[at].is_ascii_digit() => bytes[at] = b'0' + random.below(10) as u8,
            _ => {}
        }
    }
    if random.below(8) == 0 {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    bytes.truncate(LONGEST);
    bytes
}
