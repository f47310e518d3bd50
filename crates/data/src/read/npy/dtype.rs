//! The types an array may have, and their numbers as 32-bit floats.

use crate::failure::{Code, Failure, Result};
use crate::write::{shortest_f32, shortest_f64};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    F32,
    F64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// A type of number and its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dtype {
    kind: Kind,
    order: Order,
}

impl Dtype {
    /// Understands NumPy's description, such as `<f4`.
    ///
    /// # Errors
    /// `DATA_UNSUPPORTED`, with what to do about it.
    pub(super) fn parse(descr: &str) -> Result<Self> {
        let (order, name) = match descr.as_bytes() {
            [b'>', ..] => (Order::Big, &descr[1..]),
            [b'<' | b'|' | b'=', ..] => (Order::Little, &descr[1..]),
            _ => (Order::Little, descr),
        };
        let kind = match name {
            "b1" => Kind::Bool,
            "i1" => Kind::I8,
            "i2" => Kind::I16,
            "i4" => Kind::I32,
            "i8" => Kind::I64,
            "u1" => Kind::U8,
            "u2" => Kind::U16,
            "u4" => Kind::U32,
            "u8" => Kind::U64,
            "f2" => Kind::F16,
            "f4" => Kind::F32,
            "f8" => Kind::F64,
            _ => return Err(refused(descr, name)),
        };
        Ok(Self { kind, order })
    }

    /// As [`Dtype::parse`], for codes.
    pub(super) fn parse_codes(descr: &str) -> Result<Self> {
        let dtype = Self::parse(descr)?;
        if dtype.kind == Kind::U32 {
            return Ok(dtype);
        }
        Err(Failure::new(Code::DataUnsupported, format!("the array has type {descr}, expected codes of type <u4"))
            .hint("save the codes with array.astype(numpy.uint32)"))
    }

    /// Bytes of one number.
    pub(super) fn width(self) -> usize {
        match self.kind {
            Kind::Bool | Kind::I8 | Kind::U8 => 1,
            Kind::I16 | Kind::U16 | Kind::F16 => 2,
            Kind::I32 | Kind::U32 | Kind::F32 => 4,
            Kind::I64 | Kind::U64 | Kind::F64 => 8,
        }
    }

    /// Appends whole numbers as `f32`.
    ///
    /// # Errors
    /// `DATA_OVERFLOW` when a finite number becomes infinite.
    pub(super) fn decode(self, bytes: &[u8], data: &mut Vec<f32>) -> Result<()> {
        macro_rules! append {
            ($type:ty, $convert:expr) => {
                append(bytes, self.order, <$type>::from_le_bytes, <$type>::from_be_bytes, $convert, data)
            };
        }
        match self.kind {
            Kind::Bool => append!(u8, |v| f32::from(u8::from(v != 0))),
            Kind::I8 => append!(i8, f32::from),
            Kind::I16 => append!(i16, f32::from),
            Kind::I32 => append!(i32, |v| v as f32),
            Kind::I64 => append!(i64, |v| v as f32),
            Kind::U8 => append!(u8, f32::from),
            Kind::U16 => append!(u16, f32::from),
            Kind::U32 => append!(u32, |v| v as f32),
            Kind::U64 => append!(u64, |v| v as f32),
            Kind::F16 => append!(u16, half),
            Kind::F32 => append!(f32, |v| v),
            Kind::F64 => {
                let first = data.len();
                append!(f64, |v| v as f32);
                self.check_overflow(bytes, first, &data[first..])?;
            }
        }
        Ok(())
    }

    /// One number with 64 bits.
    pub(super) fn number(self, bytes: &[u8]) -> f64 {
        macro_rules! number {
            ($type:ty) => {{
                let word = bytes.try_into().unwrap_or_default();
                if self.order == Order::Big { <$type>::from_be_bytes(word) } else { <$type>::from_le_bytes(word) }
            }};
        }
        match self.kind {
            Kind::Bool => f64::from(u8::from(bytes != [0])),
            Kind::I8 => number!(i8).into(),
            Kind::I16 => number!(i16).into(),
            Kind::I32 => number!(i32).into(),
            Kind::I64 => number!(i64) as f64,
            Kind::U8 => number!(u8).into(),
            Kind::U16 => number!(u16).into(),
            Kind::U32 => number!(u32).into(),
            Kind::U64 => number!(u64) as f64,
            Kind::F16 => half(number!(u16)).into(),
            Kind::F32 => number!(f32).into(),
            Kind::F64 => number!(f64),
        }
    }

    /// One number as text, exactly: the shortest that reads back as the same number of the same type. NaN is "".
    pub(super) fn text(self, bytes: &[u8]) -> String {
        macro_rules! number {
            ($type:ty) => {{
                let word = bytes.try_into().unwrap_or_default();
                if self.order == Order::Big { <$type>::from_be_bytes(word) } else { <$type>::from_le_bytes(word) }
            }};
        }
        match self.kind {
            Kind::Bool => (bytes != [0]).to_string(),
            Kind::I8 => number!(i8).to_string(),
            Kind::I16 => number!(i16).to_string(),
            Kind::I32 => number!(i32).to_string(),
            Kind::I64 => number!(i64).to_string(),
            Kind::U8 => number!(u8).to_string(),
            Kind::U16 => number!(u16).to_string(),
            Kind::U32 => number!(u32).to_string(),
            Kind::U64 => number!(u64).to_string(),
            Kind::F16 => shortest_half(half(number!(u16))),
            Kind::F32 => shortest_f32(number!(f32)),
            Kind::F64 => shortest_f64(number!(f64)),
        }
    }

