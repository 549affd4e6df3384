//! What kind of thing a file is, told from its ending when nobody said so.
//!
//! Knows names only: it never looks into a file.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The eight kinds that the network sorts files into.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Default,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Category {
    Audio,
    Video,
    Image,
    Document,
    Archive,
    Program,
    Dataset,
    #[default]
    Other,
}

/// A word that is none of the eight categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a category is one of audio video image document archive program dataset other")]
pub struct UnknownCategory;

impl Category {
    /// All categories, in the order in which they are listed to people.
    pub const ALL: [Self; 8] = [
        Self::Audio,
        Self::Video,
        Self::Image,
        Self::Document,
        Self::Archive,
        Self::Program,
        Self::Dataset,
        Self::Other,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Image => "image",
            Self::Document => "document",
            Self::Archive => "archive",
            Self::Program => "program",
            Self::Dataset => "dataset",
            Self::Other => "other",
        }
    }

    /// The kind that a file name or path tells by its ending; [`Category::Other`] where it tells
    /// nothing.
    pub fn of_name(name: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name);
        match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => Self::of_ending(ending),
            _ => Self::Other,
        }
    }

    /// The kind that goes with an ending without its dot, in any case.
    pub fn of_ending(ending: &str) -> Self {
        static KNOWN: LazyLock<HashMap<&str, Category>> = LazyLock::new(|| {
            let words = ENDINGS.iter().flat_map(|(category, endings)| {
                let words = endings.split_ascii_whitespace();
                words.map(move |ending| (ending, *category))
            });
            words.collect()
        });
        let lower = ending.to_ascii_lowercase();
        KNOWN.get(lower.as_str()).copied().unwrap_or_default()
    }
}

/// Endings by kind. An image of a disk counts as an archive: it is unpacked or mounted, not run.
const ENDINGS: [(Category, &str); 7] = [
    (
        Category::Audio,
        "mp3 flac ogg oga opus m4a m4b aac wav wma aif aiff aifc alac ape wv mka mid midi mod xm \
         s3m it dsf dff ac3 dts amr au ra spx tta mpc cue m3u m3u8 pls",
    ),
    (
        Category::Video,
        "mp4 mkv avi mov webm m4v wmv flv f4v mpg mpeg mpe m2v m2ts mts vob ogv 3gp 3g2 rm rmvb \
         asf divx mxf y4m h264 h265 hevc srt sub ass ssa vtt idx",
    ),
    (
        Category::Image,
        "jpg jpeg jpe jfif png gif webp avif heic heif jxl bmp tif tiff svg svgz ico icns psd xcf \
         kra raw cr2 cr3 nef arw dng orf rw2 raf pef tga ppm pgm pbm pnm pcx exr hdr dds ai eps \
         indd cdr blend stl obj fbx gltf glb dwg dxf",
    ),
    (
        Category::Document,
        "pdf txt md markdown rst adoc org tex log nfo readme doc docx docm dot dotx odt ott fodt \
         rtf pages wpd xls xlsx xlsm xlsb ods fods numbers ppt pptx pptm pps ppsx odp key epub \
         mobi azw azw3 fb2 djvu djv chm ps cbr cbz cb7 cbt html htm xhtml mht mhtml eml msg mbox \
         ics vcf man info tr bib torrent",
    ),
    (
        Category::Archive,
        "zip 7z rar tar gz tgz bz2 tbz tbz2 xz txz zst tzst lz lz4 lzma lzo br z cab arj lha lzh \
         ace cpio ar iso img nrg mdf mds dmg vhd vhdx vmdk vdi qcow2 ova ovf wim esd squashfs \
         sfs swm toast zpaq zoo pak bak par2",
    ),
    (
        Category::Program,
        "exe msi msix appx com bat cmd ps1 deb udeb rpm apk aab ipa appimage flatpak flatpakref \
         snap jar war ear xpi crx dll so dylib a o ko sys efi elf bin run sh bash zsh fish py pyc \
         pyw rb pl pm php js mjs cjs ts tsx jsx lua go rs c h cc cpp cxx hpp hh java class kt \
         scala swift m mm cs vb fs hs ml el lisp clj erl ex exs r jl asm s wasm whl gem crate \
         nupkg pkg vsix rom nes sfc gba nds css scss less vue svelte toml ini cfg conf service \
         desktop patch diff mk cmake gradle po mo",
    ),
    (
        Category::Dataset,
        "csv tsv parquet json jsonl ndjson geojson arrow feather orc avro h5 hdf5 hdf nc nc4 npz \
         npy mat sav dta sas7bdat rds rdata pkl pickle sqlite sqlite3 db db3 mdb accdb dbf sql \
         dump xml yaml yml rdf ttl nt owl shp shx gpkg kml kmz gpx osm pbf las laz tfrecord \
         safetensors gguf ggml onnx pt pth ckpt pb tflite bam sam fasta fastq fa fq bed gff \
         gtf warc pcap pcapng zim",
    ),
];

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or(UnknownCategory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Category) {
        assert_eq!(Category::of_name(name), expected, "{name:?}");
    }

    #[test]
    fn the_ending_tells_the_kind() {
        check("a.FLAC", Category::Audio);
        check("films/b.mkv", Category::Video);
        check("c.d/e.jpeg", Category::Image);
        check("handbook.en.pdf", Category::Document);
        check("debian-13.1.0-amd64-netinst.iso", Category::Archive);
        check("linux-6.1.tar.xz", Category::Archive);
        check("keyring_2025.1_all.deb", Category::Program);
        check("trips.parquet", Category::Dataset);
    }

    #[test]
    fn other_names_tell_nothing() {
        for name in [
            "",
            "README",
            ".mp3",
            "a.",
            "a.mp3/b",
            "x.\u{1f600}",
            "a.tar gz",
        ] {
            check(name, Category::Other);
        }
    }

    #[test]
    fn no_ending_has_two_kinds() {
        let mut seen = std::collections::BTreeSet::new();
        for (_, endings) in ENDINGS {
            for ending in endings.split_ascii_whitespace() {
                assert!(seen.insert(ending), "{ending} stands twice");
            }
        }
    }

    #[test]
    fn every_word_reads_back() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(category));
        }
        assert_eq!("videos".parse::<Category>(), Err(UnknownCategory));
    }
}
