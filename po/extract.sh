#!/usr/bin/env bash
# Writes what programs say, a template of a catalogue (.pot), to standard output: all literals that the functions of
# common/i18n/translate.h are given, and the descriptions of flags. Figures have their own words.
set -euo pipefail
cd "$(dirname "$0")/.."
flags=()
for name in Flag Text Texts TextOrNone Positional RequiredPositional RequiredPositionals WordsAfterDashes; do
  flags+=("--keyword=$name:3,3t")
done
find client common coordinator worker -name '*.cc' -o -name '*.h' | grep -Ev '(_test|_testing|_figure|user_config)\.' | LC_ALL=C sort |
  xgettext --files-from=- --output=- --language=C++ --from-code=UTF-8 --add-comments=TRANSLATORS --add-location=file \
    --package-name=convoy --keyword --keyword=Tr:1 --keyword=TrPlural:1,2 --keyword=Marked:1 --keyword=TextError:2 --keyword=InvalidArgumentTextError:1 --keyword=LayerError:2 --keyword=DamagedError:1 --keyword=MakeMessage:1 --keyword=Group:1,1t \
    --keyword=Number:3,3t --keyword=Number:5,5t --keyword=Numbers:5,5t \
    --keyword=WholeNumber:3,3t --keyword=WholeNumber:5,5t "${flags[@]}" |
  sed "s/charset=CHARSET/charset=UTF-8/; s/nplurals=INTEGER; plural=EXPRESSION/nplurals=2; plural=n != 1/; /^\"\(POT-Cr\|Report-Msgid\)/d"