    /// Appends whole numbers, exactly.
    ///
    /// # Errors
    /// `DATA_UNSUPPORTED` for another type, `DATA_CORRUPT` for a number beyond 63 bits.
    pub(super) fn decode_whole(self, bytes: &[u8], data: &mut Vec<i64>) -> Result<()> {
        macro_rules! append {
            ($type:ty, $convert:expr) => {
                append(bytes, self.order, <$type>::from_le_bytes, <$type>::from_be_bytes, $convert, data)
            };
        }
        match self.kind {
            Kind::I8 => append!(i8, i64::from),
            Kind::I16 => append!(i16, i64::from),
            Kind::I32 => append!(i32, i64::from),
            Kind::I64 => append!(i64, |v| v),
            Kind::U8 => append!(u8, i64::from),
            Kind::U16 => append!(u16, i64::from),
            Kind::U32 => append!(u32, i64::from),
            // What is no place of an entry stays none.
            Kind::U64 => append!(u64, |v| i64::try_from(v).unwrap_or(i64::MAX)),
            Kind::Bool | Kind::F16 | Kind::F32 | Kind::F64 => {
                return Err(Failure::new(Code::DataCorrupt, "the places of the entries are no whole numbers")
                    .hint("write the matrix again with scipy.sparse.save_npz"));
            }
        }
        Ok(())
    }

    /// Appends codes.
    pub(super) fn decode_codes(self, bytes: &[u8], data: &mut Vec<u32>) {
        append(bytes, self.order, u32::from_le_bytes, u32::from_be_bytes, |v| v, data);
    }

    fn check_overflow(self, bytes: &[u8], first: usize, rounded: &[f32]) -> Result<()> {
        let (words, _) = bytes.as_chunks::<8>();
        for (i, (word, value)) in words.iter().zip(rounded).enumerate().filter(|(_, (_, value))| value.is_infinite()) {
            let exact = if self.order == Order::Big { f64::from_be_bytes(*word) } else { f64::from_le_bytes(*word) };
            if exact.is_finite() {
                return Err(Failure::new(
                    Code::DataOverflow,
                    format!(
                        "entry {} (in file order) is {exact:e}, beyond 32-bit {value}: allowed up to 3.4e38",
                        first + i
                    ),
                )
                .hint("rescale the array before saving it")
                .with("entry", first + i));
            }
        }
        Ok(())
    }
}

fn append<const N: usize, W, T>(
    bytes: &[u8],
    order: Order,
    little: impl Fn([u8; N]) -> W,
    big: impl Fn([u8; N]) -> W,
    convert: impl Fn(W) -> T,
    data: &mut Vec<T>,
) {
    let (words, _) = bytes.as_chunks::<N>();
    match order {
        Order::Little => data.extend(words.iter().map(|word| convert(little(*word)))),
        Order::Big => data.extend(words.iter().map(|word| convert(big(*word)))),
    }
}

/// IEEE 754 half precision, exactly: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1F);
    let fraction = f32::from(bits & 0x3FF) / 1024.0;
    match exponent {
        0 => sign * fraction * 2f32.powi(-14),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction) * 2f32.powi(exponent - 15),
    }
}

/// The shortest decimal that no other half precision number is nearer to; five digits tell all of them apart.
fn shortest_half(value: f32) -> String {
    let spacing = 2f64.powi(i32::max(f64::from(value).abs().log2().floor() as i32, -14) - 10);
    (0..4)
        .map(|digits| format!("{value:.digits$e}").parse::<f64>().unwrap_or(f64::NAN))
        .find(|text| (text - f64::from(value)).abs() < spacing / 2.0)
        .map_or_else(|| shortest_f32(value), shortest_f64)
}

pub(super) fn refused(descr: &str, name: &str) -> Failure {
    let cast = "save it with a plain type: numpy.save(path, array.astype(numpy.float32))";
    let (what, hint) = match name.as_bytes().first() {
        Some(b'O') => ("pickled objects, which can run code and are never loaded", cast),
        Some(b'U' | b'S' | b'a') => (
            "text",
            "name it as labels (environment, task) beside numbers, or save numbers: array.astype(numpy.float32)",
        ),
        Some(b'c') => ("complex numbers", "save real and imaginary parts as two arrays"),
        Some(b'M' | b'm') => {
            ("dates or durations", "name dates as labels, or save numbers: (array - start) / numpy.timedelta64(1, 's')")
        }
        Some(b'V') => ("raw bytes", cast),
        _ if name.starts_with("record(") => ("records", "save each field as an array of its own"),
        _ => ("a type this version cannot read", cast),
    };
    Failure::new(
        Code::DataUnsupported,
        format!("the array holds {what} (type {descr}), expected booleans, integers or floats of up to 64 bits"),
    )
    .hint(hint)
    .with("dtype", descr)
}
