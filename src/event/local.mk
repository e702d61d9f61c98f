src_libbentospool_a_SOURCES += \
	src/event/json.h src/event/kind.h src/event/segment.h src/event/person.h \
	src/event/mapping.h src/event/bento.h src/event/verdict.h
src_libbentospool_a_SOURCES += src/event/bento.c src/event/verdict.c
