#include <stdlib.h>
#include <string.h>

#include "render/base/macros.h"
#include "render/kustomize/regex_property.h"

struct name {
	const char *go; /* a capital, then small letters and digits, nothing between */
	const char *pcre;
};

/*
 * Go 1.26: categories, their aliases, and the scripts whose names are one word (it finds no others). Sorted.
 * What is not assigned is told by what is: newer versions of Unicode take from it.
 */
static const struct name names[] = {
	{ "Adlam", "sc:Adlam" },
	{ "Ahom", "sc:Ahom" },
	{ "Any", "Any" },
	{ "Arabic", "sc:Arabic" },
	{ "Armenian", "sc:Armenian" },
	{ "Ascii", "ASCII" },
	{ "Assigned", "L M N P S Z Cc Cf Co Cs" },
	{ "Avestan", "sc:Avestan" },
	{ "Balinese", "sc:Balinese" },
	{ "Bamum", "sc:Bamum" },
	{ "Batak", "sc:Batak" },
	{ "Bengali", "sc:Bengali" },
	{ "Bhaiksuki", "sc:Bhaiksuki" },
	{ "Bopomofo", "sc:Bopomofo" },
	{ "Brahmi", "sc:Brahmi" },
	{ "Braille", "sc:Braille" },
	{ "Buginese", "sc:Buginese" },
	{ "Buhid", "sc:Buhid" },
	{ "C", "^L M N P S Z" },
	{ "Carian", "sc:Carian" },
	{ "Casedletter", "L&" },
	{ "Cc", "Cc" },
	{ "Cf", "Cf" },
	{ "Chakma", "sc:Chakma" },
	{ "Cham", "sc:Cham" },
	{ "Cherokee", "sc:Cherokee" },
	{ "Chorasmian", "sc:Chorasmian" },
	{ "Closepunctuation", "Pe" },
	{ "Cn", "^L M N P S Z Cc Cf Co Cs" },
	{ "Cntrl", "Cc" },
	{ "Co", "Co" },
	{ "Combiningmark", "M" },
	{ "Common", "sc:Common" },
	{ "Connectorpunctuation", "Pc" },
	{ "Control", "Cc" },
	{ "Coptic", "sc:Coptic" },
	{ "Cs", "Cs" },
	{ "Cuneiform", "sc:Cuneiform" },
	{ "Currencysymbol", "Sc" },
	{ "Cypriot", "sc:Cypriot" },
	{ "Cyrillic", "sc:Cyrillic" },
	{ "Dashpunctuation", "Pd" },
	{ "Decimalnumber", "Nd" },
	{ "Deseret", "sc:Deseret" },
	{ "Devanagari", "sc:Devanagari" },
	{ "Digit", "Nd" },
	{ "Dogra", "sc:Dogra" },
	{ "Duployan", "sc:Duployan" },
	{ "Elbasan", "sc:Elbasan" },
	{ "Elymaic", "sc:Elymaic" },
	{ "Enclosingmark", "Me" },
	{ "Ethiopic", "sc:Ethiopic" },
	{ "Finalpunctuation", "Pf" },
	{ "Format", "Cf" },
	{ "Georgian", "sc:Georgian" },
	{ "Glagolitic", "sc:Glagolitic" },
	{ "Gothic", "sc:Gothic" },
	{ "Grantha", "sc:Grantha" },
	{ "Greek", "sc:Greek" },
	{ "Gujarati", "sc:Gujarati" },
	{ "Gurmukhi", "sc:Gurmukhi" },
	{ "Han", "sc:Han" },
	{ "Hangul", "sc:Hangul" },
	{ "Hanunoo", "sc:Hanunoo" },
	{ "Hatran", "sc:Hatran" },
	{ "Hebrew", "sc:Hebrew" },
	{ "Hiragana", "sc:Hiragana" },
	{ "Inherited", "sc:Inherited" },
	{ "Initialpunctuation", "Pi" },
	{ "Javanese", "sc:Javanese" },
	{ "Kaithi", "sc:Kaithi" },
	{ "Kannada", "sc:Kannada" },
	{ "Katakana", "sc:Katakana" },
	{ "Kawi", "sc:Kawi" },
	{ "Kharoshthi", "sc:Kharoshthi" },
	{ "Khmer", "sc:Khmer" },
	{ "Khojki", "sc:Khojki" },
	{ "Khudawadi", "sc:Khudawadi" },
	{ "L", "L" },
	{ "Lao", "sc:Lao" },
	{ "Latin", "sc:Latin" },
	{ "Lc", "L&" },
	{ "Lepcha", "sc:Lepcha" },
	{ "Letter", "L" },
	{ "Letternumber", "Nl" },
	{ "Limbu", "sc:Limbu" },
	{ "Lineseparator", "Zl" },
	{ "Lisu", "sc:Lisu" },
	{ "Ll", "Ll" },
	{ "Lm", "Lm" },
	{ "Lo", "Lo" },
	{ "Lowercaseletter", "Ll" },
	{ "Lt", "Lt" },
	{ "Lu", "Lu" },
	{ "Lycian", "sc:Lycian" },
	{ "Lydian", "sc:Lydian" },
	{ "M", "M" },
	{ "Mahajani", "sc:Mahajani" },
	{ "Makasar", "sc:Makasar" },
	{ "Malayalam", "sc:Malayalam" },
	{ "Mandaic", "sc:Mandaic" },
	{ "Manichaean", "sc:Manichaean" },
	{ "Marchen", "sc:Marchen" },
	{ "Mark", "M" },
	{ "Mathsymbol", "Sm" },
	{ "Mc", "Mc" },
	{ "Me", "Me" },
	{ "Medefaidrin", "sc:Medefaidrin" },
	{ "Miao", "sc:Miao" },
	{ "Mn", "Mn" },
	{ "Modi", "sc:Modi" },
	{ "Modifierletter", "Lm" },
	{ "Modifiersymbol", "Sk" },
	{ "Mongolian", "sc:Mongolian" },
	{ "Mro", "sc:Mro" },
	{ "Multani", "sc:Multani" },
	{ "Myanmar", "sc:Myanmar" },
	{ "N", "N" },
	{ "Nabataean", "sc:Nabataean" },
	{ "Nandinagari", "sc:Nandinagari" },
	{ "Nd", "Nd" },
	{ "Newa", "sc:Newa" },
	{ "Nko", "sc:Nko" },
	{ "Nl", "Nl" },
	{ "No", "No" },
	{ "Nonspacingmark", "Mn" },
	{ "Number", "N" },
	{ "Nushu", "sc:Nushu" },
	{ "Ogham", "sc:Ogham" },
	{ "Openpunctuation", "Ps" },
	{ "Oriya", "sc:Oriya" },
	{ "Osage", "sc:Osage" },
	{ "Osmanya", "sc:Osmanya" },
	{ "Other", "^L M N P S Z" },
	{ "Otherletter", "Lo" },
	{ "Othernumber", "No" },
	{ "Otherpunctuation", "Po" },
	{ "Othersymbol", "So" },
	{ "P", "P" },
	{ "Palmyrene", "sc:Palmyrene" },
	{ "Paragraphseparator", "Zp" },
	{ "Pc", "Pc" },
	{ "Pd", "Pd" },
	{ "Pe", "Pe" },
	{ "Pf", "Pf" },
	{ "Phoenician", "sc:Phoenician" },
	{ "Pi", "Pi" },
	{ "Po", "Po" },
	{ "Privateuse", "Co" },
	{ "Ps", "Ps" },
	{ "Punct", "P" },
	{ "Punctuation", "P" },
	{ "Rejang", "sc:Rejang" },
	{ "Runic", "sc:Runic" },
	{ "S", "S" },
	{ "Samaritan", "sc:Samaritan" },
	{ "Saurashtra", "sc:Saurashtra" },
	{ "Sc", "Sc" },
	{ "Separator", "Z" },
	{ "Sharada", "sc:Sharada" },
	{ "Shavian", "sc:Shavian" },
	{ "Siddham", "sc:Siddham" },
	{ "Sinhala", "sc:Sinhala" },
	{ "Sk", "Sk" },
	{ "Sm", "Sm" },
	{ "So", "So" },
	{ "Sogdian", "sc:Sogdian" },
	{ "Soyombo", "sc:Soyombo" },
	{ "Spaceseparator", "Zs" },
	{ "Spacingmark", "Mc" },
	{ "Sundanese", "sc:Sundanese" },
	{ "Surrogate", "Cs" },
	{ "Symbol", "S" },
	{ "Syriac", "sc:Syriac" },
	{ "Tagalog", "sc:Tagalog" },
	{ "Tagbanwa", "sc:Tagbanwa" },
	{ "Takri", "sc:Takri" },
	{ "Tamil", "sc:Tamil" },
	{ "Tangsa", "sc:Tangsa" },
	{ "Tangut", "sc:Tangut" },
	{ "Telugu", "sc:Telugu" },
	{ "Thaana", "sc:Thaana" },
	{ "Thai", "sc:Thai" },
	{ "Tibetan", "sc:Tibetan" },
	{ "Tifinagh", "sc:Tifinagh" },
	{ "Tirhuta", "sc:Tirhuta" },
	{ "Titlecaseletter", "Lt" },
	{ "Toto", "sc:Toto" },
	{ "Ugaritic", "sc:Ugaritic" },
	{ "Unassigned", "^L M N P S Z Cc Cf Co Cs" },
	{ "Uppercaseletter", "Lu" },
	{ "Vai", "sc:Vai" },
	{ "Vithkuqi", "sc:Vithkuqi" },
	{ "Wancho", "sc:Wancho" },
	{ "Yezidi", "sc:Yezidi" },
	{ "Yi", "sc:Yi" },
	{ "Z", "Z" },
	{ "Zl", "Zl" },
	{ "Zp", "Zp" },
	{ "Zs", "Zs" },
};

static int by_name(const void *key, const void *entry)
{
	return strcmp(key, ((const struct name *)entry)->go);
}

static bool is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *regex_property_name(const char *name, size_t len)
{
	char plain[40];
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		if (c == '_' || c == '-' || c == ' ') {
			continue;
		}
		if (used + 1 == sizeof plain || c == '\0') {
			return NULL;
		}
		if (is_ascii_letter(c)) {
			c = (char)(used == 0 ? c & ~0x20 : c | 0x20);
		}
		plain[used++] = c;
	}
	plain[used] = '\0';
	const struct name *found = bsearch(plain, names, ARRAY_LEN(names), sizeof *names, by_name);
	return found ? found->pcre : NULL;
}
