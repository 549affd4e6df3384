//! Where settings come from: the layers, each with its values as text, and the one error that says
//! which setting is wrong, where it was set, and what would be right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every setting: the name of its flag, of its key in the file (with `_`), and after `PEERDEX_` of
/// its variable in the environment.
pub const SETTINGS: &[&str] = &[
    "index",
    "share",
    "downloads",
    "no-share-downloads",
    "listen",
    "advertise",
    "name",
    "data",
    "heartbeat-interval",
    "rescan-every",
    "up-limit",
    "down-limit",
    "slots",
    "slots-per-client",
    "max-file-size",
];

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// Setting, place, value and remedy in one sentence.
    pub message: String,
}

/// Where a layer's values were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Flag,
    /// In the environment.
    Environment,
    /// In a file.
    File(PathBuf),
}

impl Origin {
    /// How a setting is written there, for an error.
    fn describe(&self, setting: &str) -> String {
        match self {
            Self::Flag if setting == "index" => "INDEX".to_owned(),
            Self::Flag => format!("--{setting}"),
            Self::Environment => variable(setting),
            Self::File(path) => format!("{} in {}", key(setting), path.display()),
        }
    }
}

/// One layer: values as text, under the names of [`SETTINGS`].
#[derive(Debug, Clone)]
pub struct Layer {
    /// Where they were written.
    pub origin: Origin,
    /// Setting to values (one, or several where it repeats).
    pub values: BTreeMap<String, Vec<String>>,
}

impl Layer {
    /// A layer of flags.
    pub fn of_flags(flags: impl IntoIterator<Item = (&'static str, Vec<String>)>) -> Self {
        let values = flags
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(setting, values)| (setting.to_owned(), values))
            .collect();
        Self {
            origin: Origin::Flag,
            values,
        }
    }

    /// The settings among `variables`; an empty variable counts as absent. Several share folders
    /// are separated by `:` as in `PATH`.
    pub fn of_environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let names: BTreeMap<String, &str> = SETTINGS
            .iter()
            .map(|setting| (variable(setting), *setting))
            .collect();
        let values = variables
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| Some(((*names.get(&name)?).to_owned(), value)))
            .map(|(setting, value)| {
                let values = if setting == "share" {
                    value.split(':').map(str::to_owned).collect()
                } else {
                    vec![value]
                };
                (setting, values)
            })
            .collect();
        Self {
            origin: Origin::Environment,
            values,
        }
    }

    /// The settings of a TOML text.
    ///
    /// # Errors
    /// When it is not TOML, or a value is neither text, number, yes or no, nor a list of texts.
    pub fn of_toml(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| ConfigError {
            message: format!("{} is not valid TOML: {}", path.display(), error.message()),
        })?;
        let mut values = BTreeMap::new();
        for (name, value) in table {
            let texts = texts_of(&value).ok_or_else(|| ConfigError {
                message: format!(
                    "{name} in {}: write a text, a number, true or false, or a list of texts",
                    path.display()
                ),
            })?;
            values.insert(name.replace('_', "-"), texts);
        }
        Ok(Self {
            origin: Origin::File(path.to_owned()),
            values,
        })
    }
}

fn texts_of(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(flag) => Some(vec![flag.to_string()]),
        toml::Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn variable(setting: &str) -> String {
    format!("PEERDEX_{}", setting.replace('-', "_").to_uppercase())
}

fn key(setting: &str) -> String {
    setting.replace('-', "_")
}

/// All layers, the strongest first.
#[derive(Debug, Clone, Default)]
pub struct Layers(pub Vec<Layer>);

impl Layers {
    /// The value of the strongest layer that has `setting`.
    ///
    /// # Errors
    /// When `parse` refuses it (its error says what would be right), or it was given twice.
    pub fn read<T>(
        &self,
        setting: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((origin, values)) = self.strongest(setting) else {
            return Ok(None);
        };
        let place = origin.describe(setting);
        let [value] = values else {
            return Err(ConfigError {
                message: format!("{place} is given {} times: give it once", values.len()),
            });
        };
        parse(value).map(Some).map_err(|remedy| ConfigError {
            message: format!("{place} is `{value}`: {remedy}"),
        })
    }

    /// All values of the strongest layer that has `setting`.
    ///
    /// # Errors
    /// When `parse` refuses one of them.
    pub fn read_list<T>(
        &self,
        setting: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, ConfigError> {
        let Some((origin, values)) = self.strongest(setting) else {
            return Ok(None);
        };
        let place = origin.describe(setting);
        values
            .iter()
            .map(|value| {
                parse(value).map_err(|remedy| ConfigError {
                    message: format!("{place} is `{value}`: {remedy}"),
                })
            })
            .collect::<Result<Vec<T>, ConfigError>>()
            .map(Some)
    }

    /// Refuses a name in a file that is no setting (a misspelt setting would be ignored silently).
    ///
    /// # Errors
    /// Names it and the closest setting.
    pub fn refuse_unknown(&self) -> Result<(), ConfigError> {
        for layer in &self.0 {
            for name in layer.values.keys() {
                if !SETTINGS.contains(&name.as_str()) {
                    return Err(ConfigError {
                        message: format!(
                            "{} is not a setting; settings are {}",
                            layer.origin.describe(name),
                            SETTINGS
                                .iter()
                                .map(|s| key(s))
                                .collect::<Vec<_>>()
                                .join(", ")
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    fn strongest(&self, setting: &str) -> Option<(&Origin, &[String])> {
        self.0
            .iter()
            .find_map(|layer| Some((&layer.origin, layer.values.get(setting)?.as_slice())))
    }
}
