//! A section of the configuration, declared once: the same table of keys, kinds, defaults and
//! explanations reads it, prints it and complains about keys that are not in it.

use super::error::ConfigError;
use super::source::Source;

/// A section; made by [`section!`].
pub(super) trait Section: Sized {
    /// Takes the section's settings out of what was given.
    fn read(source: &mut Source) -> Result<Self, ConfigError>;

    /// Appends the section, with its explanations, as TOML.
    fn print(&self, out: &mut String);
}

/// Declares a section: `"name" struct { key: kind = default, … } with { sub-sections }`.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        $name:literal $Section:ident {
            $( $(#[doc = $doc:literal])* $key:ident : $Kind:ty = $default:expr, )*
        }
        $( with { $( $(#[doc = $inner_doc:literal])* $inner:ident : $Inner:ty, )* } )?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        pub struct $Section {
            $( $(#[doc = $doc])* pub $key: $Kind, )*
            $( $( $(#[doc = $inner_doc])* pub $inner: $Inner, )* )?
        }

        impl $crate::config::section::Section for $Section {
            fn read(
                source: &mut $crate::config::source::Source,
            ) -> Result<Self, $crate::config::ConfigError> {
                source.section($name);
                Ok(Self {
                    $( $key: source.take($name, stringify!($key))?.unwrap_or_else(|| $default), )*
                    $( $( $inner: $crate::config::section::Section::read(source)?, )* )?
                })
            }

            fn print(&self, out: &mut String) {
                $crate::config::section::print_header(out, $name, &[$($about),*]);
                $( $crate::config::section::print_setting(
                    out,
                    stringify!($key),
                    &[$($doc),*],
                    $crate::config::setting::Setting::print(&self.$key),
                ); )*
                $( $( $crate::config::section::Section::print(&self.$inner, out); )* )?
            }
        }
    };
}
pub(super) use section;

pub(super) fn print_header(out: &mut String, name: &str, about: &[&str]) {
    if !out.is_empty() {
        out.push('\n');
    }
    comment(out, about);
    if !name.is_empty() {
        out.push_str(&format!("[{name}]\n"));
    }
}

pub(super) fn print_setting(out: &mut String, key: &str, doc: &[&str], value: Option<String>) {
    out.push('\n');
    comment(out, doc);
    out.push_str(&match value {
        Some(value) => format!("{key} = {value}\n"),
        None => format!("# {key} is not set\n"),
    });
}

fn comment(out: &mut String, lines: &[&str]) {
    for line in lines {
        out.push_str(format!("#{line}").trim_end());
        out.push('\n');
    }
}
