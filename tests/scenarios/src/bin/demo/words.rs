//! The demonstration's own words, in Chinese and English. What the terminal says comes from the terminal.

/// A language the terminal speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

/// One text in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    zh: &'static str,
    en: &'static str,
}

/// The same text in both languages.
pub const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}

impl Language {
    /// As the terminal's command line takes it.
    pub fn word(self) -> &'static str {
        match self {
            Language::Chinese => "zh",
            Language::English => "en",
        }
    }
}

impl Words {
    /// In one language.
    pub fn spoken(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }

    /// In each of these languages, two spaces apart.
    pub fn all(self, languages: &[Language]) -> String {
        languages.iter().map(|language| self.spoken(*language)).collect::<Vec<_>>().join("  ")
    }
}
