#!/usr/bin/env bash
# Brings a catalogue up to date with what programs say, or begins that of another language:
#   po/update.sh fr
# New texts come without a translation, changed ones with the old one marked "fuzzy", and those that are gone go.
set -euo pipefail
[[ $# -eq 1 && $1 =~ ^[a-z]{2,3}(_[A-Z]{2})?$ ]] || { echo "usage: po/update.sh LANGUAGE, such as fr or pt_BR" >&2; exit 2; }
cd "$(dirname "$0")"
template=$(mktemp)
trap 'rm -f "$template"' EXIT
./extract.sh >"$template"
if [[ -e $1.po ]]; then
  msgmerge --quiet --update --backup=none --no-wrap --add-location=file "$1.po" "$template"
  msgattrib --no-obsolete --no-wrap --output-file="$1.po" "$1.po"
else
  msginit --no-translator --no-wrap --locale="$1" --input="$template" --output-file="$1.po"
fi
msgfmt --check --statistics --output-file=/dev/null "$1.po"
