src_libbentospool_a_SOURCES += \
	src/event/admit.c src/event/admit.h \
	src/event/bento.c src/event/bento.h \
	src/event/envelope.c \
	src/event/fields.c src/event/fields.h \
	src/event/json.c src/event/json.h \
	src/event/json_scan.h \
	src/event/json_string.c \
	src/event/key.c src/event/key.h \
	src/event/kind.c src/event/kind.h \
	src/event/mapping.c src/event/mapping.h \
	src/event/mapping_priv.h \
	src/event/mapping_rule.c \
	src/event/mapping_text.c \
	src/event/money.c src/event/money.h \
	src/event/native.c src/event/native.h src/event/native_priv.h \
	src/event/native_parse.c \
	src/event/person.c src/event/person.h \
	src/event/purchase.c src/event/purchase.h \
	src/event/rules.c src/event/rules.h \
	src/event/reserved.c src/event/reserved.h \
	src/event/segment.c src/event/segment.h \
	src/event/segment_priv.h \
	src/event/traits.c src/event/traits.h \
	src/event/verdict.c src/event/verdict.h
