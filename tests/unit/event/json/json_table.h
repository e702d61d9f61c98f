/*
 * Texts that a strict reader of RFC 8259 accepts, and texts that it must refuse with the first byte
 * at which it can know. Included by test_json.c; the fuzz targets have seeds of their own.
 */
#ifndef UNIT_EVENT_JSON_JSON_TABLE_H
#define UNIT_EVENT_JSON_JSON_TABLE_H

#include <stddef.h>

struct json_row {
	const char *text;
	size_t n;
	int offset; /* -1: accepted */
};

/* clang-format off */
#define GOOD(text) { (text), sizeof(text) - 1, -1 }
#define BAD(offset, text) { (text), sizeof(text) - 1, (offset) }

static const struct json_row json_rows[] = {
	/* single values, and white space around them */
	GOOD("null"), GOOD("true"), GOOD("false"), GOOD("0"), GOOD("\"\""), GOOD("[]"), GOOD("{}"),
	GOOD(" null "), GOOD("\t\n\r 1\t\n\r "), GOOD("[ ]"), GOOD("{ }"), GOOD("[\n]\n"),
	GOOD(" [ 1 , 2 ] "), GOOD(" { \"a\" : 1 , \"b\" : 2 } "), GOOD("[null,true,false]"),
	/* empty, or too short */
	BAD(0, ""), BAD(1, " "), BAD(3, "\r\n\t"), BAD(1, "["), BAD(1, "{"), BAD(1, "\""),
	BAD(2, "[1"), BAD(3, "[1,"), BAD(2, "[["), BAD(3, "[[]"), BAD(3, "{\"a"), BAD(4, "{\"a\""),
	BAD(5, "{\"a\":"), BAD(6, "{\"a\":1"), BAD(7, "{\"a\":1,"), BAD(8, "{\"a\":[1,"),
	BAD(1, "n"), BAD(3, "nul"), BAD(3, "tru"), BAD(4, "fals"), BAD(2, "[t"), BAD(1, "-"),
	/* too much */
	BAD(2, "1 2"), BAD(5, "null null"), BAD(2, "[]]"), BAD(2, "{}}"), BAD(2, "[],"),
	BAD(2, "\"\"\"\""), BAD(4, "truex"), BAD(4, "nullnull"), BAD(2, "{}a"), BAD(3, "[] \0"),
	BAD(4, "null\0"), BAD(2, "{}//"), BAD(2, "{}#"), BAD(2, "[]\x0c"), BAD(1, "1\xc2\xa0"),
	/* invalid words */
	BAD(0, "True"), BAD(0, "NULL"), BAD(1, "nil"), BAD(0, "NaN"), BAD(0, "Infinity"),
	BAD(1, "-Infinity"), BAD(1, "-NaN"), BAD(0, "undefined"), BAD(3, "trux"), BAD(1, "nan"),
	BAD(0, "'a'"), BAD(0, "a"), BAD(0, "*"), BAD(0, "<null>"), BAD(0, "\\u0031"), BAD(0, "\0"),
	/* other white space, byte order marks, other encodings */
	BAD(0, "\v1"), BAD(0, "\f1"), BAD(0, "\xc2\xa0" "1"), BAD(0, "\xe2\x81\xa0" "1"),
	BAD(0, "\xef\xbb\xbf{}"), BAD(0, "\xef\xbb\xbf"), BAD(0, "\xff\xfe[\0]\0"),
	BAD(1, "[\0]\0"), BAD(0, "\0[\0]"), BAD(1, "[\v]"), BAD(2, "[1\f]"), BAD(1, "[\xa0]"),
	/* numbers */
	GOOD("-0"), GOOD("-1"), GOOD("10"), GOOD("1.5"), GOOD("0.0"), GOOD("-0.1"), GOOD("1e5"),
	GOOD("1E5"), GOOD("1e+5"), GOOD("1e-5"), GOOD("0e0"), GOOD("0E+00"), GOOD("1.10"),
	GOOD("1491926160718000000"), GOOD("1e400"), GOOD("-1e-400"), GOOD("0.000000000000000001"),
	GOOD("123456789012345678901234567890.123456789e123"), GOOD("[1,-1,0.5]"),
	BAD(1, "01"), BAD(1, "00"), BAD(2, "-01"), BAD(0, "+1"), BAD(0, ".5"), BAD(1, "-.5"),
	BAD(2, "1."), BAD(2, "1.e5"), BAD(2, "1e"), BAD(3, "1e+"), BAD(2, "1ex"), BAD(3, "1.5.5"),
	BAD(3, "1e5.5"), BAD(3, "1e5e5"), BAD(1, "1_000"), BAD(1, "1,000"), BAD(1, "0x10"),
	BAD(1, "1f"), BAD(1, "1L"), BAD(1, "--1"), BAD(1, "-+1"), BAD(1, "1-1"), BAD(3, "1e--1"),
	BAD(2, "[-]"), BAD(3, "[1 000]"), BAD(3, "[1.]"), BAD(3, "[1e]"), BAD(1, "[.1]"),
	BAD(0, "\xef\xbc\x91"), BAD(1, "1\0"), BAD(2, "-1a"), BAD(1, "- 1"), BAD(2, "1. 5"),
	/* strings */
	GOOD("\"a\""), GOOD("\"12345678\""), GOOD("\"1234567\""), GOOD("\"123456789\""),
	GOOD("\"\x7f\""), GOOD("\"/\""), GOOD("\"\\/\""), GOOD("\"\\\"\""), GOOD("\"\\\\\""),
	GOOD("\"\\b\\f\\n\\r\\t\""), GOOD("\"\\u0000\""), GOOD("\"\\u00e9\""), GOOD("\"\\uFFFF\""),
	GOOD("\"\\uD83D\\uDE00\""), GOOD("\"\\ud83d\\ude00\""), GOOD("\"\\\\u0000\""),
	GOOD("\"\\uabCD\\uEF01\""), GOOD("\"{}[]:,\""), GOOD("\"//\""), GOOD("\" \""),
	/* lone surrogates are within the grammar */
	GOOD("\"\\ud800\""), GOOD("\"\\udc00\""), GOOD("\"\\ud800\\ud800\""), GOOD("\"\\udead.\""),
	GOOD("\"\\ud83dx\""), GOOD("\"\\ude00\\ud83d\""),
	BAD(2, "\"a"), BAD(2, "\"\\"), BAD(3, "\"\\\""), BAD(3, "\"\\u"), BAD(6, "\"\\u000"),
	BAD(2, "\"\\a\""), BAD(2, "\"\\x41\""), BAD(2, "\"\\0\""), BAD(2, "\"\\U0041\""),
	BAD(2, "\"\\'\""), BAD(2, "\"\\\n\""), BAD(2, "\"\\ \""), BAD(2, "\"\\\xc3\xa9\""),
	BAD(6, "\"\\u004\""), BAD(3, "\"\\ug041\""), BAD(6, "\"\\u004g\""), BAD(3, "\"\\u 041\""),
	BAD(3, "\"\\u+041\""), BAD(3, "\"\\u{41}\""), BAD(9, "\"\\ud83d\\u\""), BAD(2, "\"\\\0\""),
	BAD(1, "\"\n\""), BAD(1, "\"\t\""), BAD(1, "\"\r\""), BAD(1, "\"\0\""), BAD(1, "\"\x1f\""),
	BAD(1, "\"\x01\""), BAD(9, "\"12345678\n\""), BAD(8, "\"1234567\x1f\""), BAD(3, "\"ab\0c\""),
	BAD(14, "\"1234567812345\n78\""), BAD(1, "\"\x08\""),
	/* UTF-8 */
	GOOD("\"\xc3\xa9\""), GOOD("\"\xc2\x80\""), GOOD("\"\xdf\xbf\""), GOOD("\"\xe0\xa0\x80\""),
	GOOD("\"\xed\x9f\xbf\""), GOOD("\"\xee\x80\x80\""), GOOD("\"\xef\xbf\xbf\""),
	GOOD("\"\xef\xbb\xbf\""), GOOD("\"\xf0\x90\x80\x80\""), GOOD("\"\xf4\x8f\xbf\xbf\""),
	GOOD("\"\xe2\x82\xac \xf0\x9f\x98\x80 abc\""), GOOD("{\"\xc3\xa9\":1}"),
	GOOD("\"1234567\xc3\xa9\""), GOOD("\"123456\xe2\x82\xac" "89\""), GOOD("\"\xe2\x80\xa8\""),
	BAD(1, "\"\x80\""), BAD(1, "\"\xbf\""), BAD(1, "\"\xc0\x80\""), BAD(1, "\"\xc1\xbf\""),
	BAD(1, "\"\xc3\""), BAD(1, "\"\xc3(\""), BAD(1, "\"\xe0\x80\x80\""), BAD(1, "\"\xff\""),
	BAD(1, "\"\xe0\x9f\xbf\""), BAD(1, "\"\xe2\x82\""), BAD(1, "\"\xe2(\xac\""),
	BAD(1, "\"\xe2\x82(\""), BAD(1, "\"\xed\xa0\x80\""), BAD(1, "\"\xed\xbf\xbf\""),
	BAD(1, "\"\xf0\x80\x80\x80\""), BAD(1, "\"\xf0\x8f\xbf\xbf\""), BAD(1, "\"\xfe\""),
	BAD(1, "\"\xf0\x9f\x98\""), BAD(1, "\"\xf0\x9f\x98(\""), BAD(1, "\"\xf4\x90\x80\x80\""),
	BAD(1, "\"\xf5\x80\x80\x80\""), BAD(1, "\"\xf8\x88\x80\x80\x80\""), BAD(1, "\"\xc3"),
	BAD(1, "\"\xf0\x9f\x98"), BAD(9, "\"12345678\xff\""), BAD(3, "\"\xc3\xa9\xa9\""),
	BAD(1, "\"\xfc\x84\x80\x80\x80\x80\""), BAD(2, "{\"\xe9\":1}"), BAD(1, "[\xc3\xa9]"),
	/* arrays */
	GOOD("[[]]"), GOOD("[[],[]]"), GOOD("[[],{}]"), GOOD("[1,[2,[3,[4]]]]"), GOOD("[\"\"]"),
	BAD(1, "[,]"), BAD(3, "[1,]"), BAD(3, "[1,,2]"), BAD(1, "[,1]"), BAD(3, "[1 2]"),
	BAD(4, "[\"a\"\"b\"]"), BAD(2, "[1}"), BAD(4, "[\"a\":1]"), BAD(2, "[1;2]"), BAD(0, "]"),
	BAD(3, "[[]"), BAD(3, "[[]}]"), BAD(1, "[}"), BAD(2, "[1:2]"), BAD(2, "[{]}"), BAD(0, ",1"),
	BAD(1, "[*]"), BAD(4, "[\"\",]"), BAD(4, "[[],,[]]"),
	/* objects */
	GOOD("{\"\":0}"), GOOD("{\"a\":{}}"), GOOD("{\"a\":[]}"), GOOD("{\"a\":1,\"a\":2}"),
	GOOD("{\"a\":null,\"b\":\"\"}"), GOOD("{\"a\\u0000b\":1}"), GOOD("{\"\\\"\":1}"),
	GOOD("{\"a\":{\"b\":{\"c\":[{}]}}}"), GOOD("{\"x\":[{\"id\":\"1\"},{\"id\":2}]}"),
	BAD(1, "{a:1}"), BAD(1, "{'a':1}"), BAD(1, "{1:1}"), BAD(1, "{,}"), BAD(7, "{\"a\":1,}"),
	BAD(7, "{\"a\":1,,\"b\":2}"), BAD(4, "{\"a\"}"), BAD(4, "{\"a\",1}"), BAD(5, "{\"a\" 1}"),
	BAD(5, "{\"a\"::1}"), BAD(5, "{\"a\":}"), BAD(5, "{\"a\":,}"), BAD(7, "{\"a\":1 \"b\":2}"),
	BAD(6, "{\"a\":1;\"b\":2}"), BAD(6, "{\"a\":1]"), BAD(1, "{[]:1}"), BAD(1, "{null:1}"),
	BAD(0, "}"), BAD(1, "{]"), BAD(3, "{\"a\n\":1}"), BAD(4, "{\"a\"=1}"), BAD(0, ":1"),
	BAD(1, "{:1}"), BAD(6, "{\"a\":1:2}"), BAD(1, "{//\n}"), BAD(1, "{/**/}"), BAD(5, "{\"a\":b}"),
	BAD(7, "{\"a\":1,b:2}"), BAD(1, "{{}}"), BAD(5, "{\"a\":'b'}"), BAD(5, "{\"a\":}1"),
	BAD(7, "{\"a\":1}}"), BAD(6, "{\"\\uD8\":1}"),
};
/* clang-format on */

#endif
